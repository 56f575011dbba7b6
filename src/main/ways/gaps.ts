import type { Gap, GapReason, InletId } from '../../shared/inlets.ts'
import type { GapLedger, Watched } from './gap-ledger.ts'
import { addLoss, beginGap, reasonOf, turnTo, type GapRecord } from './gap-record.ts'
import { takeUp } from './gap-take-up.ts'
import { createGapWriter } from './gap-writer.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { GapRows } from '../store/gaps.ts'
import type { InletRows } from '../store/inlets.ts'

/** Shorter ones are no gaps, where everything sent meanwhile came in. */
const blipMs = 2_000
/** How long no more of a backlog came before it counts as in, where the far end says that nothing is left, and where it says nothing. */
const settledMs = { said: 1_000, unsaid: 10_000 }
const rememberMs = 30_000
/** A link may break before anybody notices that the network has gone: what broke it so shortly before broke for that. */
const offlineNoticedMs = 60_000

type State = Watched & {
  link: 'live' | 'connecting' | GapReason
  /** It was live once: before that there was nothing to miss. */
  wasLive: boolean
  gap: GapRecord | null
  /** Over, and what was kept meanwhile is still coming in. */
  awaiting: GapRecord[]
  /** Live since, or the end of the last gap: no gap begins before it. */
  notBefore: number
  heardAt: number
  /** How long after the newest of a backlog it counts as in; null while the far end says that more is to come. */
  settleMs: number | null
  cancelSettling: () => void
  cancelWriting: () => void
}

/**
 * One gap of an inlet at a time, from the moment it was last live until it is live again. For each moment of it sleep is a better
 * reason than a missing network, and that a better one than what the transport says; a gap has the reason that held for most of it. It
 * ends with its backlog once that is in, with what the far end says is lost, or unknown, where nothing was kept.
 */
