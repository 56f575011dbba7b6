import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InletId } from '../shared/inlets.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { historyFile } from '../main/profile.ts'
import { startSlashIdMock } from '../main/slashid/mock-slashid.ts'
import { openStore } from '../main/store/store.ts'
import { runTocsin, type Ran } from './cli-test-support.ts'

const apiKey = 'canary-cli-key-44d0'
let folder: string
let profile: string
let slashid: Awaited<ReturnType<typeof startSlashIdMock>>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-cli-webhook-'))
  profile = join(folder, 'profile')
  slashid = await startSlashIdMock({ apiKey })
})
afterEach(async () => {
  await slashid.stop()
  rmSync(folder, { recursive: true, force: true })
  expect(slashid.violations).toEqual([])
})

const org = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  runTocsin(['org', ...args, '--user-data', profile], { env: { ...process.env, ...env } })

const webhook = () => [...slashid.webhooks.values()][0]!

test('registers, looks, repairs and removes, says each request, and keeps the place of the key instead of the key', async () => {
  await org(['add', '--id', 'org-1', '--issuer', slashid.issuer])
  const file = join(folder, 'key')
  writeFileSync(file, `${apiKey}\n`)
  const registered = await org(['register', '--id', 'org-1', '--public-url', 'https://example.ngrok.app', '--api-key-from', `file:${file}`])
  expect(registered).toMatchObject({ code: 0, out: `registered ${webhook().id}\n` })
  expect(registered.err).toContain('POST /organizations/webhooks 201')
  expect(webhook().target_url).toMatch(/^https:\/\/example\.ngrok\.app\/in\/[\w-]{22}$/)
  expect(await org(['webhook', '--id', 'org-1'])).toMatchObject({ code: 0, out: `registered ${webhook().id}\n` })

  slashid.webhooks.set(webhook().id, { ...webhook(), timeout: '2s' })
  const different = await org(['webhook', '--id', 'org-1'])
  expect(different).toMatchObject({
    code: 1,
    out: `different ${webhook().id}\n`,
    err: expect.stringContaining('timeout: SlashID waits 2 s'),
  })
  expect(await org(['webhook', '--id', 'org-1', '--repair'])).toMatchObject({ code: 0 })
  expect(webhook().timeout).toBe('10s')

  const header = webhook().custom_headers?.['X-Tocsin-Secret']?.[0] ?? ''
  expect(await org(['webhook', '--id', 'org-1', '--remove'])).toMatchObject({ code: 0, out: 'removed\n' })
  expect(slashid.webhooks.size).toBe(0)
  for (const name of readdirSync(profile).filter((one) => statSync(join(profile, one)).isFile())) {
    const bytes = readFileSync(join(profile, name))
    expect(
      [apiKey, header].map((secret) => bytes.includes(secret)),
      name,
    ).toEqual([false, false])
  }
  expect(registered.err + registered.out + different.err).not.toContain(apiKey)
})

test('a whole address is registered as it is, and remembered', async () => {
  await org(['add', '--id', 'org-1', '--issuer', slashid.issuer])
  const env = { SLASHID_KEY: apiKey }
  const url = 'https://relay.example/box/1'
  expect(await org(['register', '--id', 'org-1', '--public-url', url, '--api-key-from', 'env:SLASHID_KEY'], env)).toMatchObject({ code: 0 })
  expect(webhook().target_url).toBe(url)
  expect(await org(['webhook', '--id', 'org-1'], env)).toMatchObject({ code: 0 })
  expect(await org(['webhook', '--id', 'org-1'])).toMatchObject({ code: 1, err: expect.stringContaining('SLASHID_KEY is not set') })
})

test('without an address it is what the app would register: that of a relay where there is no tunnel', async () => {
  await org(['add', '--id', 'org-1', '--issuer', slashid.issuer])
  const opened = openStore({ file: historyFile(profile), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.kind)
  const url = 'https://relay.example.org'
  const relay = { id: 'relay:aaaaaaaa' as InletId, kind: 'relay', name: 'Relay', isOn: true, url, address: `${url}/in/mailbox` } as const
  opened.store.settings.write({ inlets: [relay] })
  opened.store.close()
  const env = { SLASHID_KEY: apiKey }
  expect(await org(['register', '--id', 'org-1', '--api-key-from', 'env:SLASHID_KEY'], env)).toMatchObject({ code: 0 })
  expect(webhook().target_url).toBe(relay.address)
  expect(await org(['webhook', '--id', 'org-1'], env)).toMatchObject({ code: 0 })
})

test.each([
  ['an unknown organization', ['--id', 'nobody', '--public-url', 'https://a.example', '--api-key-from', 'env:KEY'], 'Add it first', 1],
  ['a missing variable', ['--id', 'org-1', '--public-url', 'https://a.example', '--api-key-from', 'env:NOT_THERE'], 'NOT_THERE', 1],
  ['a key on the command line', ['--id', 'org-1', '--public-url', 'https://a.example', '--api-key-from', apiKey], 'file:', 1],
  ['an IP address', ['--id', 'org-1', '--public-url', 'https://127.0.0.1/x', '--api-key-from', 'env:KEY'], 'host name', 2],
  ['plain http', ['--id', 'org-1', '--public-url', 'http://a.example', '--api-key-from', 'env:KEY'], 'https', 2],
  ['no address', ['--id', 'org-1', '--api-key-from', 'env:KEY'], 'public address', 1],
])('%s is refused in words, and nothing is sent', async (_, args, words, code) => {
  await org(['add', '--id', 'org-1', '--issuer', slashid.issuer])
  const ran = await org(['register', ...args], { KEY: apiKey })
  expect(ran).toMatchObject({ code, out: '', err: expect.stringContaining(words) })
  expect(ran.err).not.toContain(apiKey)
  expect(slashid.operations).toEqual([])
})
