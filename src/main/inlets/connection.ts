import type { Instant } from '../../shared/detection.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { createBackoff } from './backoff.ts'
import type { LinkState } from './inlet.ts'

/** Why a link ended. `refused`: trying again soon would change nothing, e.g. wrong credentials. `detail` is for people. */
export type LinkEnd = {
  readonly kind: 'lost' | 'refused'
  readonly detail: string
  /** Where the far end fell silent: when it was last heard. */
  readonly lastHeardAt?: Instant
}

/** One connection. */
export type Link = {
  /** Resolves when it has ended and everything it held is let go. Never rejects. */
  readonly ended: Promise<LinkEnd>
  /** Hangs up; `ended` resolves within a bounded time. May be called often. */
  close(): void
}

/** What a link tells while it lasts; after its end it is not heard any more. */
export type LinkReport = {
  /** The far end has let us in. Said again when the backlog changes. */
  live(backlog: number | null): void
  /** Anything came in: the far end is there. */
  heard(): void
}

export type Connection = {
  start(): void
  /** Gives up what there is and connects anew at once. With the network just back, the first refusals are tried again soon. */
  reconnect(because?: 'network-back'): void
  stop(): Promise<void>
}

/** Longest silence before a link counts as dead: one and a half keepalive intervals of 30 s. */
const silenceMs = 45_000
/** From the first attempt to connect until the far end lets us in. */
const entryMs = 15_000
/** A link that lasted this long was a success: the next wait is the shortest again. */
const successMs = 10_000
/** The wait after a refusal: somebody has to change something first, and a changed set-up connects at once anyway. */
const refusedMs = 300_000

/** So often a refusal is doubted after the network is back: for a while a page to log in to may answer for everybody. */
const mostDoubts = 4

/** Keeps one link at a time: opens it, finds out when it is dead, and opens the next after a wait that grows while nothing succeeds. */
export function createConnection(parts: {
  /** Called when no other link is open. May throw only for a bug. */
  readonly open: (report: LinkReport) => Link
  readonly onState: (state: LinkState) => void
  readonly onBug: (error: unknown) => void
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
}): Connection {
  const { open, onState, onBug, now, random, schedule } = parts
  const backoff = createBackoff(random)
  let running: Promise<void> | null = null
  let link: Link | null = null
  let isStopping = false
  /** Ends the wait between two links. */
  let wake: (() => void) | null = null
  let isHurried = false
  let doubts = 0

  async function keepConnected(): Promise<void> {
    while (!isStopping) {
      isHurried = false
      const end = await hold()
      if (isStopping) break
      // What was given up on purpose did not fail.
      if (isHurried) continue
      const isRefused = end.kind === 'refused' && doubts-- <= 0
      const waitMs = isRefused ? refusedMs : backoff.next()
      const retryAt = new Date(now() + waitMs).toISOString() as Instant
      const waited = new Promise<void>((resolve) => {
        const cancel = schedule(resolve, waitMs)
        wake = () => {
          cancel()
          resolve()
        }
      })
      // Only now, when the wait can be ended: whoever is told may reconnect or stop at once.
      onState({
        kind: 'waiting',
        because: isRefused ? 'refused' : 'relay-down',
        detail: end.detail,
        retryAt,
        ...(end.lastHeardAt === undefined ? {} : { lastHeardAt: end.lastHeardAt }),
      })
      await waited
      wake = null
    }
    onState({ kind: 'stopped' })
  }

  /** One link from its beginning to its end. */
  async function hold(): Promise<LinkEnd> {
    let dead: LinkEnd | null = null
    let isOver = false
    let cancelDeadline = (): void => {}
    let cancelSuccess: (() => void) | null = null
    let heardAt: number | null = null
    const give = (withinMs: number, detail: string): void => {
      cancelDeadline()
      cancelDeadline = schedule(() => {
        dead = { kind: 'lost', detail, ...(heardAt === null ? {} : { lastHeardAt: new Date(heardAt).toISOString() as Instant }) }
        link?.close()
      }, withinMs)
    }
    onState({ kind: 'connecting' })
    give(entryMs, 'The far end did not let us in within 15 seconds. It is tried again by itself.')
    try {
      link = open({
        live(backlog) {
          if (isOver || dead !== null) return
          heardAt = now()
          give(silenceMs, silenceDetail)
          cancelSuccess ??= schedule(backoff.reset, successMs)
          onState({ kind: 'live', backlog })
        },
        heard() {
          if (isOver || dead !== null || heardAt === null) return
          heardAt = now()
          give(silenceMs, silenceDetail)
        },
      })
      // Asked for by whoever was told a moment ago, when there was no link to close yet.
      if (isStopping || isHurried) link.close()
      const end = await link.ended
      return dead ?? end
    } catch (error) {
      onBug(error)
      return { kind: 'lost', detail: 'The connection failed in a way nobody foresaw; the log says more. It is tried again by itself.' }
    } finally {
      isOver = true
      link = null
      cancelDeadline()
      ;(cancelSuccess as (() => void) | null)?.()
    }
  }

  return {
    start() {
      if (running !== null) throw new Error('a connection was started twice')
      running = keepConnected()
    },
    reconnect(because) {
      isHurried = true
      doubts = because === 'network-back' ? mostDoubts : 0
      backoff.reset()
      wake?.()
      link?.close()
    },
    async stop() {
      isStopping = true
      wake?.()
      link?.close()
      await running
    },
  }
}

const silenceDetail = 'Nothing was heard for 45 seconds, so the connection counts as dead. It is made anew by itself.'
