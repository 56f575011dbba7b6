import type { GapReason, InletId } from '../../shared/inlets.ts'

export type Watched = {
  readonly id: InletId
  /**
   * Without a network: one on this computer does not notice, one that fetches may have died without a word, and what waits for others to
   * reach this computer is not reached.
   */
  readonly offline: 'unaffected' | 'in-doubt' | 'unreached'
  /** It connects anew after sleep, and is not live before. */
  readonly reconnects: boolean
  /** Asked when it is live again: whether what was sent meanwhile was kept for us. */
  readonly isKeptMeanwhile: () => boolean
}

/** The account of every time in which an inlet was not listening. What is said of one that nobody watches is ignored. */
export type GapLedger = {
  /** From now on its gaps count. Where it was watched by an earlier start of the app, the time since is one. */
  watch(inlet: Watched): void
  /** The user switched it off: a time without it is no gap. */
  unwatch(id: InletId): void
  /** `backlog` is how many are still to come, as a far end says it. */
  live(id: InletId, backlog: number | null): void
  /** `since` is when it was last known to be live, where that was before now. */
  down(id: InletId, because: GapReason, since?: number): void
  /** On its way, with nothing said against it yet. */
  connecting(id: InletId): void
  /** A delivery came in: the far end is there. */
  heard(id: InletId): void
  /** One more is recorded: of what was kept meanwhile, or else one that came by itself, as while the computer falls asleep or wakes. */
  delivered(id: InletId, isBacklog: boolean): void
  /** The far end says that some of what it kept is gone; null where it does not say how much. */
  lost(id: InletId, count: number | null): void
  suspended(at: number): void
  resumed(): void
  network(isOnline: boolean): void
  /** Remembers until when everything was watched. Gaps that last go on at the next start. */
  stop(): void
}
