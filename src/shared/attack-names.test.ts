import { describe, expect, test } from 'vitest'
import type { AttackName } from './attack.ts'
import { createAttackNames } from './attack-names.ts'

const { nameOf } = createAttackNames({
  tactics: [
    {
      id: 'TA0006',
      name: 'Credential Access',
      techniques: [
        { id: 'T1110', name: 'Brute Force', parts: [{ id: 'T1110.003', name: 'Password Spraying' }] },
        { id: 'T1003', name: 'OS Credential Dumping', parts: [{ id: 'T1003.008', name: '/etc/passwd and /etc/shadow' }] },
      ],
    },
    {
      id: 'TA0003',
      name: 'Persistence',
      techniques: [
        { id: 'T1078', name: 'Valid Accounts', parts: [{ id: 'T1078.004', name: 'Cloud Accounts' }] },
        { id: 'T1586', name: 'Compromise Accounts', parts: [{ id: 'T1586.003', name: 'Cloud Accounts' }] },
      ],
    },
    { id: 'TA0004', name: 'Privilege Escalation', techniques: [{ id: 'T1078', name: 'Valid Accounts', parts: [] }] },
  ],
  past: [
    { id: 'T1503', name: 'Credentials from Web Browsers', now: 'T1110.003' },
    { id: 'T1900', name: 'Brute Force', now: 'T1078' },
    { id: 'T1043', name: 'Commonly Used Port', now: null },
  ],
})
const known = (id: string, name: string, was: string | null = null): AttackName => ({ kind: 'known', id, name, was })
const bruteForce = known('T1110', 'Brute Force')
const spraying = known('T1110.003', 'Password Spraying')

describe('a word of a sender', () => {
  test.each([
    'T1110',
    't1110',
    ' T1110 ',
    'Brute Force',
    'brute force',
    'BRUTE_FORCE',
    'brute-force',
    'BruteForce',
    'T1110: Brute Force',
    'T1110 Anything',
  ])('%j names a technique', (word) => expect(nameOf(word)).toEqual(bruteForce))

  test.each(['T1110.003', 'T1110/003', 'Password Spraying', 'Brute Force: Password Spraying'])('%j names a part of one', (word) =>
    expect(nameOf(word)).toEqual(spraying),
  )

  test.each(['TA0006', 'ta0006', 'Credential Access', 'credential-access', 'TA0006 - Credential Access'])('%j names a tactic', (word) =>
    expect(nameOf(word)).toEqual(known('TA0006', 'Credential Access')),
  )

  test('names one technique, of however many tactics it is', () =>
    expect(nameOf('valid accounts')).toEqual(known('T1078', 'Valid Accounts')))

  test('has punctuation in it or not', () => expect(nameOf('etc passwd and etc shadow').kind).toBe('known'))

  test.each(['T9999', 'T1110.999', 'T11100', 'T1110.0031', 'TA00061', '', '   ', 'constructor', '__proto__', 'Müll', '<script>'])(
    '%j names nothing',
    (word) => expect(nameOf(word)).toEqual({ kind: 'unknown' }),
  )

  test('names nothing where several have that name, and one of them where it says which', () => {
    expect(nameOf('Cloud Accounts')).toEqual({ kind: 'unknown' })
    expect(nameOf('Valid Accounts: Cloud Accounts')).toEqual(known('T1078.004', 'Cloud Accounts'))
  })

  test('that is an old id or name means what took its place', () => {
    expect(nameOf('T1503')).toEqual({ ...spraying, was: 'T1503' })
    expect(nameOf('credentials from web browsers')).toEqual({ ...spraying, was: 'T1503' })
  })

  test('means what is called so now before what was called so once', () => expect(nameOf('Brute Force')).toEqual(bruteForce))

  test('that nothing took the place of is what it was', () => expect(nameOf('T1043')).toEqual(known('T1043', 'Commonly Used Port')))
})
