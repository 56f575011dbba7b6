import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { OrganizationId } from '../shared/detection.ts'
import type { InletId } from '../shared/inlets.ts'
import type { Core } from './core-parts.ts'
import { startTestCore } from './core-test-support.ts'
import { createSigner, headerOf, tokenOf } from './ingest/test-support.ts'
import { readConnection } from './profile.ts'
import type { Keychain } from './secrets.ts'
import { send } from './sample/send.ts'
import type { InletFactories } from './ways/inlet-runners.ts'
import { startSlashIdMock } from './slashid/mock-slashid.ts'

const apiKey = 'canary-api-key-5b1e77'
const org = 'org-1' as OrganizationId
const origin = 'https://example.ngrok.app'
const signer = createSigner('k1')

let profile: string
let slashid: Awaited<ReturnType<typeof startSlashIdMock>>
let said: string[]
beforeEach(async ({ onTestFinished: atEnd }) => {
  const made = mkdtempSync(join(tmpdir(), 'tocsin-registration-'))
  profile = made
  // Last of all: an app that still runs when the test is over writes in it until it is stopped.
  // A thread that was just ended may still close what it had open.
  atEnd(() => rmSync(made, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  slashid = await startSlashIdMock({ apiKey })
  said = []
})
afterEach(async () => {
  await slashid.stop()
  expect(slashid.violations).toEqual([])
})

const keychain: Keychain = {
  isThere: () => true,
  seal: (text) => Buffer.from(text).map((byte) => byte ^ 0x5a),
  open: (sealed) => Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString(),
}

async function start(more: { keychain?: Keychain; env?: Record<string, string>; inlets?: InletFactories } = {}): Promise<Core> {
  const core = await startTestCore({
    profile,
    log: { info: (text) => said.push(text), error: (text, error) => said.push(`${text} ${String(error)}`) },
    ...more,
  })
  onTestFinished(() => core.stop().catch(() => undefined))
  return core
}

async function add(core: Core, id: string = org): Promise<void> {
  const jwks = JSON.stringify({ keys: [signer.publicKey] })
  expect(await core.addOrganization({ id, issuer: slashid.issuer, name: id, jwks })).toMatchObject({ kind: 'added' })
}

async function startRegistered(more: Parameters<typeof start>[0] = {}): Promise<Core> {
  const core = await start(more)
  await add(core)
  core.writeSettings({ publicOrigin: origin })
  expect(core.registration.writeKey(org, apiKey)).toMatchObject({ kind: 'written' })
  expect(await core.registration.register(org, 'Tocsin')).toMatchObject({ standing: { kind: 'found' } })
  return core
}

const webhook = () => [...slashid.webhooks.values()][0]!
const headerAtSlashId = () => ({ 'x-tocsin-secret': webhook().custom_headers?.['X-Tocsin-Secret']?.[0] ?? '' })

/** What SlashID would send for the webhook it has. */
function token(claims: object = {}): string {
  const seconds = Math.floor(Date.now() / 1000)
  const content = { id: randomUUID(), type: 'CredentialStuffingAttempt', status: 'detected', timestamp: new Date().toISOString() }
  return tokenOf(
    signer,
    JSON.stringify(headerOf(signer)),
    JSON.stringify({
      aud: org,
      iss: slashid.issuer,
      iat: seconds,
      exp: seconds + 300,
      jti: randomUUID(),
      trigger_type: 'sync_hook',
      trigger_name: 'threat_detection',
      target_url: webhook().target_url,
      webhook_id: webhook().id,
      trigger_content: content,
      ...claims,
    }),
  )
}

async function statusOf(core: Core, body: string, headers: Record<string, string> = headerAtSlashId()): Promise<number> {
  const answer = await send(core.receiverUrl() ?? '', body, undefined, headers)
  return answer.kind === 'answered' ? answer.status : 0
}

describe('where there are several ways in', () => {
  const silent = () => ({ start: () => {}, reconnect: () => {}, stop: async () => {} })
  const relayAddress = 'https://relay.example.org/in/mailbox'

  async function addRelay(core: Core, header: string | null = null): Promise<InletId> {
    const draft = { kind: 'relay', name: 'Relay', url: 'https://relay.example.org', address: relayAddress } as const
    const saved = await core.inlets.save({ id: null, draft, secret: 'a-reader-token', header })
    if (saved.kind !== 'saved') throw new Error(saved.detail)
    return saved.id
  }

  test('the one that is named is registered, and stays so while another comes first', async () => {
    const core = await start({ inlets: { relay: silent, jetstream: silent, gosmee: silent, smee: silent } })
    await add(core)
    core.writeSettings({ publicOrigin: origin })
    core.registration.writeKey(org, apiKey)
    const relay = await addRelay(core)
    expect(core.registration.read(org).wantedUrl, 'the tunnel comes first').toContain(origin)
    expect(await core.registration.register(org, 'Tocsin', relay)).toMatchObject({ standing: { kind: 'found' }, wantedUrl: relayAddress })
    expect(webhook().target_url).toBe(relayAddress)
    expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'found' } })

    expect(await core.registration.register(org, 'Tocsin', 'receiver' as InletId)).toMatchObject({ standing: { kind: 'found' } })
    expect(slashid.webhooks.size, 'the same webhook').toBe(1)
    expect(webhook().target_url).toContain(origin)
  })

  test('a relay that asks for a header of its own is registered with that one, which the receiver neither learns nor requires', async () => {
    const core = await start({ inlets: { relay: silent, jetstream: silent, gosmee: silent, smee: silent } })
    await add(core)
    core.registration.writeKey(org, apiKey)
    await addRelay(core, 'value-of-the-relay')
    expect(await core.registration.register(org, 'Tocsin')).toMatchObject({ standing: { kind: 'found' }, wantedUrl: relayAddress })
    expect(webhook().custom_headers?.['X-Tocsin-Secret']).toEqual(['value-of-the-relay'])
    expect(core.secretHeader.read()).toMatchObject({ value: null, isSet: false })
    expect(core.settings().requireSecretHeader).toBe(false)
    webhook().custom_headers = { 'X-Tocsin-Secret': ['another'] }
    const differences = [expect.objectContaining({ name: 'secret-header' }) as object]
    expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'different', differences } })
    expect(await core.registration.repair(org)).toMatchObject({ standing: { kind: 'found' } })
    expect(webhook().custom_headers?.['X-Tocsin-Secret']).toEqual(['value-of-the-relay'])
  })

  test('one that is off, or leads nowhere public, is refused in words, and nothing is sent', async () => {
    const core = await start({ inlets: { relay: silent, jetstream: silent, gosmee: silent, smee: silent } })
    await add(core)
    core.registration.writeKey(org, apiKey)
    const relay = await addRelay(core)
    await core.inlets.switch({ id: relay, isOn: false })
    for (const inlet of [relay, 'receiver' as InletId]) {
      const standing = { kind: 'failed', field: 'target', detail: expect.stringContaining('no https address') as string }
      expect(await core.registration.register(org, 'Tocsin', inlet)).toMatchObject({ standing })
    }
    expect(slashid.webhooks.size).toBe(0)
  })
})

