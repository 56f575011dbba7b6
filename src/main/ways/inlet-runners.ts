import { assertNever } from '../../shared/assert-never.ts'
import type { Instant } from '../../shared/detection.ts'
import type { FetchingKind, GapReason, InletId, InletSetUp, InletState } from '../../shared/inlets.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { Ingest } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { createMeter, type Meter } from './inlet-meter.ts'
import { isOnThisComputer } from './inlet-setup.ts'
import type { FetchingInlet, FetchingParts, LinkState } from '../inlets/inlet.ts'
import type { InletRows } from '../store/inlets.ts'

export type InletFactories = {
  readonly [K in FetchingKind]: (parts: FetchingParts<Extract<InletSetUp, { readonly kind: K }>>) => FetchingInlet
}

/** How one inlet stands, and what kept it from being live since it last was; null where nothing did. */
export type Standing = { readonly state: InletState; readonly trouble: GapReason | null }

/** The ways in that fetch, as far as they run. */
export type InletRunners = {
  run(setUp: InletSetUp): void
  /** Stops it; it may run again. Its counts stay. */
  halt(id: InletId): Promise<void>
  reconnect(id: InletId): void
  /** After sleep, or when the network is back. */
  reconnectAll(): void
  standing(id: InletId): Standing
  meter(id: InletId): ReturnType<Meter['read']>
  stop(): Promise<void>
}

/** `run` tells one run from the next: what was stopped has nothing to say any more. */
type Entry = { readonly meter: Meter; run: { readonly inlet: FetchingInlet | null }; standing: Standing }

const off: Standing = { state: { kind: 'off' }, trouble: null }

export function createInletRunners(parts: {
  readonly factories: InletFactories
  readonly rows: Pick<InletRows, 'read' | 'writePosition'>
  readonly ledger: GapLedger
  readonly secretOf: (setUp: InletSetUp) => ReturnType<FetchingParts<InletSetUp>['secret']>
  readonly ingest: Ingest
  /** Counted for the app as a whole. */
  readonly onTurnedAway: () => void
  readonly onChanged: () => void
  readonly onBug: (error: unknown) => void
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
}): InletRunners {
  const { factories, rows, ledger, secretOf, ingest, onTurnedAway, onChanged, onBug, now, random, schedule } = parts
  const entries = new Map<InletId, Entry>()

  function entryOf(id: InletId): Entry {
    const known = entries.get(id)
    if (known !== undefined) return known
    const meter = createMeter({
      ingest,
      onHeard: () => ledger.heard(id),
      onRecorded: (isBacklog) => ledger.delivered(id, isBacklog),
      onChanged,
      now,
    })
    const entry: Entry = { meter, run: { inlet: null }, standing: off }
    entries.set(id, entry)
    return entry
  }

  function partsOf<S extends InletSetUp>(setUp: S, entry: Entry, isThisRun: () => boolean): FetchingParts<S> {
    const { id } = setUp
    return {
      setUp,
      secret: () => secretOf(setUp),
      ingest: entry.meter.ingest,
      checkpoint: { read: () => rows.read(id).position, write: (position) => rows.writePosition(id, position) },
      onState(state) {
        if (isThisRun()) take(id, entry, state)
      },
      onTurnedAway() {
        entry.meter.turnedAway()
        onTurnedAway()
      },
      onLost: (count) => ledger.lost(id, count),
      onBug,
      now,
      random,
      schedule,
    }
  }

  function take(id: InletId, entry: Entry, link: LinkState): void {
    switch (link.kind) {
      case 'connecting':
        entry.standing = { state: { kind: 'connecting' }, trouble: entry.standing.trouble }
        ledger.connecting(id)
        break
      case 'live': {
        const { state } = entry.standing
        const since = state.kind === 'live' ? state.since : (new Date(now()).toISOString() as Instant)
        entry.standing = { state: { kind: 'live', since, backlog: link.backlog }, trouble: null }
        ledger.live(id, link.backlog)
        break
      }
      case 'waiting': {
        const { because, detail, retryAt, lastHeardAt } = link
        entry.standing = { state: { kind: 'waiting', because, detail, retryAt }, trouble: because }
        ledger.down(id, because, lastHeardAt === undefined ? undefined : Date.parse(lastHeardAt))
        break
      }
      case 'stopped':
        return
      default:
        assertNever(link)
    }
    onChanged()
  }

  function create(setUp: InletSetUp, entry: Entry, isThisRun: () => boolean): FetchingInlet {
    switch (setUp.kind) {
      case 'relay':
        return factories.relay(partsOf(setUp, entry, isThisRun))
      case 'jetstream':
        return factories.jetstream(partsOf(setUp, entry, isThisRun))
      case 'gosmee':
        return factories.gosmee(partsOf(setUp, entry, isThisRun))
      case 'smee':
        return factories.smee(partsOf(setUp, entry, isThisRun))
      default:
        return assertNever(setUp)
    }
  }

  return {
    run(setUp) {
      const { id, kind } = setUp
      const entry = entryOf(id)
      if (entry.run.inlet !== null) throw new Error('a way in was started twice')
      ledger.watch({
        id,
        offline: isOnThisComputer(setUp) ? 'unaffected' : 'in-doubt',
        reconnects: true,
        // gosmee keeps where it gives its events ids, and we have one of them.
        isKeptMeanwhile: () => kind === 'relay' || kind === 'jetstream' || (kind === 'gosmee' && rows.read(id).position !== null),
      })
      const inlet = create(setUp, entry, () => entry.run.inlet === inlet)
      entry.run = { inlet }
      entry.standing = { state: { kind: 'connecting' }, trouble: entry.standing.trouble }
      inlet.start()
      onChanged()
    },
    async halt(id) {
      const entry = entryOf(id)
      const { inlet } = entry.run
      if (inlet === null) return
      entry.run = { inlet: null }
      entry.standing = off
      ledger.connecting(id)
      await inlet.stop()
      onChanged()
    },
    reconnect: (id) => entries.get(id)?.run.inlet?.reconnect(),
    reconnectAll() {
      for (const { run } of entries.values()) run.inlet?.reconnect('network-back')
    },
    standing: (id) => entries.get(id)?.standing ?? off,
    meter: (id) => entryOf(id).meter.read(),
    async stop() {
      const running = [...entries.values()].flatMap(({ run }) => (run.inlet === null ? [] : [run.inlet]))
      // How they end is no gap: what is missed from now on is the app's being closed.
      for (const entry of entries.values()) entry.run = { inlet: null }
      await Promise.all(running.map((inlet) => inlet.stop()))
    },
  }
}
