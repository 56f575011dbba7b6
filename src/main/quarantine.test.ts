import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Json, JsonObject, OrganizationId, Sequence } from '../shared/detection.ts'
import type { QuarantineCounts } from '../shared/quarantine.ts'
import { startTestCore } from './core-test-support.ts'
import { claimsOf, createSigner, tokenOf, type Signer } from './ingest/test-support.ts'

const organization = 'org-1' as OrganizationId
const known = createSigner('k1')
const stranger = createSigner('k2')

/** The app without its window, over HTTP, and an issuer that publishes `keys`, or is down where that is null. */
async function setUp() {
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-quarantine-'))
  const issuer = { keys: null as readonly Signer[] | null, asked: 0 }
  const server = createServer((_request, response) => {
    issuer.asked += 1
    response.statusCode = issuer.keys === null ? 503 : 200
    response.end(JSON.stringify({ keys: issuer.keys?.map(({ publicKey }) => ({ ...publicKey, alg: 'ES256', use: 'sig' })) ?? [] }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const clock = { ahead: 0 }
  const planned: (() => void)[] = []
  const now = () => Date.now() + clock.ahead
  const core = await startTestCore({
    profile,
    now,
    random: () => 0.5,
    // Nothing is looked at again but when the test says so.
    schedule: (task) => {
      planned.push(task)
      return () => undefined
    },
  })
  onTestFinished(async () => {
    await core.stop()
    server.close()
    rmSync(profile, { recursive: true, force: true })
  })
  const iss = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await core.addOrganization({ id: organization, issuer: iss, name: 'Example', jwks: null })).toMatchObject({ kind: 'added' })
  const told: QuarantineCounts[] = []
  core.subscribe({ quarantine: (counts) => told.push(counts) })
  async function post(signer: Signer, content: Json, claims: object = {}): Promise<readonly [number, string]> {
    const seconds = Math.floor(now() / 1000)
    const all = claimsOf({ aud: organization, iss, iat: seconds, exp: seconds + 300, trigger_content: content, ...claims }) as JsonObject
    const body = tokenOf(signer, JSON.stringify({ alg: 'ES256', kid: signer.kid }), JSON.stringify(all))
    return deliver(core.receiverUrl() ?? '', body)
  }
  const listed = () => core.quarantine.page({ before: null, limit: 100 }).deliveries
  return { core, issuer, clock, planned, post, told, listed }
}

/** With node:http, as fetch marks its requests as those of a page, which the receiver turns away. */
function deliver(url: string, body: string): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    })
    sending.on('error', reject).end(body)
  })
}

const detection = (id: string): JsonObject => ({ id, type: 'MissingMFA', status: 'ongoing' })

test('a look says what the issuer answered, releases what became good, and leaves the rest with its reason', async () => {
  const { core, issuer, post, told, listed } = await setUp()
  expect(await post(known, detection('d-1'))).toEqual([200, '{}'])
  expect(await post(stranger, detection('d-2'))).toEqual([200, '{}'])
  expect(listed()).toMatchObject([
    { keyId: 'k2', standing: { kind: 'waiting', because: 'keys-not-fetched' } },
    { keyId: 'k1', organizationId: organization },
  ])
  expect(core.quarantine.open(1 as Sequence)).toMatchObject({ kind: 'token', header: { kid: 'k1' }, claims: { aud: organization } })

  expect(await core.quarantine.look(organization)).toMatchObject({ keys: { kind: 'failed' }, released: 0, refused: 0, waiting: 2 })
  issuer.keys = [known]
  expect(await core.quarantine.look(organization)).toEqual({ keys: { kind: 'fetched' }, released: 1, refused: 0, waiting: 1 })
  expect(await core.desk.page({ text: '', before: null, limit: 9 })).toMatchObject({
    kind: 'page',
    detections: [{ id: 'd-1', trust: 'verified' }],
  })
  expect(listed()).toMatchObject([{ keyId: 'k2', standing: { because: 'key-not-found' } }])
  await vi.waitFor(() => expect(told.at(-1)).toEqual({ waiting: 1, refused: 0, crowdedOut: 0, discarded: 0 }))
})

