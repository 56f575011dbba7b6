import type { Instant } from './detection.ts'
import type { ReceiverHealth } from './health.ts'
import type { SecretState } from './registration.ts'

/** What carries deliveries here. The first two are receivers on this computer; the others fetch from where deliveries are kept or passed on. */
export const inletKinds = ['receiver', 'unsigned', 'relay', 'jetstream', 'gosmee', 'smee'] as const
export type InletKind = (typeof inletKinds)[number]
export type FetchingKind = Exclude<InletKind, 'receiver' | 'unsigned'>

/** `receiver`, `unsigned`, or a kind, a colon and eight letters and digits. Deliveries name it, so it never changes and is never given twice. */
export type InletId = string & { readonly __brand: 'InletId' }

/** The kind that an id names; null for what is no id of ours. */
export function kindOf(id: string): InletKind | null {
  const [kind = '', rest] = id.split(':')
  const known = inletKinds.find((one) => one === kind) ?? null
  if (known === null || known === 'receiver' || known === 'unsigned') return rest === undefined ? known : null
  return /^[a-z0-9]{8}$/.test(rest ?? '') && id.split(':').length === 2 ? known : null
}

/**
 * Whether the time of first acceptance that this inlet tells is the word of a relay that proved itself: one we reach over TLS, or on
 * this computer, and that knows us by a secret. The kind is enough to know it: a set-up with neither is refused, and of a JetStream server
 * on this computer that asks for no login, which any program could have started, the inlet takes no time at all but gives our own. What
 * such a server replays is then as old as we find it to be.
 */
export function isAuthenticatedRelay(id: string): boolean {
  const kind = kindOf(id)
  return kind === 'relay' || kind === 'jetstream'
}

/** How a JetStream server knows us. What is secret of it is kept apart. */
export type JetstreamLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly user: string }
  | { readonly kind: 'token' }
  | { readonly kind: 'nkey' }
  | { readonly kind: 'creds' }

/** A way in as the user set it up, without its secret. URLs are normalized; see `readInlet` for what each may be. */
export type InletSetUp = {
  readonly id: InletId
  /** The user's word for it. */
  readonly name: string
  readonly isOn: boolean
  /** Where SlashID posts what comes this way: the target URL to register. null while the user has not said. */
  readonly address: string | null
} & FetchingSetUp

export type FetchingSetUp =
  /** `url` is the relay's origin. Its secret is a reader token. */
  | { readonly kind: 'relay'; readonly url: string }
  /** `consumer` is the durable consumer of this computer. `caFile` is a PEM file of the certificate authority, where it is not a public one. */
  | {
      readonly kind: 'jetstream'
      readonly url: string
      readonly stream: string
      readonly consumer: string
      readonly login: JetstreamLogin
      readonly caFile: string | null
    }
  /** `url` ends in the channel. Where it is protected, our key pair is made here: its private half is the secret. */
  | { readonly kind: 'gosmee'; readonly url: string; readonly isProtected: boolean }
  | { readonly kind: 'smee'; readonly url: string }

type Draft<T> = T extends unknown ? Omit<T, 'id' | 'isOn'> : never
/**
 * What the user typed. Without an id it is a new one; `secret` null leaves the one that is kept. `header` is the value of the secret header
 * that a relay of its own asks for beside its path; null or nothing leaves the one that is kept.
 */
export type InletDraft = {
  readonly id: InletId | null
  readonly draft: Draft<InletSetUp>
  readonly secret: string | null
  readonly header?: string | null
}

/** How a way in stands. `detail` is for people: what happened and what to do. */
export type InletState =
  | { readonly kind: 'off' }
  | { readonly kind: 'connecting' }
  /** `backlog` is how many are still to come of what was kept meanwhile; null where nobody says. */
  | { readonly kind: 'live'; readonly since: Instant; readonly backlog: number | null }
  | { readonly kind: 'waiting'; readonly because: GapReason; readonly detail: string; readonly retryAt: Instant | null }

/** Counts of one inlet since this start of the app. */
export type InletCounters = {
  readonly received: number
  readonly kept: number
  readonly duplicate: number
  readonly quarantined: number
  readonly refused: number
  readonly failed: number
  /** Of those received, the ones that had been kept for us while we were away. */
  readonly backlog: number
  /** Never became deliveries: not what the transport should carry. */
  readonly turnedAway: number
}

