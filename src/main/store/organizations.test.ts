import { describe, expect, test } from 'vitest'
import type { StoredKey } from '../ingest/key-store.ts'
import type { OrganizationToAdd } from './organizations.ts'
import { at, organization, start, testStore } from './test-support.ts'

const production: OrganizationToAdd = { id: organization, issuer: 'https://api.slashid.com', name: 'Production', demo: false, pinned: null }

function key(kid: string, thumbprint = `thumbprint of ${kid}`): Pick<StoredKey, 'kid' | 'thumbprint' | 'jwk'> {
  return { kid, thumbprint, jwk: { kid, kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } }
}

function seen(kid: string, seconds: number, more: Partial<StoredKey> = {}): StoredKey {
  return { ...key(kid), firstSeenAt: at(seconds), confirmedAt: at(seconds), retiredAt: null, ...more }
}

describe('an organization', () => {
  test('is listed as it was added, without keys until they are fetched', () => {
    const { organizations, keyStore } = testStore()
    const added = { id: organization, issuer: production.issuer, name: 'Production', keys: 'fetched', demo: false, addedAt: at(0) }
    expect(organizations.add(production)).toEqual({ kind: 'added', organization: { ...added, keyIds: [], keysConfirmedAt: null } })
    expect(organizations.list()).toEqual([{ ...added, keyIds: [], keysConfirmedAt: null }])
    expect(keyStore.organizations()).toEqual([added])
  })

  test('with pinned keys has them from the start', () => {
    const { organizations, keyStore } = testStore()
    organizations.add({ ...production, pinned: [key('a'), key('b')] })
    expect(organizations.list()).toMatchObject([{ keys: 'pinned', keyIds: ['a', 'b'], keysConfirmedAt: at(0) }])
    expect(keyStore.keys(organization)).toEqual([seen('a', 0), seen('b', 0)])
  })

  test('added again changes its name and keys; those no longer pinned are retired, not deleted', () => {
    let now = start
    const { organizations, keyStore } = testStore({ now: () => now })
    organizations.add({ ...production, pinned: [key('a'), key('b')] })
    now = start + 60_000
    organizations.add({ ...production, name: 'Renamed', pinned: [key('b'), key('c')] })
    expect(organizations.list()).toMatchObject([{ name: 'Renamed', addedAt: at(0), keyIds: ['b', 'c'], keysConfirmedAt: at(60) }])
    expect(keyStore.keys(organization)).toEqual([seen('a', 0, { retiredAt: at(60) }), seen('b', 0, { confirmedAt: at(60) }), seen('c', 60)])
  })

  test('is never given another issuer, nor turned into a demo', () => {
    const { organizations } = testStore()
    organizations.add(production)
    const before = organizations.list()
    expect(organizations.add({ ...production, issuer: 'https://evil.example', name: 'x' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining(production.issuer),
    })
    expect(organizations.add({ ...production, demo: true }).kind).toBe('refused')
    expect(organizations.list()).toEqual(before)
  })
})

describe('keys', () => {
  test('are saved by kid and thumbprint, and keep when they were first seen', () => {
    const { organizations, keyStore } = testStore()
    organizations.add(production)
    keyStore.saveKeys(organization, [seen('a', 1), seen('b', 1)])
    keyStore.saveKeys(organization, [seen('a', 9, { retiredAt: at(9) }), seen('a', 9, { thumbprint: 'another key' })])
    expect(keyStore.keys(organization)).toEqual([
      seen('a', 1, { confirmedAt: at(9), retiredAt: at(9) }),
      seen('b', 1),
      seen('a', 9, { thumbprint: 'another key' }),
    ])
    expect(organizations.list()).toMatchObject([{ keyIds: ['b', 'a'], keysConfirmedAt: at(9) }])
  })

  test('of an organization that is not there are a mistake', () => {
    expect(() => testStore().keyStore.saveKeys(organization, [seen('a', 1)])).toThrow('FOREIGN KEY')
  })
})
