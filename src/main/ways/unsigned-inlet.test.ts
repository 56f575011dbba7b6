import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DetectionId, OrganizationId } from '../../shared/detection.ts'
import type { Core } from '../core-parts.ts'
import { startTestCore } from '../core-test-support.ts'
import { readMark } from '../proof/high-water-mark.ts'
import { contentOf } from '../ingest/content-of.ts'
import { createSigner, deliveryOf, tokenWith } from '../ingest/test-support.ts'
import { unsignedFacts } from '../ingest/unsigned.ts'
import { createReceiver } from '../inlets/receiver.ts'
import { historyFile, markFile } from '../profile.ts'
import { openStore } from '../store/store.ts'
import { testStore } from '../store/test-support.ts'
import { verifyHistory } from '../proof/verify-history.ts'

const organization = 'org-1' as OrganizationId
const signer = createSigner('k1')
const key = { organizationId: organization, id: 'det-1' as DetectionId }
const details = { id: 'det-1', type: 'MissingMFA', status: 'ongoing', detection_risk_category: 'posture' }

function temporaryProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-unsigned-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  return profile
}

async function start(profile: string): Promise<Core> {
  const core = await startTestCore({
    profile,
    random: () => 0.5,
    schedule: () => () => undefined,
    keychain: { isThere: () => true, seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
  })
  const jwks = JSON.stringify({ keys: [{ ...signer.publicKey, alg: 'ES256', use: 'sig' }] })
  await core.addOrganization({ id: organization, issuer: 'https://api.slashid.com', name: 'Example', jwks })
  return core
}

/** The app without its window, its unsigned way in switched on. */
async function setUp() {
  const core = await start(temporaryProfile())
  onTestFinished(() => core.stop())
  const switched = await core.unsigned.switch(organization)
  if (switched.kind === 'refused') throw new Error(switched.detail)
  const { url, header } = switched.state
  if (url === null || header.value === null) throw new Error('it is not there')
  return { core, url, header: { [header.name]: header.value } }
}

/** With node:http, as fetch marks its requests as those of a page, which the receiver turns away. */
function deliver(url: string, body: string, headers: Record<string, string> = {}): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    })
    sending.on('error', reject).end(body)
  })
}

function signed(more: object = {}): string {
  const seconds = Math.floor(Date.now() / 1000)
  return tokenWith(signer, { aud: organization, iat: seconds, exp: seconds + 300, trigger_name: 'posture_detection', ...more })
}

test('it is off until the user declares it, for an organization that is there', async () => {
  const core = await start(temporaryProfile())
  onTestFinished(() => core.stop())
  expect(core.unsigned.read()).toMatchObject({ organizationId: null, url: null, receiver: { kind: 'stopped' }, header: { value: null } })
  expect(await core.unsigned.switch('org-other' as OrganizationId)).toMatchObject({ kind: 'refused' })
  expect(core.settings().unsignedInlet).toBeNull()
  expect((await deliver(core.receiverUrl() ?? '', JSON.stringify(details)))[0]).toBe(401)
  expect(core.health().counters.refused).toEqual({ 'not-a-token': 1 })
})

test('without its own header nothing is read, and every refusal is answered alike', async () => {
  const { core, url, header } = await setUp()
  const body = JSON.stringify(details)
  core.secretHeader.renew()
  const ofReceiver = core.secretHeader.read()
  const answers = [
    await deliver(url, body),
    await deliver(url, body, { 'X-Tocsin-Secret': 'wrong' }),
    await deliver(url, body, { 'X-Tocsin-Secret': ofReceiver.value ?? '' }),
  ]
  expect(core.health().counters).toMatchObject({ received: 0, turnedAway: 3 })
  answers.push(await deliver(url, signed(), header), await deliver(url, 'not JSON', header))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]?.[0]).toBe(401)
  expect(core.health().counters).toMatchObject({ received: 2, refused: { 'not-json': 2 }, kept: 0 })
})

test('what comes with it is kept as unsigned, once, and goes the way of every delivery', async () => {
  const { core, url, header } = await setUp()
  const body = JSON.stringify(details)
  const changes: string[] = []
  core.subscribe({ changes: (all) => all.forEach(({ detection }) => changes.push(`${detection.id} ${detection.trust}`)) })
  expect(await deliver(url, body, header)).toEqual([200, '{}'])
  expect(await deliver(url, body, header)).toEqual([200, '{}'])
  expect(changes).toEqual(['det-1 unsigned'])
  expect(core.health().counters).toMatchObject({ kept: 1, duplicate: 1 })
  const opened = core.open(key)
  expect(opened?.detection).toMatchObject({ trust: 'unsigned', kind: 'posture', organizationId: organization })
  expect(opened?.deliveries).toMatchObject([{ inlet: 'unsigned', trust: 'unsigned', keyId: null, header: null, claims: details }])

  expect(await deliver(url, JSON.stringify({ id: 'det-2' }), header)).toEqual([200, '{}'])
  expect(core.health().counters.unreadable).toBe(1)
  expect(core.drift.list().total, 'what SlashID has changed').toBe(0)
})

