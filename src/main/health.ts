import type { BackupHealth, IntegrityHealth, RetentionHealth } from '../shared/care.ts'
import type { Instant } from '../shared/detection.ts'
import type { DesktopHealth, Health, ProofHealth, ReceiverHealth, StorageHealth, WayHealth } from '../shared/health.ts'
import { createCounters, type Count } from './ingest/counters.ts'

/** Where every part reports how it is, and everybody reads it. */
export type HealthMonitor = {
  readonly count: Count
  receiver(health: ReceiverHealth): void
  storage(health: StorageHealth): void
  proof(health: ProofHealth): void
  integrity(health: IntegrityHealth): void
  backups(health: BackupHealth): void
  retention(health: RetentionHealth): void
  desktop(health: DesktopHealth): void
  /** A way in stands differently. */
  waysChanged(): void
  read(): Health
  stop(): void
}

/** How long changes are gathered before they are told: under load, health is a picture four times a second. */
const tellEveryMs = 250

export function createHealthMonitor(parts: {
  readonly ways: () => readonly WayHealth[]
  readonly waiting: () => number
  readonly onChanged: (health: Health) => void
  readonly now: () => number
}): HealthMonitor {
  const { ways, waiting, onChanged, now } = parts
  const counters = createCounters()
  let receiver: ReceiverHealth = { kind: 'starting' }
  let storage: StorageHealth = { kind: 'ok' }
  let proof: ProofHealth = { kind: 'ok' }
  let integrity: IntegrityHealth = { kind: 'ok' }
  let backups: BackupHealth = { kind: 'ok', newestAt: null }
  let retention: RetentionHealth = { kind: 'idle' }
  let desktop: DesktopHealth = { kind: 'reached' }
  let lastDeliveryAt: Instant | null = null
  let isStopped = false
  let telling: NodeJS.Timeout | null = null

  function read(): Health {
    return {
      receiver,
      ways: ways(),
      storage,
      proof,
      integrity,
      backups,
      retention,
      desktop,
      counters: counters.read(),
      lastDeliveryAt,
      waiting: waiting(),
    }
  }

  function changed(): void {
    if (isStopped) return
    telling ??= setTimeout(() => {
      telling = null
      onChanged(read())
    }, tellEveryMs)
  }

  return {
    count(event) {
      counters.count(event)
      if (event.kind === 'received') lastDeliveryAt = new Date(now()).toISOString() as Instant
      changed()
    },
    receiver(health) {
      receiver = health
      changed()
    },
    storage(health) {
      storage = health
      changed()
    },
    proof(health) {
      proof = health
      changed()
    },
    integrity(health) {
      integrity = health
      changed()
    },
    backups(health) {
      backups = health
      changed()
    },
    retention(health) {
      retention = health
      changed()
    },
    desktop(health) {
      desktop = health
      changed()
    },
    waysChanged: changed,
    read,
    stop() {
      isStopped = true
      if (telling !== null) clearTimeout(telling)
    },
  }
}
