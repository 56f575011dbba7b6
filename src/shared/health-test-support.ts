import type { Health, WayHealth } from './health.ts'
import type { InletId } from './inlets.ts'

/** The receiver of this computer, as it is while it listens. */
export const liveReceiver: WayHealth = { id: 'receiver' as InletId, name: 'Receiver', state: 'live', because: null }

/** For tests: an app that listens and lacks nothing, but for what is given. */
export function healthOf(more: Partial<Health> = {}): Health {
  return {
    receiver: { kind: 'listening', port: 4711 },
    ways: [liveReceiver],
    storage: { kind: 'ok' },
    proof: { kind: 'ok' },
    integrity: { kind: 'ok' },
    backups: { kind: 'ok', newestAt: null },
    retention: { kind: 'idle' },
    desktop: { kind: 'reached' },
    counters: { received: 0, kept: 0, duplicate: 0, quarantined: 0, otherTrigger: 0, unreadable: 0, failed: 0, refused: {}, turnedAway: 0 },
    lastDeliveryAt: null,
    waiting: 0,
    ...more,
  }
}
