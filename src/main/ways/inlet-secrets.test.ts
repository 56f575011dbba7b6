import { describe, expect, test } from 'vitest'
import type { InletSetUp } from '../../shared/inlets.ts'
import { createKeyPair } from '../inlets/gosmee.ts'
import { createSecrets } from '../secrets.ts'
import { testStore } from '../store/test-support.ts'
import { createInletSecrets } from './inlet-secrets.ts'

const pair = createKeyPair()
const env = { GITHUB_TOKEN: 'from-env', GOSMEE_KEY: pair.secret, RELAY_HEADER: 'header-from-env' }

function setUp() {
  const { secrets: rows } = testStore()
  const start = () => createInletSecrets(createSecrets({ rows, keychain: null, env }))
  return { rows, start, secrets: start() }
}

const relay = {
  id: 'relay:aaaaaaaa',
  kind: 'relay',
  name: 'R',
  isOn: true,
  url: 'https://relay.example.org',
  address: 'https://relay.example.org/in/abc',
} as InletSetUp
const gosmee = {
  ...relay,
  id: 'gosmee:aaaaaaaa',
  kind: 'gosmee',
  url: 'https://gosmee.example.org/AbCdEf012345',
  isProtected: true,
} as InletSetUp
const given = (secret: string | null, header: string | null = null) => ({ secret, header })

describe('a reference', () => {
  test.each([' env:GITHUB_TOKEN', '\tenv:GITHUB_TOKEN', '\nenv:GITHUB_TOKEN\n'])('is one with blanks around it: %j', (typed) => {
    const { secrets, rows } = setUp()
    expect(secrets.keep(relay, given(typed), null)).toMatchObject({ kind: 'kept' })
    expect(rows.read('inlet:relay:aaaaaaaa')).toEqual({ kind: 'reference', reference: 'env:GITHUB_TOKEN' })
  })

  test.each([`file:/${'a'.repeat(300)}`, 'file:/home/me/\u202ex', 'file:/home/me/a\u00a0b', 'env:A\u200bB'])(
    'that a dialog could not show whole is refused: %j',
    (typed) => {
      const { secrets, rows } = setUp()
      expect(secrets.keep(relay, given(typed), null)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('shown whole') })
      expect(rows.read('inlet:relay:aaaaaaaa')).toBeNull()
    },
  )
})

describe('the key of a protected gosmee channel', () => {
  test('that the user keeps survives a restart without a keychain', () => {
    const { secrets, start } = setUp()
    expect(secrets.keep(gosmee, given('env:GOSMEE_KEY'), null)).toMatchObject({ kind: 'kept', isNew: true })
    expect(secrets.publicKey(gosmee)).toBe(pair.publicKey)
    expect(start().read(gosmee)).toEqual({ kind: 'known', value: pair.secret })
    expect(secrets.keep(gosmee, given(null), gosmee)).toEqual({ kind: 'kept', isNew: false })
    expect(start().publicKey(gosmee)).toBe(pair.publicKey)
  })

  test('that is made here lasts for the session only, says so, and is never typed', () => {
    const { secrets, start } = setUp()
    secrets.keep(gosmee, given(null), null)
    expect(secrets.describe(gosmee)).toMatchObject({ where: 'session' })
    expect(secrets.publicKey(gosmee)).not.toBeNull()
    expect(start().publicKey(gosmee)).toBeNull()
    expect(secrets.keep(gosmee, given(pair.secret), gosmee)).toMatchObject({ kind: 'refused' })
  })
})

describe('the secret header of a relay', () => {
  test('is kept beside its token, and forgotten with it', () => {
    const { secrets } = setUp()
    expect(secrets.keep(relay, given('token', 'the-value'), null)).toMatchObject({ kind: 'kept' })
    expect(secrets.readHeader(relay)).toEqual({ kind: 'known', value: 'the-value' })
    expect(secrets.keep({ ...relay, name: 'Other' }, given(null), relay)).toMatchObject({ kind: 'kept' })
    expect(secrets.keep(relay, given(null, ' env:RELAY_HEADER'), relay)).toMatchObject({ kind: 'kept' })
    expect(secrets.readHeader(relay)).toEqual({ kind: 'known', value: 'header-from-env' })
    secrets.forget(relay.id)
    expect([secrets.read(relay), secrets.readHeader(relay)]).toEqual([{ kind: 'none' }, { kind: 'none' }])
  })

  test('is entered again before it goes to another server, and nothing else has one', () => {
    const { secrets } = setUp()
    secrets.keep(relay, given('token', 'the-value'), null)
    const moved = { ...relay, address: 'https://evil.example.org/in/abc' }
    expect(secrets.keep(moved, given(null), relay)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('header again') })
    expect(secrets.keep(moved, given(null, 'another'), relay)).toMatchObject({ kind: 'kept' })
    expect(secrets.keep({ ...gosmee, isProtected: false } as InletSetUp, given(null, 'x'), null)).toMatchObject({ kind: 'refused' })
  })

  test('that is refused leaves the token as it was', () => {
    const { secrets } = setUp()
    secrets.keep(relay, given('token'), null)
    expect(secrets.keep(relay, given('another', 'two words'), relay)).toMatchObject({ kind: 'refused' })
    expect(secrets.read(relay)).toEqual({ kind: 'known', value: 'token' })
  })
})
