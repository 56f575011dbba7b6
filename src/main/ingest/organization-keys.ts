import { webcrypto } from 'node:crypto'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { Organization, OrganizationState, PublicKey } from '../../shared/organization.ts'
import type { Looked } from '../../shared/quarantine.ts'
import { toInstant } from './instant.ts'
import { identity, mergeKeys, mostUseful, speaksFor } from './key-set.ts'
import type { TokenTimes } from './key-set.ts'
import type { KeyStore, StoredKey } from './key-store.ts'
import { createRefresher } from './refresher.ts'
import type { Refreshed, Schedule } from './refresher.ts'

export type RingKey = {
  readonly cryptoKey: webcrypto.CryptoKey
  /** Epoch milliseconds; null while the key is current. */
  readonly retiredAt: number | null
}

export type KeyFinding =
  /** Usually one; two where the issuer used the same kid twice. Current ones first. */
  | { readonly kind: 'found'; readonly keys: readonly RingKey[] }
  | { readonly kind: 'unknown-to-pinned' }
  | { readonly kind: 'none-fetched-yet' }
  | { readonly kind: 'not-found' }
  /** The issuer has answered without it for as long as we wait. */
  | { readonly kind: 'unknown-to-issuer' }

/** Asks an issuer for its keys. `detail` is for people: what went wrong and what to do. */
export type FetchKeys = (request: {
  readonly issuer: string
  readonly organizationId: OrganizationId
  readonly signal: AbortSignal
}) => Promise<
  | { readonly kind: 'fetched'; readonly keys: readonly PublicKey[] }
  | { readonly kind: 'failed'; readonly because: string; readonly detail: string }
>

/** The keys of one organization, in memory. */
export type OrganizationKeys = {
  readonly organization: () => Organization
  find(kid: string, times: TokenTimes): KeyFinding
  /** A signature did not fit the key of this name: the issuer may have replaced it, so it is asked, as seldom as for an unknown one. */
  doubt(kid: string): void
  /** Takes over what the store says now; true where that changes which keys can be found. */
  load(organization: Organization, stored: readonly StoredKey[]): Promise<boolean>
  /** First fetch, where keys are fetched. */
  start(): void
  /** Has the issuer asked now, because a person wants to know; the pace still holds. Resolves with how that went. */
  refresh(): Promise<Looked['keys']>
  state(): OrganizationState
  stop(): Promise<void>
}

const hourMs = 3_600_000
const reconfirmEveryMs = 6 * hourMs
/** A kid that was missed is not asked for again so soon, nor looked out for longer than an hour. */
const missQuietMs = 300_000
const missForgottenMs = hourMs
const maxMisses = 256
const firstLookAgainMs = 30_000
/**
 * How long a token may wait for a key that its issuer does not publish. Counted to an answer of the issuer, not to the present:
 * while it cannot be reached nothing is given up, however long that lasts.
 */
export const unknownKeyPatienceMs = 24 * hourMs