describe('after registering', () => {
  test('what that webhook sends is believed, and what names another address or webhook is refused by name', async () => {
    const core = await startRegistered()
    expect(await statusOf(core, token())).toBe(200)
    expect(await statusOf(core, token({ target_url: `${webhook().target_url}/` }))).toBe(401)
    expect(await statusOf(core, token({ target_url: undefined }))).toBe(401)
    expect(await statusOf(core, token({ webhook_id: 'another' }))).toBe(401)
    expect(await statusOf(core, token({ webhook_id: undefined }))).toBe(401)
    expect(core.health().counters).toMatchObject({ kept: 1, refused: { 'target-mismatch': 2, 'webhook-mismatch': 2 } })
  })

  test('the same holds after a restart, with no keychain', async () => {
    await (await startRegistered()).stop()
    const core = await start()
    expect(core.registration.read(org)).toMatchObject({
      key: { where: null },
      webhook: { id: webhook().id },
      standing: { kind: 'unknown' },
    })
    expect(await statusOf(core, token())).toBe(200)
    expect(await statusOf(core, token({ webhook_id: 'another' }))).toBe(401)
    expect(await statusOf(core, token(), {}), 'the header is known by its hash').toBe(401)
    expect(core.health().counters).toMatchObject({ turnedAway: 1 })
  })

  test('before, neither address nor webhook nor header is compared', async () => {
    const core = await start()
    await add(core)
    slashid.webhooks.set('x', { id: 'x', name: 'x', target_url: 'https://any.example/hook' })
    expect(await statusOf(core, token(), {})).toBe(200)
  })

  test('the secret header is required, and senders on this machine know theirs', async () => {
    const core = await startRegistered()
    expect(core.settings().requireSecretHeader).toBe(true)
    expect(await statusOf(core, token(), {})).toBe(401)
    expect(await statusOf(core, token(), { 'x-tocsin-secret': 'wrong' })).toBe(401)
    expect(await core.sendSample()).toMatchObject({ kind: 'arrived' })
    const connection = readConnection(profile)
    if (connection.kind !== 'running') throw new Error('no connection')
    expect(await statusOf(core, token(), { ...connection.headers })).toBe(200)
    core.writeSettings({ requireSecretHeader: false })
    expect(await statusOf(core, token(), {})).toBe(200)
  })

  test('the header is not required while another organization may not send it', async () => {
    const core = await start()
    await add(core)
    await add(core, 'by-hand')
    core.writeSettings({ publicOrigin: origin })
    core.registration.writeKey(org, apiKey)
    expect(await core.registration.register(org, 'Tocsin')).toMatchObject({ standing: { kind: 'found' } })
    expect(core.settings().requireSecretHeader).toBe(false)
  })

  test('two organizations share the header', async () => {
    const core = await startRegistered()
    const first = headerAtSlashId()
    await add(core, 'org-2')
    // The mock keeps one organization's webhooks: the second one begins anew.
    slashid.webhooks.clear()
    core.registration.writeKey('org-2' as OrganizationId, apiKey)
    expect(await core.registration.register('org-2' as OrganizationId, 'Tocsin')).toMatchObject({ standing: { kind: 'found' } })
    expect(headerAtSlashId()).toEqual(first)
    expect(core.secretHeader.read()).toEqual({ name: 'X-Tocsin-Secret', value: first['x-tocsin-secret'], isSet: true })
  })

  test('a header renewed by hand leaves the registered one accepted', async () => {
    const core = await startRegistered()
    const before = headerAtSlashId()['x-tocsin-secret']
    const { value } = core.secretHeader.renew()
    expect(value).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(value).not.toBe(before)
    for (const right of [before, value ?? '']) expect(await statusOf(core, token(), { 'x-tocsin-secret': right })).toBe(200)
  })

  test('a tunnel that moved is a difference, and repairing it moves what is expected', async () => {
    const core = await startRegistered()
    const before = webhook().target_url
    core.writeSettings({ publicOrigin: 'https://moved.ngrok.app' })
    expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'different', differences: [{ name: 'target-url' }] } })
    expect(await statusOf(core, token())).toBe(200)
    expect(await core.registration.repair(org)).toMatchObject({ standing: { kind: 'found' }, webhook: { targetUrl: webhook().target_url } })
    expect(webhook().target_url).toMatch(/^https:\/\/moved\.ngrok\.app\/in\//)
    expect(await statusOf(core, token())).toBe(200)
    // On its way, or waiting for its key, while the address changed.
    expect(await statusOf(core, token({ target_url: before }))).toBe(200)
    expect(await statusOf(core, token({ target_url: 'https://elsewhere.ngrok.app/in/x' }))).toBe(401)
  })

  test('while nobody knows whether SlashID changed the address, it is not compared', async () => {
    const core = await startRegistered()
    core.writeSettings({ publicOrigin: 'https://moved.ngrok.app' })
    core.registration.writeKey(org, 'wrong-key')
    expect(await core.registration.repair(org)).toMatchObject({ standing: { kind: 'failed', field: 'key' }, webhook: { targetUrl: null } })
    expect(await statusOf(core, token())).toBe(200)
    expect(await statusOf(core, token({ target_url: 'https://moved.ngrok.app/in/x' }))).toBe(200)
    expect(await statusOf(core, token({ webhook_id: 'another' }))).toBe(401)
  })

  test('a header that was changed at SlashID is set again', async () => {
    const core = await startRegistered()
    slashid.webhooks.set(webhook().id, { ...webhook(), custom_headers: { 'X-Tocsin-Secret': ['changed'] } })
    expect(await core.registration.look(org)).toMatchObject({ standing: { differences: [{ name: 'secret-header' }] } })
    expect(await core.registration.repair(org)).toMatchObject({ standing: { kind: 'found' } })
    expect(await statusOf(core, token())).toBe(200)
  })

  test('removing forgets it, and nothing is compared any more', async () => {
    const core = await startRegistered()
    const body = token({ webhook_id: 'another' })
    const header = headerAtSlashId()
    expect(await core.registration.remove(org)).toMatchObject({ standing: { kind: 'missing' }, webhook: null })
    expect(slashid.webhooks.size).toBe(0)
    expect(await statusOf(core, body, header)).toBe(200)
  })

  test('a webhook that was deleted at SlashID is missing, and registering makes a new one', async () => {
    const core = await startRegistered()
    slashid.webhooks.clear()
    expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'missing' }, webhook: null })
    expect(await core.registration.register(org, 'Again')).toMatchObject({ standing: { kind: 'found' }, webhook: { id: webhook().id } })
    expect(webhook().name).toBe('Again')
  })
})

