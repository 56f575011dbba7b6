import { describe, expect, test } from 'vitest'
import type { DetectionId, OrganizationId } from '../../shared/detection.ts'
import type { StoredKey } from '../ingest/key-store.ts'
import type { OrganizationToAdd } from './organizations.ts'
import { at, content, organization, start, testStore, trusted } from './test-support.ts'

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
    const added = {
      id: organization,
      issuer: production.issuer,
      name: 'Production',
      colour: 'teal',
      keys: 'fetched',
      demo: false,
      addedAt: at(0),
    }
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

  test('whose keys are pinned does not begin to fetch them because it is added again without', () => {
    const { organizations } = testStore()
    organizations.add({ ...production, pinned: [key('a')] })
    expect(organizations.add({ ...production, name: 'Renamed' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('pinned'),
    })
    expect(organizations.list()).toMatchObject([{ name: 'Production', keys: 'pinned', keyIds: ['a'] }])
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

  test('has a colour that no other has yet, until it is given another', () => {
    const { organizations } = testStore()
    const add = (id: string, more: Partial<OrganizationToAdd> = {}) =>
      organizations.add({ ...production, id: id as OrganizationId, ...more })
    add('org-1')
    add('org-2')
    add('org-3', { colour: 'teal' })
    add('demo', { demo: true })
    expect(organizations.list().map(({ colour }) => colour)).toEqual(['grey', 'teal', 'gold', 'teal'])
    expect(organizations.change({ id: 'org-1' as OrganizationId, name: 'Renamed', colour: 'olive' })).toBe(true)
    add('org-1', { name: 'Once more' })
    expect(organizations.list()[1]).toMatchObject({ name: 'Once more', colour: 'olive' })
    expect(organizations.change({ id: 'demo' as OrganizationId, name: 'Real', colour: 'olive' })).toBe(false)
    expect(organizations.change({ id: 'nobody' as OrganizationId, name: 'x', colour: 'olive' })).toBe(false)
  })

  test('counts its own detections and how many of them were never opened', () => {
    const { organizations, keeper, detections } = testStore()
    const other = 'org-2' as OrganizationId
    keeper.keep([
      trusted(content({ id: 'a' })),
      trusted(content({ id: 'a', status: 'resolved' }), { issued: 9 }),
      trusted(content({ id: 'b' })),
      trusted(content({ id: 'a' }), { organization: other }),
    ])
    detections.markRead({ organizationId: organization, id: 'b' as DetectionId })
    expect(organizations.counts()).toEqual([
      { organizationId: organization, detections: 2, unread: 1 },
      { organizationId: other, detections: 1, unread: 1 },
    ])
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