export function createGapLedger(parts: {
  readonly rows: Pick<GapRows, 'add' | 'change' | 'list' | 'unfinished'>
  readonly inlets: Pick<InletRows, 'read' | 'watched' | 'unwatched'>
  readonly onChanged: (gap: Gap) => void
  /** The history could not take it. It is tried again. */
  readonly onFault: (error: unknown) => void
  readonly now: () => number
  readonly schedule: Schedule
}): GapLedger {
  const { rows, inlets, onChanged, onFault, now, schedule } = parts
  const states = new Map<InletId, State>()
  const { write, flush } = createGapWriter({ rows, onChanged, attempt, now })
  let suspendedAt: number | null = null
  let offlineAt: number | null = null
  let cancelRemembering = schedule(() => remember(), rememberMs)

  function isLive({ link, offline }: State): boolean {
    return link === 'live' && suspendedAt === null && (offlineAt === null || offline !== 'unreached')
  }

  /** null: nothing new is known, so that it stays what it was. */
  function reasonNow({ link, offline }: State): GapReason | null {
    if (suspendedAt !== null) return 'asleep'
    if (offlineAt !== null && offline !== 'unaffected') return 'offline'
    return link === 'live' || link === 'connecting' ? null : link
  }

  /** Brings the gap of an inlet in line with how it stands. `since` is when that began. */
  function update(state: State, since = now()): void {
    const at = now()
    if (isLive(state)) {
      if (state.gap !== null) end(state, state.gap, at)
      else if (!state.wasLive) state.notBefore = at
      if (!state.wasLive) {
        state.wasLive = true
        attempt(() => inlets.watched([state.id], at))
      }
      return
    }
    if (!state.wasLive) return
    const from = Math.min(at, Math.max(since, state.notBefore))
    const reason = reasonNow(state)
    if (state.gap === null) {
      state.gap = beginGap(state.id, from, reason ?? 'relay-down')
      rememberLater(state, state.gap)
    } else if (reason !== null && (reason !== reasonOf(state.gap).reason || from < reasonOf(state.gap).at)) {
      turnTo(state.gap, reason, from)
      if (state.gap.id !== null) write(state.gap)
    }
  }

  /** A blip is not worth a word, and most are over before this. */
  function rememberLater(state: State, gap: GapRecord): void {
    const lasted = now() - gap.from
    if (lasted >= blipMs) write(gap)
    else state.cancelWriting = schedule(() => write(gap), blipMs - lasted)
  }

  /** Nobody will know any more how it ended. */
  function close(gap: GapRecord): void {
    gap.to = Math.max(gap.from, now())
    gap.end = 'unknown'
    write(gap)
  }

  function end(state: State, gap: GapRecord, at: number): void {
    gap.to = Math.max(gap.from, at)
    state.gap = null
    state.cancelWriting()
    state.notBefore = at
    if (state.isKeptMeanwhile()) state.awaiting.push(gap)
    else gap.end = 'unknown'
    // One that was not written yet may turn out a blip once its backlog is in.
    if (gap.end !== 'open' || gap.id !== null || gap.lost !== null) write(gap)
  }

  /** null waits for as long as it takes. */
  function settleIn(state: State, afterMs: number | null): void {
    state.cancelSettling()
    state.settleMs = afterMs
    if (afterMs !== null && state.awaiting.length > 0) state.cancelSettling = schedule(() => settle(state, 'backlog'), afterMs)
  }

  function settle(state: State, how: 'backlog' | 'unknown'): void {
    state.cancelSettling()
    for (const gap of state.awaiting.splice(0)) {
      gap.end = how
      const isBlip = gap.id === null && gap.lost === null && how === 'backlog' && (gap.to ?? 0) - gap.from < blipMs
      if (!isBlip) write(gap)
    }
  }

  function attempt<T>(work: () => T): T | null {
    try {
      return work()
    } catch (error) {
      onFault(error)
      return null
    }
  }

  /** What a crash may take away is no more than the time since this was last done. */
  function remember(isLast = false): void {
    cancelRemembering()
    if (!isLast) cancelRemembering = schedule(() => remember(), rememberMs)
    const all = [...states.values()].flatMap(({ gap, awaiting }) => (gap === null ? awaiting : [...awaiting, gap]))
    for (const gap of all) if (isLast || gap.id !== null) write(gap)
    flush()
    const watched = [...states.values()].filter(({ wasLive }) => wasLive).map(({ id }) => id)
    if (watched.length > 0) attempt(() => inlets.watched(watched, suspendedAt ?? now()))
  }

  function each(work: (state: State) => void): void {
    for (const state of states.values()) work(state)
  }

  function ofWatched(id: InletId, work: (state: State) => void): void {
    const state = states.get(id)
    if (state !== undefined) work(state)
  }

  function watch(inlet: Watched): void {
    const known = states.get(inlet.id)
    if (known !== undefined) return void Object.assign(known, inlet)
    const state: State = {
      ...inlet,
      link: 'connecting',
      wasLive: false,
      gap: null,
      awaiting: [],
      notBefore: 0,
      heardAt: 0,
      settleMs: null,
      cancelSettling: () => {},
      cancelWriting: () => {},
    }
    attempt(() => Object.assign(state, takeUp(inlet.id, { rows, inlets, at: now() })))
    states.set(inlet.id, state)
    if (state.gap !== null) rememberLater(state, state.gap)
  }

  return {
    watch,
    unwatch(id) {
      // An earlier start of the app may have watched it.
      if (!states.has(id) && attempt(() => inlets.read(id).watchedUntil) === null) return
      watch({ id, offline: 'unaffected', reconnects: false, isKeptMeanwhile: () => false })
      ofWatched(id, (state) => {
        states.delete(id)
        state.cancelWriting()
        settle(state, 'unknown')
        if (state.gap !== null) close(state.gap)
        attempt(() => inlets.unwatched(id))
      })
    },
    live: (id, backlog) =>
      ofWatched(id, (state) => {
        state.link = 'live'
        state.heardAt = now()
        update(state)
        if (state.gap === null) settleIn(state, backlog === null ? settledMs.unsaid : backlog === 0 ? settledMs.said : null)
      }),
    down: (id, because, since) =>
      ofWatched(id, (state) => {
        settleIn(state, null)
        const wasLive = state.link === 'live'
        state.link = because
        update(state, wasLive ? since : undefined)
      }),
    connecting: (id) =>
      ofWatched(id, (state) => {
        settleIn(state, null)
        state.link = 'connecting'
        update(state)
      }),
    heard: (id) => ofWatched(id, (state) => (state.heardAt = now())),
    delivered: (id, isBacklog) =>
      ofWatched(id, (state) => {
        const gap = isBacklog ? (state.awaiting.at(-1) ?? null) : state.gap
        // Whatever else is down, what is still recorded then came before.
        if (gap === null || (!isBacklog && reasonOf(gap).reason !== 'asleep')) return
        gap.delivered++
        settleIn(state, state.settleMs)
      }),
    lost: (id, count) =>
      ofWatched(id, (state) => {
        // Nobody noticed a gap, and yet something is gone: then this moment has to stand for it.
        const gap = state.gap ?? state.awaiting.at(-1) ?? { ...beginGap(id, now(), 'relay-down'), to: now(), end: 'unknown' }
        addLoss(gap, count)
        write(gap)
      }),
    suspended(at) {
      if (suspendedAt !== null) return
      suspendedAt = Math.min(at, now())
      each((state) => {
        settleIn(state, null)
        update(state, suspendedAt ?? at)
        // Nobody knows whether this process will run again.
        if (state.gap !== null) write(state.gap)
      })
      remember()
    },
    resumed() {
      suspendedAt = null
      each((state) => {
        if (state.reconnects) state.link = 'connecting'
        update(state)
      })
    },
    network(isOnline) {
      if (isOnline === (offlineAt === null)) return
      const since = offlineAt ?? now()
      offlineAt = isOnline ? null : since
      each((state) => {
        if (state.offline === 'unaffected') return
        if (isOnline && state.reconnects) {
          // It may have died meanwhile without a word.
          const isInDoubt = isLive(state)
          state.link = isInDoubt ? 'offline' : 'connecting'
          update(state, Math.max(since, state.heardAt))
          state.link = 'connecting'
        } else {
          const broke = state.gap === null ? null : reasonOf(state.gap)
          const isForThis = broke !== null && (broke.reason === 'relay-down' || broke.reason === 'tunnel-down')
          update(state, isForThis && since - broke.at < offlineNoticedMs ? broke.at : since)
        }
      })
    },
    stop() {
      remember(true)
      for (const { cancelSettling, cancelWriting } of states.values()) for (const cancel of [cancelSettling, cancelWriting]) cancel()
      states.clear()
    },
  }
}