describe('looking', () => {
  test('finds a webhook that was made by hand, and names what it lacks without changing it', async () => {
    const core = await start()
    await add(core)
    core.writeSettings({ publicOrigin: origin })
    core.registration.writeKey(org, apiKey)
    expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'missing' } })
    const target = core.registration.read(org).wantedUrl ?? ''
    slashid.webhooks.set('hand', { id: 'hand', name: 'By hand', target_url: target })
    slashid.triggers.set('hand', [])
    const looked = await core.registration.look(org)
    expect(looked).toMatchObject({ webhook: { id: 'hand', targetUrl: target }, standing: { kind: 'different' } })
    expect(slashid.operations.every((name) => name.startsWith('Get'))).toBe(true)
    expect(await core.registration.repair(org)).toMatchObject({ standing: { kind: 'found' } })
  })

  test('and every other request is listed, without a secret, fifty at most', async () => {
    const core = await startRegistered()
    expect(core.registration.read(org).requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'GET 200',
      'POST 201',
      'POST 201',
      'POST 201',
      'GET 200',
      'GET 200',
    ])
    for (let i = 0; i < 30; i++) await core.registration.look(org)
    const { requests } = core.registration.read(org)
    expect(requests.length).toBe(50)
    expect(JSON.stringify(requests)).not.toMatch(/canary|\/in\//)
  })
})

