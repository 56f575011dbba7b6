import type { Instant } from '../../shared/detection.ts'
import type { Digest, DigestSeen, DigestUnseen, InboxPage, LookId } from '../../shared/inbox.ts'
import type { Requests } from '../../shared/ipc.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Reader } from '../reader/reader.ts'
import type { AppValues, SettingsStore } from '../store/settings.ts'

/** What was told and what was kept quiet, and what happened while nobody looked. */
export type InboxPlace = {
  page(wanted: Requests['inbox:page']['argument']): Promise<InboxPage>
  readonly digest: {
    read(wanted: Requests['digest:read']['argument']): Promise<Digest>
    /** Only ever later: what was seen once is not news again, unless the mark is taken back. */
    seen(wanted: Requests['digest:seen']['argument']): DigestSeen
    unseen(id: LookId): DigestUnseen
  }
}
export type Inbox = {
  readonly place: InboxPlace
  /** There are more lines, or what they say of detections may have changed. */
  touched(): void
  stop(): void
}

/** The window is told four times a second at most. */
const tellMs = 250
/** What is new where nobody ever looked. */
const firstLookMs = 86_400_000
/** Digests of which it is known how far they told. */
const mostRead = 16
/** Marks as seen that can be taken back, one after the other. */
const mostUndone = 50

export function createInbox(parts: {
  readonly ask: Reader['ask']
  readonly settings: Pick<SettingsStore, 'readApp' | 'writeApp'>
  readonly onChanged: () => void
  readonly now: () => number
  readonly schedule: Schedule
}): Inbox {
  const { ask, settings, onChanged, now, schedule } = parts
  const read = new Map<Instant, number>()
  /** The newest last. In memory: the page that takes them back does not outlive this run either. */
  let looks: readonly { readonly id: LookId; readonly before: AppValues['lastLook'] }[] = []
  let made = 0
  let cancelTell: (() => void) | null = null
  let isStopped = false

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
          const before = settings.readApp().lastLook
          if (at <= (before?.at ?? 0)) return { undo: null }
          settings.writeApp({ lastLook: { at, sequence: read.get(until) ?? null } })
          const id = (made += 1) as LookId
          looks = [...looks, { id, before }].slice(-mostUndone)
          return { undo: id }
        },

        unseen(id) {
          const look = looks.at(-1)
          if (look?.id !== id) return { kind: 'refused', detail: looks.some((one) => one.id === id) ? markedSince : notKnown }
          settings.writeApp({ lastLook: look.before })
          looks = looks.slice(0, -1)
          return { kind: 'undone' }
        },
      },
    },

    stop() {
      isStopped = true
      cancelTell?.()
    },
  }
}

const markedSince = 'More was marked as seen since. Nothing was taken back; take back the later mark first.'
const notKnown =
  'This mark was taken back already, or was made too long ago, or before Tocsin was started. Nothing was changed; choose a longer time to see it all again.'

function toInstant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}
