import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { Organization, PublicKey } from '../../shared/organization.ts'
import { mergeKeys } from './key-set.ts'
import type { KeyStore, StoredKey } from './key-store.ts'
import type { Delivery } from './delivery.ts'
import { toInstant } from './instant.ts'

/** 2026-01-05T12:00:00Z, the moment all these tests happen at. */
export const noon = Date.UTC(2026, 0, 5, 12)
export const issuer = 'https://api.slashid.com'
export const pinned = 'org-pinned' as OrganizationId
export const fetched = 'org-fetched' as OrganizationId

export function organization(id: OrganizationId, keys: Organization['keys'], from = issuer): Organization {
  return { id, issuer: from, name: id, colour: 'teal', keys, demo: false, addedAt: toInstant(noon) }
}

export type Signer = { readonly kid: string; readonly publicKey: PublicKey; readonly privateKey: KeyObject }

export function createSigner(kid: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return { kid, privateKey, publicKey: { kid, kty: 'EC', crv: 'P-256', x, y } }
}

export function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}

export function es256(key: KeyObject, input: string): Buffer {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
}

/** A compact token over exactly these texts. */
export function tokenOf(signer: Signer, header: string | Uint8Array, claims: string | Uint8Array): string {
  const input = `${base64url(header)}.${base64url(claims)}`
  return `${input}.${base64url(es256(signer.privateKey, input))}`
}

export function headerOf(signer: Signer, more: object = {}): object {
  return { alg: 'ES256', kid: signer.kid, ...more }
}

export function claimsOf(more: object = {}): Record<string, unknown> {
  return {
    aud: pinned,
    iss: issuer,
    iat: noon / 1000 - 5,
    exp: noon / 1000 + 295,
    jti: randomUUID(),
    sub: 'e7a5f3d0',
    trigger_type: 'sync_hook',
    trigger_name: 'threat_detection',
    target_url: 'https://hooks.example.com/tocsin',
    webhook_id: 'wh-1',
    trigger_content: { id: 'det-1', type: 'CredentialStuffingAttempt', status: 'detected', timestamp: '2026-01-05T11:59:58.123456789Z' },
    ...more,
  }
}

export function tokenWith(signer: Signer, claims: object = {}, header: object = {}): string {
  return tokenOf(signer, JSON.stringify(headerOf(signer, header)), JSON.stringify(claimsOf(claims)))
}

export function deliveryOf(body: string | Uint8Array, more: Partial<Delivery> = {}): Delivery {
  return { body: Buffer.from(body), headers: {}, inlet: 'receiver', receivedAt: toInstant(noon), ...more }
}

/** A key store in memory that keeps to its contract: inserts and updates, never deletes. */
export function createMemoryKeyStore(organizations: readonly Organization[]) {
  const keys = new Map<OrganizationId, Map<string, StoredKey>>()
  const state = { organizations, saves: 0 }
  const store: KeyStore = {
    organizations: () => state.organizations,
    keys: (id) => [...(keys.get(id)?.values() ?? [])],
    saveKeys: (id, changed) => {
      state.saves++
      const kept = keys.get(id) ?? new Map<string, StoredKey>()
      for (const key of changed) kept.set(`${key.kid} ${key.thumbprint}`, key)
      keys.set(id, kept)
    },
  }
  const put = (id: OrganizationId, ...current: readonly PublicKey[]) => store.saveKeys(id, mergeKeys(store.keys(id), current, noon))
  return { store, state, put }
}

/** A clock that stands still until it is moved, and then runs what was scheduled on the way. */
export function createClock(start = noon) {
  let now = start
  let planned: { readonly at: number; readonly task: () => void }[] = []
  const schedule = (task: () => void, afterMs: number): (() => void) => {
    const entry = { at: now + afterMs, task }
    planned.push(entry)
    return () => {
      planned = planned.filter((other) => other !== entry)
    }
  }
  /** `settle` runs first and after every scheduled task: what was set off has to be over before the next one is due. */
  const advance = async (ms: number, settle: () => Promise<void>): Promise<void> => {
    const end = now + ms
    await settle()
    for (;;) {
      const next = planned.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      planned = planned.filter((entry) => entry !== next)
      now = Math.max(now, next.at)
      next.task()
      await settle()
    }
    now = end
  }
  return { now: () => now, set: (ms: number) => (now = ms), schedule, advance, planned: () => planned.map((entry) => entry.at - now) }
}

export function instant(ms: number): Instant {
  return toInstant(ms)
}