test('keys that the issuer shows with an API key only are there as soon as it is entered', async () => {
  const shown: (string | undefined)[] = []
  const issuer = createServer((request, response) => {
    const key = request.headers['slashid-api-key']
    shown.push(typeof key === 'string' ? key : undefined)
    response.writeHead(key === apiKey ? 200 : 401).end(JSON.stringify({ keys: [signer.publicKey] }))
  })
  await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done))
  onTestFinished(() => void issuer.close())
  const core = await start()
  const trouble = new Promise<void>((done) => core.subscribe({ organizations: ([one]) => Boolean(one?.keysTrouble) && done() }))
  const base = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  await core.addOrganization({ id: org, issuer: base, name: 'fetched', jwks: null })
  await trouble
  const confirmed = new Promise<void>((done) => core.subscribe({ organizations: ([one]) => one?.keyIds.includes('k1') && done() }))
  expect(core.registration.writeKey(org, apiKey)).toMatchObject({ kind: 'written' })
  await confirmed
  expect(shown, 'once it is known to be needed, one request is enough').toEqual([undefined, apiKey])
})

describe('without what is needed nothing is sent', () => {
  test.each([
    ['an organization', 'nobody' as OrganizationId, null],
    ['a key', org, 'key'],
  ] as const)('%s', async (_, id, field) => {
    const core = await start()
    await add(core)
    core.writeSettings({ publicOrigin: origin })
    expect(await core.registration.register(id, 'Tocsin')).toMatchObject({ standing: { kind: 'failed', field } })
    expect(slashid.operations).toEqual([])
  })

  test('a public address, and a name', async () => {
    const core = await start()
    await add(core)
    core.registration.writeKey(org, apiKey)
    expect(await core.registration.register(org, 'Tocsin')).toMatchObject({ standing: { kind: 'failed', field: 'target' } })
    core.writeSettings({ publicOrigin: origin })
    for (const name of ['', ' ', 'x'.repeat(101), 'a\nb'])
      expect(await core.registration.register(org, name)).toMatchObject({ standing: { kind: 'failed', field: 'name' } })
    expect(slashid.operations).toEqual([])
  })
})

