import { expect, test } from 'vitest'
import type { KeptWebhook } from './webhooks.ts'
import { at, organization, testStore } from './test-support.ts'

const webhook: KeptWebhook = {
  organizationId: organization,
  webhookId: 'wh-1',
  targetUrl: 'https://example.ngrok.app/in/x',
  headerName: 'X-Tocsin-Secret',
  headerHashes: ['ab'.repeat(32), 'cd'.repeat(32)],
  registeredAt: at(0),
}

test('a webhook is remembered for its organization, changed in place, and forgotten', () => {
  const store = testStore()
  store.organizations.add({ id: organization, issuer: 'https://api.slashid.com', name: 'x', demo: false, pinned: null })
  expect(store.webhooks.read(organization)).toBeNull()
  store.webhooks.write(webhook)
  expect(store.webhooks.list()).toEqual([{ ...webhook, earlier: [] }])
  store.webhooks.write({ ...webhook, webhookId: 'wh-2', targetUrl: null, headerHashes: [] })
  expect(store.webhooks.read(organization)).toEqual({
    ...webhook,
    webhookId: 'wh-2',
    targetUrl: null,
    headerHashes: [],
    earlier: [{ webhookId: 'wh-1', targetUrl: webhook.targetUrl }],
  })
  store.webhooks.remove(organization)
  expect(store.webhooks.list()).toEqual([])
})

test('the addresses it had are remembered, also over a removal, since deliveries to them may still be on their way', () => {
  const store = testStore()
  store.organizations.add({ id: organization, issuer: 'https://api.slashid.com', name: 'x', demo: false, pinned: null })
  store.webhooks.write(webhook)
  store.webhooks.remove(organization)
  store.webhooks.write({ ...webhook, webhookId: 'wh-2', targetUrl: 'https://other.ngrok.app/in/x', registeredAt: at(60) })
  expect(store.webhooks.read(organization)?.earlier).toEqual([{ webhookId: 'wh-1', targetUrl: webhook.targetUrl }])
})

test('a webhook of nobody is a bug', () => {
  expect(() => testStore().webhooks.write(webhook)).toThrow(/FOREIGN KEY/)
})

test('a secret is sealed or a reference, and the table takes nothing else', () => {
  const { secrets } = testStore()
  secrets.write('a', { kind: 'sealed', ciphertext: Buffer.from([1, 2]) })
  expect(secrets.read('a')).toEqual({ kind: 'sealed', ciphertext: Buffer.from([1, 2]) })
  secrets.write('a', { kind: 'reference', reference: 'env:A' })
  expect(secrets.read('a')).toEqual({ kind: 'reference', reference: 'env:A' })
  expect(() => secrets.write('b', { kind: 'sealed', ciphertext: null as unknown as Uint8Array })).toThrow(/CHECK/)
  secrets.remove('a')
  expect(secrets.read('a')).toBeNull()
})
