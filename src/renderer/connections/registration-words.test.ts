import { expect, test } from 'vitest'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { RegistrationState } from '../../shared/registration.ts'
import { placeWords, promiseWords, standingWords } from './registration-words.ts'

const at = '2026-03-01T08:00:00.000Z' as Instant
const key = { where: null, reference: null, next: 'session' } as const
const webhook = { id: 'wh-1', targetUrl: null, registeredAt: at }
const state: RegistrationState = {
  organizationId: 'org' as OrganizationId,
  key,
  webhook: null,
  wantedUrl: null,
  standing: { kind: 'unknown' },
  requests: [],
}

test('a registration that was not looked at is never called right', () => {
  expect(standingWords(state).title).toBe('Not registered')
  expect(standingWords({ ...state, webhook })).toMatchObject({ title: 'Registered', detail: expect.stringContaining('Not looked at') })
  expect(standingWords({ ...state, webhook, standing: { kind: 'found', at } }).detail).toContain('as it should be')
})

test('what the user can mend is said at its field and not twice', () => {
  const standing = { kind: 'failed', at, detail: 'wrong key' } as const
  expect(standingWords({ ...state, standing: { ...standing, field: 'key' } }).detail).toBe('')
  expect(standingWords({ ...state, standing: { ...standing, field: null } }).detail).toBe('wrong key')
})

test('where a key will be kept is said for both kinds of machine, and where it is for every place', () => {
  expect(promiseWords(key)).toContain('until Tocsin quits')
  expect(promiseWords({ ...key, next: 'keychain' })).toContain('keychain')
  expect(placeWords(key)).toBeNull()
  expect(placeWords({ ...key, where: 'session' })).toContain('never on disk')
  expect(placeWords({ ...key, where: 'keychain' })).toContain('keychain')
  expect(placeWords({ ...key, where: 'reference', reference: 'env:KEY' })).toContain('env:KEY')
})
