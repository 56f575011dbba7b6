import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusals, waits } from '../../shared/trust.ts'
import { decide, skewMs } from './check.ts'
import type { Evidence } from './check.ts'
import { noon } from './test-support.ts'

type TokenEvidence = Extract<Evidence, { kind: 'token' }>

const convincing: TokenEvidence = {
  kind: 'token',
  organization: 'known',
  issuer: 'same',
  target: 'same',
  webhook: 'same',
  issuedAt: noon - 5_000,
  expiresAt: noon + 295_000,
  receivedAt: noon,
  lookedAt: noon,
  firstAcceptedBy: 'receiver',
  key: 'found',
  signature: 'good',
}
const hour = 3_600_000

describe('one decision', () => {
  test('a token with nothing against it is verified', () => {
    expect(decide(convincing)).toEqual({ kind: 'trusted', trust: 'verified' })
  })

  test('what a token must say is compared only where it is known', () => {
    expect(decide({ ...convincing, target: 'not-compared', webhook: 'not-compared' })).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(decide({ ...convincing, issuer: 'not-compared' })).toEqual({ kind: 'refused', because: 'issuer-mismatch' })
  })

  test('an unknown kid is refused where keys are pinned and waits where they are fetched', () => {
    expect(decide({ ...convincing, key: 'unknown-to-pinned' })).toEqual({ kind: 'refused', because: 'key-unknown' })
    expect(decide({ ...convincing, key: 'unknown-to-issuer' })).toEqual({ kind: 'refused', because: 'key-unknown' })
    expect(decide({ ...convincing, key: 'none-fetched-yet' })).toEqual({ kind: 'waiting', because: 'keys-not-fetched' })
    expect(decide({ ...convincing, key: 'not-found' })).toEqual({ kind: 'waiting', because: 'key-not-found' })
  })

  test('clocks may differ by 60 s and not by a millisecond more', () => {
    expect(decide({ ...convincing, issuedAt: noon + skewMs })).toMatchObject({ kind: 'trusted' })
    expect(decide({ ...convincing, issuedAt: noon + skewMs + 1 })).toEqual({ kind: 'refused', because: 'issued-in-future' })
    expect(decide({ ...convincing, expiresAt: noon - skewMs })).toMatchObject({ kind: 'trusted' })
    expect(decide({ ...convincing, expiresAt: noon - skewMs - 1 })).toEqual({ kind: 'refused', because: 'expired' })
  })

  test('time is judged at first acceptance: what was in time then is verified when quarantine looks again a day later', () => {
    expect(decide({ ...convincing, lookedAt: noon + 24 * hour })).toEqual({ kind: 'trusted', trust: 'verified' })
  })

  test('what an authenticated relay had in time is late once it has expired here', () => {
    const relayed = { ...convincing, firstAcceptedBy: 'authenticated-relay' as const }
    expect(decide({ ...relayed, lookedAt: noon + hour })).toEqual({ kind: 'trusted', trust: 'late' })
    expect(decide({ ...relayed, lookedAt: noon + 1_000 })).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(decide({ ...relayed, lookedAt: noon + hour, signature: 'bad' })).toEqual({ kind: 'refused', because: 'signature-invalid' })
    expect(decide({ ...relayed, receivedAt: noon + hour, lookedAt: noon + hour })).toEqual({ kind: 'refused', because: 'expired' })
  })

  test('a time that is not a number refuses', () => {
    expect(decide({ ...convincing, receivedAt: NaN })).toMatchObject({ kind: 'refused' })
    expect(decide({ ...convincing, expiresAt: NaN })).toEqual({ kind: 'refused', because: 'expired' })
  })

  test('what nobody signed is unsigned where its organization is known, and nothing else', () => {
    expect(decide({ kind: 'unsigned', organization: 'known' })).toEqual({ kind: 'trusted', trust: 'unsigned' })
    expect(decide({ kind: 'unsigned', organization: 'unknown' })).toEqual({ kind: 'refused', because: 'organization-unknown' })
  })

  test('any evidence is decided, and only a good signature under a found key is trusted', () => {
    const comparison = fc.constantFrom('same' as const, 'other' as const, 'not-compared' as const)
    const time = fc.integer({ min: noon - hour, max: noon + hour })
    const evidence: fc.Arbitrary<Evidence> = fc.oneof(
      fc.record({ kind: fc.constant('malformed' as const), because: fc.constantFrom(...refusals) }),
      fc.record({ kind: fc.constant('unsigned' as const), organization: fc.constantFrom('known' as const, 'unknown' as const) }),
      fc.record({
        kind: fc.constant('token' as const),
        organization: fc.constantFrom('known' as const, 'unknown' as const),
        issuer: comparison,
        target: comparison,
        webhook: comparison,
        issuedAt: time,
        expiresAt: time,
        receivedAt: time,
        lookedAt: time,
        firstAcceptedBy: fc.constantFrom('receiver' as const, 'authenticated-relay' as const),
        key: fc.constantFrom(
          'found' as const,
          'unknown-to-pinned' as const,
          'none-fetched-yet' as const,
          'not-found' as const,
          'not-looked-up' as const,
        ),
        signature: fc.constantFrom('good' as const, 'bad' as const, 'not-checked' as const),
      }),
    )
    fc.assert(
      fc.property(evidence, (given) => {
        const decision = decide(given)
        if (decision.kind === 'refused') expect(refusals).toContain(decision.because)
        if (decision.kind === 'waiting') expect(waits).toContain(decision.because)
        if (decision.kind !== 'trusted') return
        expect(decision.trust === 'unsigned').toBe(given.kind === 'unsigned')
        if (given.kind === 'unsigned') return
        expect(given).toMatchObject({ kind: 'token', organization: 'known', issuer: 'same', key: 'found', signature: 'good' })
      }),
      { numRuns: 2_000 },
    )
  })
})
