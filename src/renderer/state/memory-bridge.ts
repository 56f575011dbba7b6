import type { Detection, DetectionId, Instant, OrganizationId, Sequence } from '../../shared/detection.ts'
import { kindOf, type Gap, type InletId, type InletReport, type WaysIn } from '../../shared/inlets.ts'
import type { Answer, Argument, Bridge, DetectionDetail, PushName, Pushes, RequestName } from '../../shared/ipc.ts'

type Handlers = { [N in RequestName]?: (argument: Argument<N>) => Answer<N> | Promise<Answer<N>> }

/** A bridge for tests: the answers are the test's own, and it pushes when the test says so. */
export function createMemoryBridge(handlers: Handlers) {
  const listeners = new Map<PushName, Set<(value: never) => void>>()
  const asked: { readonly name: RequestName; readonly argument: unknown }[] = []
  const bridge: Bridge = {
    async invoke(name, argument) {
      asked.push({ name, argument })
      const handler = handlers[name]
      if (!handler) throw new Error(`no answer to ${name}`)
      return handler(argument)
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(listener as (value: never) => void))
      return () => set.delete(listener as (value: never) => void)
    },
  }
  return {
    bridge,
    asked,
    handlers,
    push<N extends PushName>(name: N, value: Pushes[N]): void {
      for (const listener of listeners.get(name) ?? []) listener(value as never)
    },
    listenerCount: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  }
}

/** An answer that comes when the test says so. */
export function later<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** The detection number `n`; a larger number changed later. */
export function detectionOf(n: number, more: Partial<Detection> = {}): Detection {
  const at = new Date(Date.UTC(2031, 4, 17) + n * 1_000).toISOString() as Instant
  return {
    id: `d${n}` as DetectionId,
    organizationId: 'org' as OrganizationId,
    sequence: Math.max(1, n) as Sequence,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    trust: 'verified',
    detectedAt: at,
    changedAt: at,
    receivedAt: at,
    resolvedAt: null,
    entityId: null,
    entityType: null,
    sourceType: null,
    connectionId: null,
    confidence: null,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
    triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
    demo: false,
    imported: false,
    ...more,
  }
}

/** The same, opened: nothing is known of it but what it says. */
export function detailOf(n: number, more: Partial<Detection> = {}): DetectionDetail {
  return {
    detection: detectionOf(n, more),
    ...{ transitions: [], deliveries: [], isKept: false, notes: [], triageHistory: [], verdictReason: null, said: [] },
    ...{ entityCount: null, connectionCount: null },
  }
}

const start = Date.UTC(2031, 4, 17)
const instant = (seconds: number) => new Date(start + seconds * 1_000).toISOString() as Instant

/** The gap number `n`: a minute of a relay, begun `n` minutes after midnight. */
export function gapOf(n: number, more: Partial<Gap> = {}): Gap {
  return {
    id: n,
    inlet: 'relay:aaaaaaaa' as InletId,
    from: instant(n * 60),
    to: instant(n * 60 + 60),
    because: 'asleep',
    end: { kind: 'backlog', delivered: 0 },
    ...more,
  }
}

/** A way in that is live and has received nothing. */
export function inletOf(id: string, more: Partial<InletReport> = {}): InletReport {
  const kind = kindOf(id) ?? 'relay'
  return {
    id: id as InletId,
    kind,
    name: kind,
    setUp: null,
    state: { kind: 'live', since: instant(0), backlog: null },
    lastDeliveryAt: null,
    counters: { received: 0, kept: 0, duplicate: 0, quarantined: 0, refused: 0, failed: 0, backlog: 0, turnedAway: 0 },
    latencyMs: null,
    address: null,
    secret: null,
    header: null,
    publicKey: null,
    gaps: [],
    ...more,
  }
}

export function waysOf(inlets: readonly InletReport[]): WaysIn {
  return { inlets, receiver: { kind: 'listening', port: 4711 }, tunnel: { setUp: null, state: { kind: 'off' } } }
}
