import type { Instant } from '../../shared/detection.ts'
import type { Digest, InboxPage, Said } from '../../shared/inbox.ts'
import type { Requests } from '../../shared/ipc.ts'
import type { Sequence } from '../../shared/detection.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Reader } from '../reader/reader.ts'
import type { Decided, NotificationLog } from '../store/notification-log.ts'
import type { SettingsStore } from '../store/settings.ts'

/** What was told and what was kept quiet, and what happened while nobody looked. */
export type InboxPlace = {
  page(wanted: Requests['inbox:page']['argument']): Promise<InboxPage>
  readonly digest: {
    read(wanted: Requests['digest:read']['argument']): Promise<Digest>
    /** Only ever later: what was seen once is not news again. */
    seen(wanted: Requests['digest:seen']['argument']): null
  }
  /** What was decided about changes a moment ago. */
  record(decided: readonly { readonly sequence: Sequence; readonly said: Said }[]): void
}
export type Inbox = {
  readonly place: InboxPlace
  /** What its lines say of detections may have changed. */
  touched(): void
  /** Writes what is left. */
  stop(): void
}

/** A batch takes some milliseconds, so that an answer to SlashID never waits longer than that. */
const batchLines = 200
/** Between two batches: time for what arrives. */
const restMs = 50
/** After what could not be written, as on a full disk. */
const troubleMs = 10_000
/** Beyond so many that could not be written, the oldest are given up. */
const mostWaiting = 20_000
/** The window is told four times a second at most. */
const tellMs = 250
/** What is new where nobody ever looked. */
const firstLookMs = 86_400_000
/** Digests of which it is known how far they told. */
const mostRead = 16

export function createInbox(parts: {
  readonly ask: Reader['ask']
  readonly rows: Pick<NotificationLog, 'add'>
  readonly settings: Pick<SettingsStore, 'readApp' | 'writeApp'>
  readonly onChanged: () => void
  readonly onTrouble: (error: unknown) => void
  readonly now: () => number
  readonly schedule: Schedule
}): Inbox {
  const { ask, rows, settings, onChanged, onTrouble, now, schedule } = parts
  // Written after the commit of their deliveries, and after the answer. A crash may lose the last of them: then it is not known what was said.
  const waiting: Decided[] = []
  const read = new Map<Instant, number>()
  let cancelWrite: (() => void) | null = null
  let cancelTell: (() => void) | null = null
  let isStopped = false

  function plan(afterMs: number): void {
    if (isStopped) return
    cancelWrite ??= schedule(() => {
      cancelWrite = null
      try {
        writeBatch()
        if (waiting.length > 0) plan(restMs)
      } catch (error) {
        onTrouble(error)
        waiting.splice(0, Math.max(0, waiting.length - mostWaiting))
        plan(troubleMs)
      }
    }, afterMs)
  }

  function writeBatch(): void {
    const batch = waiting.slice(0, batchLines)
    rows.add(batch)
    waiting.splice(0, batch.length)
    if (batch.length > 0) touched()
  }

  function touched(): void {
    if (isStopped) return
    cancelTell ??= schedule(() => {
      cancelTell = null
      onChanged()
    }, tellMs)
  }

  return {
    touched,

    place: {
      page: (wanted) => ask('inbox', wanted, 'inbox'),

      digest: {
        async read({ since }) {
          const until = now()
          const last = since === null ? settings.readApp().lastLook : null
          const from = since ?? toInstant(last?.at ?? until - firstLookMs)
          const asked = { since: from, until: toInstant(until), after: last?.sequence ?? null }
          const { digest, newest } = await ask('digest', asked, 'digest')
          read.set(digest.until, newest)
          for (const oldest of read.keys()) if (read.size > mostRead) read.delete(oldest)
          return digest
        },

        seen({ until }) {
          // A time to come would hide what has not happened yet.
          const at = Math.min(Date.parse(until), now())
          if (at > (settings.readApp().lastLook?.at ?? 0)) settings.writeApp({ lastLook: { at, sequence: read.get(until) ?? null } })
          return null
        },
      },

      record(decided) {
        const at = now()
        for (const one of decided) waiting.push({ ...one, at })
        if (waiting.length > 0) plan(restMs)
      },
    },

    stop() {
      isStopped = true
      cancelWrite?.()
      cancelTell?.()
      try {
        while (waiting.length > 0) writeBatch()
      } catch (error) {
        onTrouble(error)
      }
    },
  }
}

function toInstant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}
