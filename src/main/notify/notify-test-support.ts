import type { DetectionContent } from '../../shared/detection.ts'
import type { HookId } from '../../shared/hooks.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Change, Checked } from '../ingest/delivery.ts'
import type { Outbox } from '../store/outbox.ts'
import { content, start, temporaryFile, testDatabase, testStore, trusted } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createLedger } from './ledger.ts'
import type { Note, Shown } from './notifier.ts'
import { createNotify, type Circumstances } from './notify.ts'
import { createPostureMemory } from './posture-memory.ts'
import { ruleSet } from './test-support.ts'

export type Wanted = Partial<Omit<DetectionContent, 'id'>> & { readonly id: string }

/** Nobody is at the computer, and nothing was chosen. */
export const alone: Circumstances = { enabled: true, quietHours: null, isInhibited: false, timelineFocused: false, rules: ruleSet() }

/** A real history, the flow of telling on top of it, a desktop that remembers what it was given, and a clock that is moved by hand. */
export function setUp() {
  const clock = createTestClock(start + 1_000_000)
  const { now, schedule } = clock
  const file = temporaryFile()
  const store = testStore({ file, now })
  const shown: Note[] = []
  const moments: number[] = []
  const troubles: unknown[] = []
  const hooked: (readonly [HookId | null, string])[] = []
  let circumstances = alone
  let answer: () => Promise<Shown> = () => Promise.resolve({ kind: 'shown', nativeId: shown.length, service: ':1.7' })
  let isFull = false
  let readsLeft = Number.POSITIVE_INFINITY
  const begin = now()

  function needRoom(): void {
    if (isFull) throw new Error('database or disk is full')
  }
  const outbox: Outbox = {
    ...store.outbox,
    undecided(after, limit) {
      if (readsLeft-- <= 0) throw new Error('disk I/O error')
      return store.outbox.undecided(after, limit)
    },
    quiet(lines) {
      needRoom()
      hooked.push(...lines.map(({ hook, because }) => [hook, because] as const))
      store.outbox.quiet(lines)
    },
    ahead(sends) {
      needRoom()
      hooked.push(...sends.map(({ hook }) => [hook, 'ahead'] as const))
      store.outbox.ahead(sends)
    },
    telling(intent) {
      needRoom()
      hooked.push(...intent.lines.map(({ hook, urgency }) => [hook, urgency] as const))
      return store.outbox.telling(intent)
    },
    shown(id, nativeId, service) {
      needRoom()
      store.outbox.shown(id, nativeId, service)
    },
    notShown(id) {
      needRoom()
      store.outbox.notShown(id)
    },
  }

  function begun() {
    return createNotify({
      notifier: {
        show(note) {
          shown.push(note)
          moments.push(Math.round((now() - begin) / 1000))
          return answer()
        },
      },
      outbox,
      ledger: createLedger({ outbox, onWritten: () => {}, onTrouble: (error) => troubles.push(error), schedule }),
      postures: createPostureMemory(outbox.postureToldSince(now() - 3_600_000, now())),
      circumstances: () => circumstances,
      onTrouble: (error) => troubles.push(error),
      now,
      schedule,
    })
  }
  let notify = begun()

  /** As the pipeline keeps it, answered and not told of yet. */
  function keep(wanted: readonly Wanted[], over: Partial<Checked['delivery']> = {}): readonly Change[] {
    const deliveries = wanted.map((one) => {
      const checked = trusted(content(one), { issued: (now() - start) / 1000, received: (now() - start) / 1000 })
      return { ...checked, delivery: { ...checked.delivery, ...over } }
    })
    return store.keeper
      .keep(deliveries)
      .flatMap((kept) =>
        kept.kind === 'kept' && kept.change !== null ? [over.isBacklog === true ? { ...kept.change, isBacklog: true } : kept.change] : [],
      )
  }

  return {
    store,
    shown,
    /** In seconds, when each was handed to the desktop. */
    moments,
    troubles,
    /** Which hook each line names. */
    hooked,
    keep,
    /** Keeps them and tells of them, as one publish. */
    receive: (wanted: readonly Wanted[], over?: Partial<Checked['delivery']>) => notify.changed(keep(wanted, over)),
    notify: () => notify,
    pass: (ms: number) => clock.passSettled(ms, settled),
    setClock: clock.set,
    /** By the clock that is moved by hand; a crash comes before it. */
    after: (ms: number) => new Promise<void>((resolve) => void schedule(resolve, ms)),
    /** All timers of before are gone, as after a crash. */
    restart() {
      clock.forget()
      notify = begun()
      store.outbox.interrupted()
      notify.recover()
    },
    setCircumstances: (over: Partial<Circumstances>) => void (circumstances = { ...alone, ...over }),
    setAnswer: (next: () => Promise<Shown>) => void (answer = next),
    /** Straight into the file, past the store. */
    spoil: (sql: string) => void testDatabase(file).exec(sql),
    setDisk: (full: boolean) => void (isFull = full),
    /** What is left can be read so often, and then not any more. */
    setReads: (count: number) => void (readsLeft = count),
    pending: () => clock.waits().length,
    left: () => store.outbox.undecided(null, 100_000).changes.map(({ detection }) => detection.id as string),
    lines: () => store.notificationLog.page({ filter: 'all', notification: null, before: null, limit: 200 }).lines,
    /** What became of each, the oldest first: the silence, or the number of the notification, with ? where it is uncertain. */
    said: () =>
      store.notificationLog
        .page({ filter: 'all', notification: null, before: null, limit: 200 })
        .lines.map(({ key, said }) => [key.id, said.kind === 'quiet' ? said.because : `${said.notification}${said.isCertain ? '' : '?'}`])
        .reverse(),
  }
}

export const id = (number: number) => number as NotificationId

/** What waits for promises has come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
}