export type InletReport = {
  readonly id: InletId
  readonly kind: InletKind
  readonly name: string
  /** null for the receivers, which are always there. */
  readonly setUp: InletSetUp | null
  readonly state: InletState
  readonly lastDeliveryAt: Instant | null
  readonly counters: InletCounters
  /** Median over the newest that were not backlog: from acceptance at the far end, or here, to the commit. null before any. */
  readonly latencyMs: number | null
  /** The target URL that leads here, secrets included; null while unknown. */
  readonly address: string | null
  readonly secret: SecretState | null
  /** Of a relay: the value of the secret header that it asks senders for. */
  readonly header: SecretState | null
  /** Of a protected gosmee channel: what its server has to be told. */
  readonly publicKey: string | null
  /** The newest few, newest first. */
  readonly gaps: readonly Gap[]
}

/** Why we were not listening. `receiver-down`: the port could not be had; `refused`: the far end does not let us in. */
export const gapReasons = ['asleep', 'app-closed', 'offline', 'relay-down', 'tunnel-down', 'receiver-down', 'refused'] as const
export type GapReason = (typeof gapReasons)[number]

/** How a gap ended. `backlog`: what was kept meanwhile came in; `lost`: the far end says that some is gone, null where it does not say how much. */
export type GapEnd =
  | { readonly kind: 'open' }
  | { readonly kind: 'backlog'; readonly delivered: number }
  | { readonly kind: 'lost'; readonly count: number | null; readonly delivered: number }
  | { readonly kind: 'unknown' }

/** A time in which one inlet was not listening. */
export type Gap = {
  readonly id: number
  readonly inlet: InletId
  readonly from: Instant
  /** null while it lasts. */
  readonly to: Instant | null
  readonly because: GapReason
  readonly end: GapEnd
}

/** The program that leads SlashID's requests to the receiver. `origin` is where it begins, for those that have one of their own. */
export type TunnelSetUp =
  | { readonly kind: 'cloudflared' }
  | { readonly kind: 'ngrok'; readonly domain: string | null }
  | { readonly kind: 'tailscale' }
  /** `destination` is what ssh takes, such as `user@host`; `remotePort` is where that host listens. */
  | { readonly kind: 'ssh'; readonly destination: string; readonly remotePort: number; readonly origin: string }
  /** `{port}` in an argument stands for the receiver's port. Its URL is read from its output unless `origin` says it. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly origin: string | null }

export type TunnelState =
  | { readonly kind: 'off' }
  /** It runs, or is about to, and no public URL is known yet. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly origin: string; readonly since: Instant }
  | { readonly kind: 'waiting'; readonly detail: string; readonly retryAt: Instant }
  | { readonly kind: 'missing'; readonly program: string; readonly detail: string }
  /** It ended so often, or so soon, that it is not tried again by itself. */
  | { readonly kind: 'given-up'; readonly detail: string }

export type Tunnel = { readonly setUp: TunnelSetUp | null; readonly state: TunnelState }

/** Every way in, and what leads to them. */
export type WaysIn = {
  readonly inlets: readonly InletReport[]
  readonly receiver: ReceiverHealth
  readonly tunnel: Tunnel
}

/** The steps of a test, in order. Each is passed, failed in words, or not reached. */
export const testSteps = ['resolved', 'connected', 'accepted', 'bytes-intact', 'signature-intact', 'arrived'] as const
export type TestStep = (typeof testSteps)[number]
export type TestedStep =
  | { readonly step: TestStep; readonly kind: 'passed'; readonly detail: string; readonly afterMs: number }
  /** `detail` says what happened, and what to do about it. */
  | { readonly step: TestStep; readonly kind: 'failed'; readonly detail: string }
  | { readonly step: TestStep; readonly kind: 'not-reached' }
export type Tested = { readonly steps: readonly TestedStep[]; readonly isWhole: boolean }

export type InletSaved =
  { readonly kind: 'saved'; readonly id: InletId; readonly ways: WaysIn } | { readonly kind: 'refused'; readonly detail: string }
export type TunnelSaved = { readonly kind: 'saved'; readonly ways: WaysIn } | { readonly kind: 'refused'; readonly detail: string }
