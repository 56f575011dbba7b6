import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Instant } from '../src/shared/detection.ts'
import type { PublicKey } from '../src/shared/organization.ts'
import type { CheckContext } from '../src/main/ingest/check.ts'
import type { Delivery } from '../src/main/ingest/delivery.ts'
import type { StoredKey } from '../src/main/ingest/key-store.ts'
import { thumbprint } from '../src/main/ingest/key-set.ts'
import { createKeyRing } from '../src/main/ingest/keys.ts'
import { demoOrganization, loadDemoSigner } from '../src/main/sample/demo.ts'
import { scenario } from '../src/main/sample/scenario.ts'

export type SignedBodies = { readonly deliveries: readonly Delivery[]; readonly publicKey: PublicKey; readonly context: CheckContext }

/** Deliveries of the demo organization, made from a seed, and everything a check of them needs. */
export async function signedBodies(count: number, seed = 'bench'): Promise<SignedBodies> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const signer = loadDemoSigner(folder)
  rmSync(folder, { recursive: true })
  const startAt = Date.now()
  const at = new Date(startAt).toISOString() as Instant
  const deliveries = [...scenario({ seed, count, startAt })].map(({ claims }) => ({
    body: Buffer.from(signer.sign(claims)),
    headers: {},
    inlet: 'receiver',
    receivedAt: at,
  }))
  const key: StoredKey = {
    kid: signer.publicKey.kid,
    thumbprint: thumbprint(signer.publicKey),
    jwk: signer.publicKey,
    firstSeenAt: at,
    confirmedAt: at,
    retiredAt: null,
  }
  const keys = createKeyRing({
    store: { organizations: () => [{ ...demoOrganization, addedAt: at }], keys: () => [key], saveKeys: () => {} },
    fetchKeys: () => Promise.resolve({ kind: 'failed', because: 'not-asked', detail: 'the keys are pinned' }),
    now: Date.now,
    random: Math.random,
    schedule: () => () => {},
    onKeysChanged: () => {},
    onStatesChanged: () => {},
  })
  await keys.reload()
  const context: CheckContext = {
    organization: keys.organization,
    keys,
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now: Date.now,
  }
  return { deliveries, publicKey: signer.publicKey, context }
}
