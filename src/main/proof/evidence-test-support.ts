import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { DetectionId } from '../../shared/detection.ts'
import type { Bundle } from '../export/bundle.ts'
import { buildBundle } from '../export/evidence.ts'
import { contentOf } from '../ingest/content-of.ts'
import { thumbprint } from '../ingest/key-set.ts'
import { readToken } from '../ingest/token.ts'
import { readUnsigned, unsignedFacts } from '../ingest/unsigned.ts'
import { createSigner, deliveryOf, instant, issuer, noon, pinned, tokenWith } from '../ingest/test-support.ts'
import { parse } from '../ingest/parse.ts'
import { testStore } from '../store/test-support.ts'
import type { Store } from '../store/store.ts'
import { verifyBundle } from './verify-bundle.ts'

export const key = { organizationId: pinned, id: 'det-1' as DetectionId }
export const made = { madeAt: instant(noon + 60_000), madeBy: 'Tocsin test' }
export const signer = createSigner('k1')

/** A history of one organization with a key that is kept, and what its deliveries are made with. */
export function history() {
  const store = testStore({ contentOf, now: () => noon })
  const { publicKey } = signer
  store.organizations.add({
    id: pinned,
    issuer,
    name: 'Pinned',
    demo: false,
    pinned: [{ kid: publicKey.kid, thumbprint: thumbprint(publicKey), jwk: publicKey }],
  })
  return { store, keep: (id: string, status: string, iat = noon / 1000 - 5) => keep(store, id, status, iat) }
}

export function keep(
  store: Store,
  id: string,
  status: string,
  iat: number,
  more: object = {},
  by: { readonly inlet?: string; readonly trust?: 'verified' | 'late' } = {},
): void {
  const content = { id, type: 'MissingMFA', status, ...more }
  const token = readToken(Buffer.from(tokenWith(signer, { iat, trigger_content: content })))
  if (token.kind === 'malformed') throw new Error(token.because)
  const body = Buffer.concat([token.signingInput, Buffer.from(`.${Buffer.from(token.signature).toString('base64url')}`)])
  const checked = {
    delivery: deliveryOf(body, {
      headers: { 'content-type': 'application/jwt', 'user-agent': 'ümläut "quoted"' },
      inlet: by.inlet ?? 'receiver',
    }),
    token: token.facts,
    standing: { kind: 'trusted', trust: by.trust ?? 'verified', content: parse(token.claims, token.facts) } as const,
  }
  expect(store.keeper.keep([checked])).toMatchObject([{ kind: 'kept' }])
}

export function keepUnsigned(store: Store, id: string, status: string, more: object = {}): void {
  const arrived = deliveryOf(JSON.stringify({ id, type: 'MissingMFA', status, detection_risk_category: 'posture', ...more }), {
    inlet: 'unsigned',
  })
  const said = readUnsigned(arrived.body)
  if (said === null) throw new Error('not read')
  const token = unsignedFacts(arrived, pinned, said.triggerName)
  const standing = { kind: 'trusted', trust: 'unsigned', content: parse(said.claims, token) } as const
  expect(store.keeper.keep([{ delivery: arrived, token, standing }])).toMatchObject([{ kind: 'kept' }])
}

export function bundleOf(store: Store, limits?: Parameters<typeof buildBundle>[3]): Bundle {
  const bundle = buildBundle(store, key, made, limits)
  if (bundle === null) throw new Error('no such detection')
  return bundle
}

export async function verified(bundle: unknown, mostLinks?: number) {
  const verification = await verifyBundle(JSON.stringify(bundle), mostLinks)
  if (verification.kind === 'refused') throw new Error(verification.detail)
  return verification.result
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tocsin-evidence-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Three deliveries of the detection, at 2, 4 and 5, among others. */
export function mixed() {
  const { store, keep } = history()
  keep('other', 'ongoing')
  keep('det-1', 'detected', noon / 1000 - 9)
  keep('other', 'resolved')
  keep('det-1', 'ongoing', noon / 1000 - 8)
  keep('det-1', 'resolved', noon / 1000 - 7)
  keep('other', 'ongoing')
  return { store, bundle: bundleOf(store) }
}
