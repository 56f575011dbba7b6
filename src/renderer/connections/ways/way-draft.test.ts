import { expect, test } from 'vitest'
import type { InletId, InletSetUp } from '../../../shared/inlets.ts'
import { addressFrom, newFields, secretLabel, toDraft, toFields } from './way-draft.ts'

const common = { id: 'relay:aaaaaaaa' as InletId, name: 'Mine', isOn: true, address: 'https://in.test/in/x', url: 'https://far.test' }
const setUps: readonly InletSetUp[] = [
  { ...common, kind: 'relay' },
  { ...common, kind: 'jetstream', stream: 'S', consumer: 'c', login: { kind: 'password', user: 'u' }, caFile: '/ca.pem' },
  { ...common, kind: 'jetstream', stream: 'S', consumer: 'c', login: { kind: 'creds' }, caFile: null },
  { ...common, kind: 'gosmee', isProtected: true },
  { ...common, kind: 'smee' },
]

test('every set-up survives being edited', () => {
  for (const { id, isOn, ...setUp } of setUps) {
    expect(isOn).toBe(true)
    expect(toDraft(setUp.kind, id, toFields({ ...setUp, id, isOn } as InletSetUp), '')).toEqual({ id, draft: setUp, secret: null })
  }
})

test('an empty secret leaves the one that is kept, and another goes along once', () => {
  expect(toDraft('relay', null, newFields('relay', 'a'), '  ').secret).toBeNull()
  expect(toDraft('relay', null, newFields('relay', 'a'), ' env:TOKEN ').secret).toBe('env:TOKEN')
})

test('the secret header of a relay goes along where one is typed', () => {
  expect(toDraft('relay', null, newFields('relay', 'a'), 'token', ' value ')).toMatchObject({ secret: 'token', header: 'value' })
  expect(toDraft('relay', null, newFields('relay', 'a'), 'token', ' ')).not.toHaveProperty('header')
})

test('two computers do not share a consumer by default', () => {
  expect(newFields('jetstream', 'x7').consumer).not.toBe(newFields('jetstream', 'k2').consumer)
})

test('the target URL follows from a channel where it can', () => {
  expect(addressFrom('gosmee', 'https://gosmee.test/abcdefghijkl')).toBe('https://gosmee.test/replay/abcdefghijkl')
  expect(addressFrom('gosmee', 'https://gosmee.test/events/abcdefghijkl')).toBe('https://gosmee.test/replay/abcdefghijkl')
  expect(addressFrom('smee', 'https://smee.io/abc')).toBe('https://smee.io/abc')
  expect([addressFrom('relay', 'https://r.test/x'), addressFrom('gosmee', 'https://gosmee.test/'), addressFrom('smee', 'no url')]).toEqual([
    null,
    null,
    null,
  ])
  const fields = { ...newFields('gosmee', 'a'), url: 'https://gosmee.test/abcdefghijkl' }
  expect(toDraft('gosmee', null, fields, '').draft.address).toBe('https://gosmee.test/replay/abcdefghijkl')
  expect(toDraft('gosmee', null, { ...fields, address: 'https://mine.test/in' }, '').draft.address).toBe('https://mine.test/in')
})

test('a secret is asked for where there is one to enter', () => {
  expect([
    secretLabel('relay', 'none'),
    secretLabel('jetstream', 'none'),
    secretLabel('jetstream', 'nkey'),
    secretLabel('gosmee', 'creds'),
    secretLabel('gosmee', 'creds', true),
  ]).toEqual(['Reader token', null, 'Nkey seed', null, 'Private key, if you keep one'])
})
