import type { HookId } from '../../shared/hooks.ts'
import type { Attack } from '../export/attack.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { SecretRead } from '../secrets.ts'
import type { HookMessage, HookRows, KeptHook, MessageId } from '../store/hooks.ts'
import { batchLimits, headersOf, webhookId, write, type Written } from './formats.ts'
import { judge, type Judged } from './judge.ts'
import { givenUpAfterMs, mostTries, pauseAfter } from './pauses.ts'
import type { Post } from './post.ts'

export type LaneParts = {
  readonly rows: HookRows
  /** What this hook is known by on the other side. */
  readonly secretOf: (hook: KeptHook) => SecretRead
  readonly attack: () => Attack
  readonly post: Post
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
  /** Something of what a hook shows is different. */
  readonly onChanged: () => void
  readonly onFault: (error: unknown) => void
}

/** All that is sent to one hook: one request at a time, oldest first. */
export type Lane = {
  /** There may be something to send. */
  wake(): void
  /** What was wrong may be right now: no pause holds any longer. */
  again(): void
  /** When it is tried next; null where nothing waits. */
  nextAt(): number | null
  /** Runs while nothing else is sent to this hook. */
  alone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

/** Messages in memory at a time, where one request takes fewer. */
const messagesAtOnce = 20
/** What was answered is written down together: after a crash it is sent twice, by the same name. */
const writtenEveryMs = 1_000
/** A timer says nothing of the time that a computer slept, or of a clock that was set. */
const longestSleepMs = 5 * 60_000
const afterFaultMs = 60_000
/** The longest pause there is, with what chance adds. */
const furthestMs = 12 * 3_600_000

export function createLane(id: HookId, parts: LaneParts): Lane {
  const { rows, now, random, schedule, onChanged, onFault } = parts
  const stopping = new AbortController()
  /** In a row, of whatever was sent. */
  let failures = 0
  let pausedUntil = 0
  /** So many are sent one by one, to find out which of them is refused. */
  let oneByOne = 0
  let cancelTimer: (() => void) | null = null
  let running: Promise<void> | null = null
  let turn: Promise<unknown> = Promise.resolve()
  /** How often it was saved anew, or somebody came to wait for a turn: what was read before that is not sent any more. */
  let saves = 0
  let turns = 0

  function wake(): void {
    if (running !== null || stopping.signal.aborted) return
    cancelTimer?.()
    cancelTimer = null
    const next = nextAt()
    if (next === null) return
    const waitMs = next - now()
    if (waitMs > 0) cancelTimer = schedule(wake, Math.min(waitMs, longestSleepMs))
    else {
      running = alone(drain)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) onFault(error)
          pausedUntil = now() + afterFaultMs
        })
        .then(() => {
          running = null
          onChanged()
          wake()
        })
    }
  }

  function nextAt(): number | null {
    if (rows.read(id)?.isOn !== true) return null
    const at = now()
    // The clock was set back: no pause was ever meant to be so long.
    if (pausedUntil > at + furthestMs) pausedUntil = 0
    const due = rows.nextAt(id, at)
    return due === null ? null : Math.max(due, pausedUntil)
  }

  function alone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    turns += 1
    const mine = turn.then(() => work(stopping.signal))
    turn = mine.catch(() => {})
    return mine
  }

  /** Some of what is due: whoever waits for a turn has it before the rest. */
  async function drain(signal: AbortSignal): Promise<void> {
    const hook = rows.read(id)
    if (signal.aborted || hook?.isOn !== true) return
    const due = rows.due(id, now(), Math.max(messagesAtOnce, batchLimits[hook.format].messages))
    if (due.length > 0) await sendAll(hook, due, signal)
  }

  async function sendAll(hook: KeptHook, due: readonly HookMessage[], signal: AbortSignal): Promise<void> {
    const [begunSaves, begunTurns] = [saves, turns]
    let sent: MessageId[] = []
    let writtenAt = now()
    const writeDown = (): void => {
      if (sent.length === 0) return
      rows.answered(hook.id, sent, now())
      sent = []
      writtenAt = now()
      onChanged()
    }
    for (const batch of batches(hook, due)) {
      // Its address and its secret belong together: neither goes on with the other's of before.
      if (saves !== begunSaves || turns !== begunTurns) break
      const judged = await send(hook, batch, signal)
      if (judged.kind === 'sent') {
        failures = 0
        oneByOne = Math.max(0, oneByOne - 1)
        sent.push(...batch.map(({ message }) => message.id))
        if (signal.aborted || now() - writtenAt >= writtenEveryMs) writeDown()
        if (signal.aborted) return
        continue
      }
      writeDown()
      // What went wrong with what it was says nothing of what it is.
      if (signal.aborted || saves !== begunSaves) return
      settle(hook, batch, judged)
      onChanged()
      // What is sent next is to be read anew: it may be in another order.
      return
    }
    writeDown()
  }

  function* batches(hook: KeptHook, due: readonly HookMessage[]): Generator<readonly Sending[]> {
    const limits = batchLimits[hook.format]
    let batch: Sending[] = []
    let bytes = 0
    for (const message of due) {
      const written = write(hook.format, webhookId(hook.id, message.chainHash), message.change, parts.attack)
      const size = Buffer.byteLength(written.text) + 1
      const most = oneByOne > 0 ? 1 : limits.messages
      if (batch.length > 0 && (batch.length >= most || bytes + size > limits.bytes)) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push({ message, written })
      bytes += size
    }
    if (batch.length > 0) yield batch
  }

  async function send(hook: KeptHook, batch: readonly Sending[], signal: AbortSignal): Promise<Judged> {
    const secret = parts.secretOf(hook)
    if (secret.kind !== 'known') {
      const words =
        secret.kind === 'none' ? 'Its secret is not here any more. Enter it again.' : `Its secret cannot be had now. ${secret.detail}`
      return { kind: 'failing', words, afterMs: null }
    }
    const messages = batch.map(({ written }) => written)
    const posted = await parts.post({
      url: hook.url,
      headers: headersOf(hook.format, messages, secret.value, now()),
      body: messages.map(({ text }) => text).join('\n'),
      signal,
    })
    return judge(posted, { format: hook.format, host: new URL(hook.url).host, now: now() })
  }

  function settle(hook: KeptHook, batch: readonly Sending[], judged: Exclude<Judged, { readonly kind: 'sent' }>): void {
    if (judged.kind === 'gone') {
      rows.switchOff(hook.id, judged.words)
      return
    }
    if (judged.kind === 'refused' && batch.length > 1) {
      oneByOne = batch.length
      return
    }
    oneByOne = Math.max(0, oneByOne - 1)
    failures += 1
    const pauseMs = (judged.kind === 'failing' ? judged.afterMs : null) ?? pauseAfter(failures, random)
    if (judged.kind === 'failing') pausedUntil = now() + pauseMs
    else {
      const [given, kept] = split(batch)
      if (given.length > 0) rows.giveUp(hook.id, given)
      if (kept.length > 0) rows.postpone(hook.id, kept, now() + pauseAfter((batch[0]?.message.tries ?? 0) + 1, random))
      // One alone may be at fault; where the next is refused as well, all of them may be.
      if (failures > 1) pausedUntil = now() + pauseMs
    }
    const gone = failures < mostTries ? 0 : rows.giveUpSince(hook.id, now() - givenUpAfterMs)
    rows.trouble(hook.id, gone === 0 ? `${judged.words} ${kept}` : `${judged.words} ${gone} ${givenUp}`)
  }

  return {
    wake,
    again() {
      saves += 1
      failures = 0
      pausedUntil = 0
      wake()
    },
    nextAt,
    alone,
    async stop() {
      stopping.abort()
      cancelTimer?.()
      await running
      await turn
    },
  }
}

type Sending = { readonly message: HookMessage; readonly written: Written }

const kept = 'What waits is kept, and tried again.'
const givenUp = 'waited for a day and were given up: they are in the history, and counted as failed. What is newer is tried again.'

/** Those that were tried as often as any is, and the others. */
function split(batch: readonly Sending[]): readonly [readonly MessageId[], readonly MessageId[]] {
  const isLast = ({ message }: Sending): boolean => message.tries + 1 >= mostTries
  const idOf = ({ message }: Sending): MessageId => message.id
  return [batch.filter(isLast).map(idOf), batch.filter((one) => !isLast(one)).map(idOf)]
}
