import { describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import { check, type CheckContext } from './check.ts'
import { contentOf, summarize } from './content-of.ts'
import { createSigner, deliveryOf, instant, noon, organization, pinned, tokenWith } from './test-support.ts'

const details = { id: 'det-1', type: 'MissingMFA', status: 'ongoing', detection_risk_category: 'posture' }
const unsigned = (body: string | Uint8Array) => deliveryOf(body, { inlet: 'unsigned' })

/** An organization without a key: nothing signed could be believed. */
function context(declared: OrganizationId | null = pinned): CheckContext {
  return {
    organization: (id) => (id === pinned ? organization(id, 'pinned') : null),
    keys: {
      find() {
        throw new Error('no key may be asked for')
      },
    },
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: (inlet) => (inlet === 'unsigned' ? declared : null),
    now: () => noon,
  }
}

describe('a body that nobody signed', () => {
  test('is unsigned at the inlet that was declared so, and named by its bytes', async () => {
    const body = JSON.stringify(details)
    const { token, decision } = await check(unsigned(body), context())
    expect(decision).toEqual({ kind: 'trusted', trust: 'unsigned' })
    expect(token?.claims).toEqual({ trigger_content: details })
    expect(token?.facts).toEqual({
      organizationId: pinned,
      keyId: null,
      jti: null,
      signingInputHash: expect.any(Uint8Array),
      issuedAt: instant(noon),
      expiresAt: null,
      triggerName: null,
    })
    expect(Buffer.from(token?.facts.signingInputHash ?? []).toString('hex')).toBe(
      await crypto.subtle.digest('SHA-256', Buffer.from(body)).then((hash) => Buffer.from(hash).toString('hex')),
    )
  })

  test('is refused as no token at any other inlet', async () => {
    const at = { ...context(), keys: { find: () => ({ kind: 'not-found' as const }) } }
    expect((await check(deliveryOf(JSON.stringify(details)), at)).decision).toEqual({ kind: 'refused', because: 'not-a-token' })
    expect((await check(unsigned(JSON.stringify(details)), context(null))).decision).toEqual({ kind: 'refused', because: 'not-a-token' })
  })

  test('is refused where its organization is not known any more', async () => {
    const { decision } = await check(unsigned(JSON.stringify(details)), context('org-gone' as OrganizationId))
    expect(decision).toEqual({ kind: 'refused', because: 'organization-unknown' })
  })

  test.each<[string, string | Uint8Array]>([
    ['a signed token', tokenWith(createSigner('k1'))],
    ['nothing', ''],
    ['a list', '[{"id":"det-1"}]'],
    ['a text', '"det-1"'],
    ['two objects', '{}{}'],
    ['a name twice', '{"id":"a","id":"b"}'],
    ['a depth without end', `{"a":${'['.repeat(70)}${']'.repeat(70)}}`],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('of %s is refused', async (_, body) => {
    expect(await check(unsigned(body), context())).toEqual({ token: null, decision: { kind: 'refused', because: 'not-json' } })
  })

  test('may have the form of claims', async () => {
    const body = { trigger_name: 'threat_detection', trigger_content: details }
    const { token } = await check(unsigned(JSON.stringify(body)), context())
    expect(token).toMatchObject({ claims: body, facts: { triggerName: 'threat_detection' } })
  })

  test('has no trigger where that is no usable text', async () => {
    for (const trigger_name of [7, '', 'x'.repeat(3_000), '\ud800']) {
      const { token } = await check(unsigned(JSON.stringify({ ...details, trigger_name })), context())
      expect(token?.facts.triggerName, String(trigger_name).slice(0, 9)).toBeNull()
    }
  })

  test('is read again from its bytes, and shown as it came', () => {
    const body = Buffer.from(JSON.stringify(details))
    expect(contentOf(body, instant(noon))).toMatchObject({ id: 'det-1', kind: 'posture', detectedAt: instant(noon) })
    expect(summarize({ body } as unknown as Parameters<typeof summarize>[0])).toMatchObject({ header: null, claims: details })
    expect(contentOf(Buffer.from('neither'), instant(noon))).toBeNull()
  })
})