export function createOrganizationKeys(dependencies: {
  readonly organization: Organization
  readonly store: KeyStore
  readonly fetchKeys: FetchKeys
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
  readonly onKeysChanged: (id: OrganizationId) => void
  readonly onStatesChanged: () => void
}): OrganizationKeys {
  const { store, fetchKeys, now, random, schedule, onKeysChanged, onStatesChanged } = dependencies
  let organization = dependencies.organization
  let stored: readonly StoredKey[] = []
  let byKid: ReadonlyMap<string, readonly RingKey[]> = new Map()
  let imported: ReadonlyMap<string, webcrypto.CryptoKey> = new Map()
  /** Epoch milliseconds of the issuer's last answer with keys. */
  let answeredAt = 0
  let trouble: string | null = null
  let lookAgainMs = firstLookAgainMs
  /** When each unknown kid was missed; insertion order is age, so the oldest goes first. */
  const misses = new Map<string, number>()
  const refresher = createRefresher({ task: refresh, now, random, schedule })
  let turn: Promise<unknown> = Promise.resolve()

  function find(kid: string, times: TokenTimes): KeyFinding {
    const keys = byKid.get(kid)?.filter((key) => speaksFor(key.retiredAt, times, organization.keys)) ?? []
    if (keys.length > 0) return { kind: 'found', keys }
    if (organization.keys === 'pinned') return { kind: 'unknown-to-pinned' }
    if (answeredAt >= times.receivedAt + unknownKeyPatienceMs) return { kind: 'unknown-to-issuer' }
    noteMiss(kid)
    return { kind: byKid.size === 0 ? 'none-fetched-yet' : 'not-found' }
  }

  function doubt(kid: string): void {
    if (organization.keys === 'fetched') noteMiss(kid)
  }

  function noteMiss(kid: string): void {
    const missedAt = misses.get(kid)
    if (missedAt !== undefined && now() - missedAt < missQuietMs) return
    misses.delete(kid)
    misses.set(kid, now())
    for (const oldest of misses.keys()) {
      if (misses.size <= maxMisses) break
      misses.delete(oldest)
    }
    lookAgainMs = firstLookAgainMs
    refresher.request(0)
  }

  async function refresh(signal: AbortSignal): Promise<Refreshed> {
    const answer = await ask(signal)
    if (signal.aborted) return { kind: 'failed' }
    if (answer.kind === 'failed') {
      trouble = answer.detail
      onStatesChanged()
      return { kind: 'failed' }
    }
    const isChanged = await inTurn(async () => {
      const merged = mergeKeys(stored, answer.keys, now())
      trouble = save(merged)
      return trouble === null ? adopt(merged) : null
    })
    if (isChanged === null) {
      onStatesChanged()
      return { kind: 'failed' }
    }
    const afterwards = () => {
      if (isChanged) onKeysChanged(organization.id)
      onStatesChanged()
    }
    return { kind: 'done', againInMs: nextLookMs(isChanged), afterwards }
  }

  async function ask(signal: AbortSignal): ReturnType<FetchKeys> {
    try {
      return await fetchKeys({ issuer: organization.issuer, organizationId: organization.id, signal })
    } catch (error) {
      return { kind: 'failed', because: 'unexpected', detail: `Keys could not be fetched: ${messageOf(error)}` }
    }
  }

  /**
   * What went wrong, or null. Nothing is believed by a key that is not kept: its proof would lack it for ever, should the issuer
   * withdraw it meanwhile. What cannot keep a key can keep no delivery either, and what comes before the next try waits.
   */
  function save(keys: readonly StoredKey[]): string | null {
    try {
      store.saveKeys(organization.id, keys)
      return null
    } catch (error) {
      return `Keys were fetched and could not be saved: ${messageOf(error)}. They are used once they are kept; it is tried again soon.`
    }
  }

  /** Sooner while a kid is being looked out for: the issuer may sign with a key before it publishes it. */
  function nextLookMs(isChanged: boolean): number {
    for (const [kid, missedAt] of misses) {
      if (byKid.has(kid) || now() - missedAt > missForgottenMs) misses.delete(kid)
    }
    if (misses.size === 0 || isChanged) lookAgainMs = firstLookAgainMs
    if (misses.size === 0) return reconfirmEveryMs * (0.9 + random() / 5)
    const wait = lookAgainMs * (0.9 + random() / 5)
    lookAgainMs = Math.min(lookAgainMs * 2, hourMs)
    return wait
  }

  /** Imports what is new, then replaces everything at once; true where that changes which keys can be found. */
  async function adopt(keys: readonly StoredKey[]): Promise<boolean> {
    const cryptoKeys = new Map<string, webcrypto.CryptoKey>()
    const ring = new Map<string, RingKey[]>()
    const useful = mostUseful(keys)
    for (const key of useful) {
      const cryptoKey = imported.get(key.thumbprint) ?? (await importKey(key.jwk))
      if (cryptoKey === null) continue
      cryptoKeys.set(key.thumbprint, cryptoKey)
      const entry = { cryptoKey, retiredAt: key.retiredAt === null ? null : Date.parse(key.retiredAt) }
      const sameKid = ring.get(key.kid) ?? []
      ring.set(key.kid, entry.retiredAt === null ? [entry, ...sameKid] : [...sameKid, entry])
    }
    const isChanged = fingerprint(useful) !== fingerprint(stored)
    stored = useful
    imported = cryptoKeys
    byKid = ring
    answeredAt = keys.reduce((last, key) => Math.max(last, Date.parse(key.confirmedAt)), 0)
    return isChanged
  }

  /** One change of the set at a time: a reload and an answer of the issuer may come together. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }

  function load(latest: Organization, keys: readonly StoredKey[]): Promise<boolean> {
    return inTurn(async () => {
      organization = latest
      return adopt(keys)
    })
  }

  async function refreshNow(): Promise<Looked['keys']> {
    if (organization.keys === 'pinned') return { kind: 'pinned' }
    const asked = await refresher.askNow()
    if (asked.kind === 'later') return { kind: 'later', at: toInstant(asked.at) }
    return trouble === null ? { kind: 'fetched' } : { kind: 'failed', detail: trouble }
  }

  function state(): OrganizationState {
    const current = stored.filter((key) => key.retiredAt === null)
    const confirmedAt = current.reduce<Instant | null>(
      (last, key) => (last === null || key.confirmedAt > last ? key.confirmedAt : last),
      null,
    )
    return { ...organization, keyIds: current.map((key) => key.kid), keysConfirmedAt: confirmedAt, keysTrouble: trouble }
  }

  return {
    organization: () => organization,
    find,
    doubt,
    load,
    start: () => (organization.keys === 'fetched' ? refresher.request(0) : undefined),
    refresh: refreshNow,
    state,
    stop: refresher.stop,
  }
}

function fingerprint(keys: readonly StoredKey[]): string {
  return keys
    .map((key) => `${identity(key.kid, key.thumbprint)}${key.retiredAt === null}`)
    .sort()
    .join()
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** null where the stored key is damaged: it is left out, as if it were unknown. */
export async function importKey(jwk: PublicKey): Promise<webcrypto.CryptoKey | null> {
  try {
    const { kty, crv, x, y } = jwk
    return await webcrypto.subtle.importKey('jwk', { kty, crv, x, y }, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
  } catch {
    return null
  }
}
