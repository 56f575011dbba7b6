import { assertNever } from '../../shared/assert-never.ts'
import type { Instant } from '../../shared/detection.ts'
import type { ReceiverHealth, WayHealth } from '../../shared/health.ts'
import type { GapReason, InletId, InletState, Tunnel } from '../../shared/inlets.ts'
import type { Reach } from './origin-probe.ts'

export type Stands =
  | { readonly kind: 'live' }
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'down'
      readonly because: GapReason
      readonly detail: string
      readonly retryAt: Instant | null
      /** When it was last known to be live, epoch ms, where that was before it was noticed. */
      readonly since?: number
    }

/** How a receiver stands for those who send to it: it listens, and what is sent to the public address, if any, comes there. */
export function standingOf(receiver: ReceiverHealth, tunnel: Tunnel | null, reach: Reach = { kind: 'unknown' }): Stands {
  switch (receiver.kind) {
    case 'starting':
      return { kind: 'connecting' }
    case 'listening':
      return through(reach, tunnel === null || tunnel.setUp === null ? { kind: 'live' } : throughTunnel(tunnel))
    case 'port-taken':
    case 'failed':
      return down('receiver-down', receiver.detail)
    case 'stopped':
      return down('receiver-down', 'The receiver is stopped. The history is safe; deliveries cannot arrive.')
    default:
      return assertNever(receiver)
  }
}

/** A tunnel can be up and forward nothing. */
function through(reach: Reach, stands: Stands): Stands {
  if (reach.kind !== 'unreached' || stands.kind !== 'live') return stands
  return { ...down('tunnel-down', reach.detail), ...(reach.since === null ? {} : { since: reach.since }) }
}

function throughTunnel({ state }: Tunnel): Stands {
  switch (state.kind) {
    case 'running':
      return { kind: 'live' }
    case 'off':
    case 'starting':
      return { kind: 'connecting' }
    case 'waiting':
      return down('tunnel-down', state.detail, state.retryAt)
    case 'missing':
    case 'given-up':
      return down('tunnel-down', state.detail)
    default:
      return assertNever(state)
  }
}

function down(because: GapReason, detail: string, retryAt: Instant | null = null): Extract<Stands, { kind: 'down' }> {
  return { kind: 'down', because, detail, retryAt }
}

/** As the page shows it. */
export function stateOf(stands: Stands, liveSince: Instant): InletState {
  if (stands.kind === 'live') return { kind: 'live', since: liveSince, backlog: null }
  if (stands.kind === 'connecting') return { kind: 'connecting' }
  const { because, detail, retryAt } = stands
  return { kind: 'waiting', because, detail, retryAt }
}

/** What all ways in suffer from together. */
export type Circumstances = { readonly isAsleep: boolean; readonly isOffline: boolean }

/** What everything suffers from comes before what a way in says of itself. One that fetches may still be connected without a network. */
export function inCircumstances(
  state: InletState,
  { isAsleep, isOffline }: Circumstances,
  network: 'needed' | 'in-doubt' | 'not-needed',
): InletState {
  if (state.kind === 'off') return state
  if (isAsleep) return { kind: 'waiting', because: 'asleep', detail: 'This computer is asleep.', retryAt: null }
  if (!isOffline || network === 'not-needed' || (network === 'in-doubt' && state.kind === 'live')) return state
  const detail = 'This computer has no network. It is connected again by itself as soon as there is one.'
  return { kind: 'waiting', because: 'offline', detail, retryAt: null }
}

/** `trouble` is what kept it from being live since it last was. */
export function wayHealth(
  { id, name }: { readonly id: InletId; readonly name: string },
  state: InletState,
  trouble: GapReason | null,
): WayHealth {
  if (state.kind === 'waiting') return { id, name, state: 'down', because: state.because }
  // While it tries again and again it is not about to start.
  if (state.kind === 'connecting' && trouble !== null) return { id, name, state: 'down', because: trouble }
  return { id, name, state: state.kind === 'live' ? 'live' : 'connecting', because: null }
}