test('a delivery whose key the issuer has not published for a day is refused, and nothing is while the issuer is down', async () => {
  const { core, issuer, clock, post, listed } = await setUp()
  issuer.keys = [known]
  await post(stranger, detection('d-1'))
  clock.ahead = 23 * 3_600_000
  expect(await core.quarantine.look(organization)).toMatchObject({ keys: { kind: 'fetched' }, refused: 0, waiting: 1 })
  issuer.keys = null
  clock.ahead = 72 * 3_600_000
  expect(await core.quarantine.look(organization)).toMatchObject({ keys: { kind: 'failed' }, refused: 0, waiting: 1 })
  issuer.keys = [known]
  expect(await core.quarantine.look(organization)).toMatchObject({ keys: { kind: 'fetched' }, waiting: 0 })
  expect(listed()).toMatchObject([{ standing: { kind: 'refused', because: 'key-unknown' } }])
})

test('nobody has to ask for that: the next answer of the issuer gives up on what has waited too long', async () => {
  const { core, issuer, clock, planned, post, listed } = await setUp()
  issuer.keys = [known]
  await core.quarantine.look(organization)
  await post(stranger, detection('d-1'))
  clock.ahead = 25 * 3_600_000
  planned.splice(0).forEach((task) => task())
  await vi.waitFor(() => expect(listed()).toMatchObject([{ standing: { kind: 'refused', because: 'key-unknown' } }]))
})

test('what is discarded is gone from the list, counted and told', async () => {
  const { core, post, told, listed } = await setUp()
  await post(known, detection('d-1'))
  expect(core.quarantine.discard(listed().map(({ sequence }) => sequence))).toEqual({ waiting: 0, refused: 0, crowdedOut: 0, discarded: 1 })
  expect(listed()).toEqual([])
  await vi.waitFor(() => expect(told.at(-1)?.discarded).toBe(1))
})

test('other triggers and unreadable deliveries are answered as SlashID expects, and listed as drift with what was new in them', async () => {
  const { core, issuer, post } = await setUp()
  issuer.keys = [known]
  await core.quarantine.look(organization)
  expect(await post(known, { mitm: true }, { trigger_name: 'MitmAttackDetected_v1', trigger_type: 'event' })).toEqual([200, '{}'])
  expect(await post(known, { mitm: true }, { trigger_name: 'MitmAttackDetected_v1', trigger_type: 'event' })).toEqual([200, '{}'])
  expect(await post(known, { type: 'no id' })).toEqual([200, '{}'])
  expect(await post(known, { ...detection('d-1'), severity: 'high' })).toEqual([200, '{}'])
  expect(core.health().counters).toMatchObject({ otherTrigger: 2, unreadable: 1, kept: 4 })
  const listed = core.drift.list().listed.map(({ organizationId, what, value, count }) => [organizationId, what, value, count])
  expect(listed).toHaveLength(4)
  expect(listed).toEqual(
    expect.arrayContaining([
      [organization, 'trigger', 'MitmAttackDetected_v1', 2],
      [organization, 'unreadable', expect.stringContaining('no usable id'), 1],
      [organization, 'field', 'severity', 1],
      [organization, 'type', 'MissingMFA', 1],
    ]),
  )
})

test('an organization is renamed and recoloured, and told so', async () => {
  const { core } = await setUp()
  expect(await core.changeOrganization({ id: organization, name: ' Production ', colour: 'magenta' })).toMatchObject({
    kind: 'changed',
    organization: { name: 'Production', colour: 'magenta' },
  })
  expect(core.organizations()).toMatchObject([{ name: 'Production', colour: 'magenta' }])
  expect(await core.changeOrganization({ id: organization, name: ' ', colour: 'teal' })).toMatchObject({ kind: 'refused' })
  expect(await core.changeOrganization({ id: 'nobody' as OrganizationId, name: 'x', colour: 'teal' })).toMatchObject({ kind: 'refused' })
})
