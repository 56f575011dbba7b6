import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import { createApi } from './api.ts'
import { startSlashIdMock } from './mock-slashid.ts'
import { createWebhooks, type Wanted } from './webhooks.ts'

// Every request and answer here is held against SlashID's OpenAPI document.

const apiKey = 'key-of-an-admin'
const wanted: Wanted = {
  targetUrl: 'https://example.ngrok.app/in/AAECAwQFBgcICQoLDA0ODw',
  header: { name: 'X-Tocsin-Secret', isRight: (value) => value === 'right', next: () => 'right' },
}
let slashid: Awaited<ReturnType<typeof startSlashIdMock>>
beforeEach(async () => void (slashid = await startSlashIdMock({ apiKey })))
afterEach(async () => {
  await slashid.stop()
  expect(slashid.violations).toEqual([])
})

function webhooks(key = apiKey) {
  const never = new AbortController()
  return createWebhooks(
    createApi({
      issuer: slashid.issuer,
      organizationId: 'org-1' as OrganizationId,
      apiKey: key,
      secrets: () => [],
      onRequest: () => undefined,
      now: Date.now,
      schedule: () => () => undefined,
      signal: never.signal,
    }),
  )
}
const known: string[] = []
const register = () => webhooks().register('Tocsin', wanted, ({ id }) => known.push(id))
const onlyId = () => [...slashid.webhooks.keys()][0] ?? ''

test('registering creates the webhook, its timeout, its header and both triggers', async () => {
  expect(await register()).toMatchObject({ kind: 'found', differences: [] })
  expect([...slashid.webhooks.values()]).toMatchObject([
    { name: 'Tocsin', target_url: wanted.targetUrl, timeout: '10s', custom_headers: { 'X-Tocsin-Secret': ['right'] } },
  ])
  expect(slashid.triggers.get(onlyId())).toEqual([
    { trigger_type: 'sync_hook', trigger_name: 'threat_detection' },
    { trigger_type: 'sync_hook', trigger_name: 'posture_detection' },
  ])
  expect(slashid.operations).toEqual([
    'GetOrganizationsWebhooks',
    'PostOrganizationsWebhooks',
    'PostOrganizationsWebhooksWebhookIdTriggers',
    'PostOrganizationsWebhooksWebhookIdTriggers',
    'GetOrganizationsWebhooksWebhookId',
    'GetOrganizationsWebhooksWebhookIdTriggers',
  ])
  expect(known).toContain(onlyId())
})

test('registering again changes nothing', async () => {
  await register()
  const before = structuredClone([...slashid.webhooks, ...slashid.triggers])
  slashid.operations.length = 0
  expect(await register()).toMatchObject({ kind: 'found', differences: [] })
  expect([...slashid.webhooks, ...slashid.triggers]).toEqual(before)
  expect(slashid.operations.filter((name) => !name.startsWith('Get'))).toEqual([])
})

test('a webhook with our address is adopted and mended, and what is not ours stays', async () => {
  const other = { id: 'other', name: 'SIEM', target_url: 'https://siem.example/hook', timeout: '2s' }
  slashid.webhooks.set('other', other)
  slashid.triggers.set('other', [])
  slashid.webhooks.set('mine', {
    id: 'mine',
    name: 'By hand',
    target_url: wanted.targetUrl,
    custom_headers: { Authorization: ['Basic x'] },
  })
  slashid.triggers.set('mine', [{ trigger_type: 'event', trigger_name: 'MitmAttackDetected_v1' }])
  expect(await register()).toMatchObject({ kind: 'found', differences: [] })
  expect(slashid.webhooks.get('mine')).toMatchObject({
    name: 'By hand',
    timeout: '10s',
    custom_headers: { Authorization: ['Basic x'], 'X-Tocsin-Secret': ['right'] },
  })
  expect(slashid.triggers.get('mine')?.length).toBe(3)
  expect(slashid.webhooks.get('other')).toEqual(other)
  expect(slashid.webhooks.size).toBe(2)
})

test('differences are named, and repaired in one change', async () => {
  await register()
  const id = onlyId()
  slashid.webhooks.set(id, { id, name: 'Tocsin', target_url: 'https://old.ngrok.app/in/x', timeout: '2s' })
  slashid.triggers.set(id, [{ trigger_type: 'sync_hook', trigger_name: 'posture_detection' }])
  const names = ['target-url', 'secret-header', 'timeout', 'threat-trigger']
  expect(await webhooks().inspect(id, wanted)).toMatchObject({ differences: names.map((name) => ({ name })) })
  slashid.operations.length = 0
  expect(await webhooks().repair(id, wanted)).toMatchObject({ kind: 'found', differences: [] })
  expect(slashid.operations.filter((name) => !name.startsWith('Get'))).toEqual([
    'PatchOrganizationsWebhooksWebhookId',
    'PostOrganizationsWebhooksWebhookIdTriggers',
  ])
  expect(slashid.webhooks.get(id)?.target_url).toBe(wanted.targetUrl)
})

test('an address that SlashID does not accept is said in its words', async () => {
  const local: Wanted = { ...wanted, targetUrl: 'https://127.0.0.1/in/x' }
  const result = await webhooks().register('Tocsin', local, () => undefined)
  expect(result).toMatchObject({ kind: 'failed', because: 'rejected', detail: expect.stringContaining('invalid target URL') })
  expect(slashid.webhooks.size).toBe(0)
})

test('a wrong key changes nothing', async () => {
  expect(await webhooks('another').register('Tocsin', wanted, () => undefined)).toMatchObject({ because: 'key-refused' })
  expect(slashid.operations).toEqual(['GetOrganizationsWebhooks'])
})

test('removing takes the webhook away, and is done when it is gone', async () => {
  await register()
  const id = onlyId()
  expect(await webhooks().remove(id)).toEqual({ kind: 'removed' })
  expect(slashid.webhooks.size).toBe(0)
  expect(await webhooks().remove(id)).toEqual({ kind: 'removed' })
  expect(await webhooks().inspect(id, wanted)).toEqual({ kind: 'missing' })
  expect(await webhooks().repair(id, wanted)).toEqual({ kind: 'missing' })
})

test('the mock itself sees what does not fit the document', async () => {
  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${slashid.issuer}/organizations/webhooks`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'slashid-orgid': 'org-1', 'slashid-api-key': apiKey, ...headers },
    })
  const good = { name: 'x', target_url: 'https://a.example/b' }
  for (const [body, headers, violation] of [
    [{ target_url: good.target_url }, {}, /name/],
    [{ ...good, custom_headers: { 'X-A': 'text' } }, {}, /custom_headers.*array/],
    [{ ...good, colour: 'red' }, {}, /colour/],
    [good, { 'slashid-required-consistency-timeout': '121' }, /120/],
    [good, { 'content-type': 'text/plain' }, /content type/],
  ] as const) {
    expect((await post(body, headers)).status).toBe(400)
    expect(slashid.violations.splice(0)).toEqual([expect.stringMatching(violation)])
  }
  expect((await post(good)).status).toBe(201)
})