test('the page cannot have a file or variable sent to another issuer than SlashID', async () => {
  const core = await start({ env: { TOKEN: apiKey } })
  await core.addOrganization({
    id: 'elsewhere',
    issuer: 'https://evil.example',
    name: 'x',
    jwks: JSON.stringify({ keys: [signer.publicKey] }),
  })
  await core.addOrganization({
    id: 'sandbox',
    issuer: 'https://api.sandbox.slashid.com',
    name: 'x',
    jwks: JSON.stringify({ keys: [signer.publicKey] }),
  })
  expect(core.registration.writeKey('elsewhere' as OrganizationId, 'env:TOKEN')).toMatchObject({ kind: 'refused' })
  expect(core.registration.read('elsewhere' as OrganizationId).key.where).toBeNull()
  expect(core.registration.writeKey('sandbox' as OrganizationId, 'env:TOKEN')).toMatchObject({
    kind: 'written',
    state: { key: { where: 'reference' } },
  })
})

test.each([
  ['a keychain', { keychain }, 'keychain'],
  ['no keychain', {}, 'session'],
] as const)('with %s the API key and the header are in no file of the profile and in no log', async (_, more, where) => {
  const core = await startRegistered(more)
  expect(core.registration.read(org).key).toEqual({ where, reference: null, next: where })
  await statusOf(core, token())
  await core.registration.look(org)
  core.registration.writeKey(org, `${apiKey}-wrong`)
  await core.registration.look(org)
  const secrets = [apiKey, headerAtSlashId()['x-tocsin-secret']]
  const leaks = () =>
    readdirSync(profile, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .flatMap((entry) => {
        const bytes = readFileSync(join(entry.parentPath, entry.name))
        return secrets.some((secret) => bytes.includes(secret)) ? [entry.name] : []
      })
  expect(leaks()).toEqual([])
  await core.stop()
  expect(leaks()).toEqual([])
  expect(readdirSync(profile)).toContain('history.sqlite')
  for (const secret of secrets) expect(said.join('\n')).not.toContain(secret)
})

test('with a keychain the key is there after a restart', async () => {
  await (await startRegistered({ keychain })).stop()
  const core = await start({ keychain })
  expect(core.registration.read(org).key).toMatchObject({ where: 'keychain' })
  expect(await core.registration.look(org)).toMatchObject({ standing: { kind: 'found' } })
  expect(core.registration.forgetKey(org).key.where).toBeNull()
})