test('signed and unsigned deliveries of one detection verify, each as what it is', async () => {
  const profile = temporaryProfile()
  const core = await start(profile)
  await core.unsigned.switch(organization)
  const { url, header } = core.unsigned.read()
  await deliver(url ?? '', JSON.stringify(details), { [header.name]: header.value ?? '' })
  const answer = await deliver(core.receiverUrl() ?? '', signed({ trigger_content: { ...details, status: 'detected' } }))
  expect(answer).toEqual([200, '{}'])
  await deliver(url ?? '', JSON.stringify({ ...details, status: 'resolved' }), { [header.name]: header.value ?? '' })
  expect(core.open(key)?.detection).toMatchObject({ trust: 'verified', status: 'detected', resolvedAt: null })
  await core.stop()

  const opened = openStore({ file: historyFile(profile), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  onTestFinished(() => opened.store.close())
  const mark = readMark(markFile(profile))
  const verified = await verifyHistory({ store: opened.store, mark, now: Date.now, signal: new AbortController().signal })
  expect(verified).toMatchObject({ holds: true, signatures: { verified: 1, unsigned: 2, failed: 0, noKey: 0 } })
})

test('what is called unsigned and came another way is checked like anything signed', async () => {
  const store = testStore({ contentOf })
  const arrived = deliveryOf(JSON.stringify(details))
  const content = { kind: 'unreadable', because: 'it does not matter' } as const
  store.keeper.keep([
    { delivery: arrived, token: unsignedFacts(arrived, organization, null), standing: { kind: 'trusted', trust: 'unsigned', content } },
  ])
  const mark = { kind: 'none', because: 'missing' } as const
  const verified = await verifyHistory({ store, mark, now: Date.now, signal: new AbortController().signal })
  expect(verified?.signatures).toMatchObject({ unsigned: 0, failed: 1, failures: [{ because: 'not-a-token' }] })
})

test('a start later has the same address and header; switched off and on, another header', async () => {
  const profile = temporaryProfile()
  const first = await start(profile)
  await first.unsigned.switch(organization)
  const before = first.unsigned.read()
  await first.stop()
  const second = await start(profile)
  onTestFinished(() => second.stop())
  expect(second.unsigned.read()).toEqual(before)
  const headers = { [before.header.name]: before.header.value ?? '' }
  expect(await deliver(before.url ?? '', JSON.stringify(details), headers)).toEqual([200, '{}'])

  expect(await second.unsigned.switch(null)).toMatchObject({ kind: 'switched', state: { organizationId: null, url: null } })
  await expect(deliver(before.url ?? '', '{}', headers)).rejects.toThrow('ECONNREFUSED')
  await second.unsigned.switch(organization)
  expect(second.unsigned.read().url).toBe(before.url)
  expect((await deliver(before.url ?? '', '{}', headers))[0]).toBe(401)
})

test('a port that is taken is said, and tried again', async () => {
  const { core, url } = await setUp()
  const port = Number(new URL(url).port)
  await core.unsigned.switch(null)
  const other = createServer()
  await new Promise<void>((listening) => other.listen(port, '127.0.0.1', listening))
  const taken = await core.unsigned.switch(organization)
  await new Promise((closed) => other.close(closed))
  expect(taken).toMatchObject({ kind: 'switched', state: { receiver: { kind: 'port-taken', port } } })
  expect(core.health().receiver.kind).toBe('listening')
  expect(await core.unsigned.switch(organization)).toMatchObject({ state: { receiver: { kind: 'listening', port } } })
})

test('a receiver of another name is not built without a header to ask for', () => {
  const parts = {
    port: 0,
    secret: 'AAECAwQFBgcICQoLDA0ODw',
    publicHosts: () => [],
    onTurnedAway: () => undefined,
    onBug: () => undefined,
    now: Date.now,
    ingest: () => Promise.reject(new Error('nothing comes in')),
  }
  expect(() => createReceiver({ ...parts, inlet: 'unsigned' })).toThrow('must ask for a header')
  expect(() => createReceiver({ ...parts, inlet: 'unsigned', secretHeader: () => null })).toThrow('must ask for a header')
})
