import type { DetectionKey, Verdict } from '../../shared/detection.ts'
import type { Bridge, Notice } from '../../shared/ipc.ts'
import type { TriageChange, Triaged, TriageOf } from '../../shared/triage.ts'
import type { Cursor } from './cursor.svelte.ts'
import type { Marks } from './marks.svelte.ts'
import { reasonOf } from './reason.ts'
import { snoozedUntil, snoozeWords, type Snooze } from '../../shared/snooze.ts'

export type TriageAction = 'mark' | 'acknowledge' | 'done' | 'snooze' | 'unread'
/** One act that can be taken back, and what it was, for people: `3 detections acknowledged`. */
export type Act = {
  readonly said: string
  back(): Promise<{ readonly kind: 'undone' } | { readonly kind: 'refused'; readonly detail: string; readonly canTryAgain?: boolean }>
}
/** `turn` is how late it came among all acts, those of the rules too: a clock may be set back. */
export type Undoable = Act & { readonly turn: number }
/** What the trouble that is shown is about: what was asked for, and what of it was done or could not be taken back. */
type Failed = { readonly asked: string | null; readonly act: Undoable | null }

const mostUndone = 50
const offeredMs = 10_000
const trouble = 'triage'

export const verdictWords: Readonly<Record<Verdict, string>> = {
  'true-positive': 'True positive',
  'false-positive': 'False positive',
  expected: 'Expected',
}

/** What the user makes of detections: of those that are marked, or of the one the keyboard stands on. Everything can be undone. */
export class Triage {
  /** What was done last, for as long as it is offered to be taken back. */
  offer = $state.raw<Undoable | null>(null)
  isWriting = $state(false)
  /** The newest last. */
  #done = $state.raw<readonly Undoable[]>([])
  readonly marks: Marks
  readonly #bridge: Bridge
  readonly #cursor: Cursor
  readonly #tell: (notice: Notice) => void
  readonly #settled: (trouble: string) => void
  readonly #now: () => number
  readonly #turn: () => number
  #failed: Failed | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `settled`: what was told under this id is so no more. `turn` numbers what is done anywhere on the desk. */
  constructor(
    bridge: Bridge,
    parts: {
      readonly marks: Marks
      readonly cursor: Cursor
      readonly tell: (notice: Notice) => void
      readonly settled: (trouble: string) => void
      readonly now: () => number
      readonly turn: () => number
    },
  ) {
    this.#bridge = bridge
    this.marks = parts.marks
    this.#cursor = parts.cursor
    this.#tell = parts.tell
    this.#settled = parts.settled
    this.#now = parts.now
    this.#turn = parts.turn
  }

  get hasMarks() {
    return this.marks.count > 0
  }

  get canAct() {
    return this.hasMarks || this.#cursor.target !== null
  }

  /** Of what would be taken back next; 0 where nothing would. */
  get lastTurn() {
    return this.#done.at(-1)?.turn ?? 0
  }

  get canUndo() {
    return this.#done.length > 0
  }

  unmark(): void {
    this.marks.clear()
  }

  async act(action: TriageAction): Promise<void> {
    switch (action) {
      case 'mark':
        if (this.#cursor.index >= 0) this.#cursor.toggleAt(this.#cursor.index)
        return
      case 'acknowledge':
        return this.change({ state: 'acknowledged' }, 'acknowledged')
      case 'done':
        return this.done(null)
      case 'snooze':
        return this.snooze('hour')
      case 'unread':
        return this.change({ isRead: false, state: 'new' }, 'marked unread')
    }
  }

  done(verdict: Verdict | null): Promise<void> {
    const change = verdict === null ? {} : { verdict: { verdict, reason: '' } }
    return this.change({ state: 'done', ...change }, verdict === null ? 'done' : `done as ${verdictWords[verdict].toLowerCase()}`)
  }

  snooze(snooze: Snooze): Promise<void> {
    return this.change({ snoozedUntil: snoozedUntil(snooze, this.#now()) }, `snoozed ${snoozeWords[snooze]}`)
  }

  wake(): Promise<void> {
    return this.change({ snoozedUntil: null }, 'woken')
  }

  label(label: string): Promise<void> {
    return this.change({ addLabel: label }, `labelled “${label}”`)
  }

  /** Of this one, whatever is marked; null takes its verdict away. */
  judge({ organizationId, id }: DetectionKey, verdict: Verdict | null, reason: string): Promise<boolean> {
    const what = verdict === null ? 'without a verdict' : `found to be ${verdictWords[verdict].toLowerCase()}`
    return this.write({ kind: 'keys', keys: [{ organizationId, id }] }, { verdict: verdict === null ? null : { verdict, reason } }, what)
  }

  /** Of what is marked, or of what the keyboard stands on; `what` says it after the number: `acknowledged`. */
  async change(change: TriageChange, what: string): Promise<void> {
    const marked = this.marks.target
    const key = this.#cursor.target
    const of: TriageOf | null = marked ?? (key ? { kind: 'keys', keys: [{ organizationId: key.organizationId, id: key.id }] } : null)
    if (of === null) return
    if (this.isWriting) return this.#wait()
    const isDone = await this.write(of, change, what)
    if (isDone && marked !== null) this.marks.clear()
  }

  /** false where it was not done, or not all of it, which the user is told. */
  async write(of: TriageOf, change: TriageChange, what: string): Promise<boolean> {
    this.isWriting = true
    const asked = JSON.stringify([what, of])
    try {
      const triaged = await this.#bridge.invoke('triage:write', { of, change })
      const act =
        triaged.kind === 'triaged' || triaged.kind === 'partly'
          ? this.remember({ said: saidOf(triaged, what), back: () => this.#bridge.invoke('triage:undo', triaged.undo) })
          : null
      if (triaged.kind === 'triaged') {
        this.#settle((failed) => failed.asked === asked)
        return true
      }
      this.#fail(triaged.kind === 'partly' ? 'Not all of it could be done' : 'It could not be done', triaged.detail, { asked, act })
      return false
    } catch (error) {
      this.#fail('It could not be done', reasonOf(error), { asked, act: null })
      return false
    } finally {
      this.isWriting = false
    }
  }

  async undoLast(): Promise<void> {
    const last = this.#done.at(-1)
    if (last === undefined) return
    if (this.isWriting) return this.#wait()
    this.isWriting = true
    this.dismiss()
    try {
      const undone = await last.back()
      // What cannot be undone for good makes room: those before it still may be.
      if (undone.kind === 'undone' || undone.canTryAgain !== true) this.#done = this.#done.filter((one) => one !== last)
      if (undone.kind === 'refused') this.#fail('It could not be undone', undone.detail, { asked: null, act: last })
      else {
        this.#settle((failed) => failed.act === last)
        this.#tell({ id: 'undone', tone: 'info', title: `Undone: ${last.said}`, text: '' })
      }
    } catch (error) {
      this.#fail('It could not be undone', reasonOf(error), { asked: null, act: last })
    } finally {
      this.isWriting = false
    }
  }

  dismiss(): void {
    clearTimeout(this.#timer)
    this.offer = null
  }

  /** Offers to take it back. Acts elsewhere on the desk are among these: the newest of all is taken back first. */
  remember(done: Act): Undoable {
    const undoable = { ...done, turn: this.#turn() }
    this.#done = [...this.#done, undoable].slice(-mostUndone)
    this.dismiss()
    this.offer = undoable
    this.#timer = setTimeout(() => (this.offer = null), offeredMs)
    return undoable
  }

  /** One after the other: what comes too soon is not done later, when something else may be marked. */
  #wait(): void {
    const text = 'What was done before it is still being written. Do it again in a moment.'
    this.#tell({ id: 'triage-waits', tone: 'info', title: 'Nothing was changed by this', text })
  }

  #fail(title: string, text: string, failed: Failed): void {
    this.#failed = failed
    this.#tell({ id: trouble, tone: 'trouble', title, text })
  }

  /** Trouble stays until it is dismissed: once it was done by another try, or taken back, “try again” would no longer be true. */
  #settle(isOver: (failed: Failed) => boolean): void {
    if (this.#failed === null || !isOver(this.#failed)) return
    this.#failed = null
    this.#settled(trouble)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function saidOf(triaged: Extract<Triaged, { kind: 'triaged' | 'partly' }>, what: string): string {
  const said = `${triaged.count.toLocaleString('en')} ${triaged.count === 1 ? 'detection' : 'detections'} ${what}`
  if (triaged.kind === 'partly') return said
  const { isCapped, left } = triaged
  const more = isCapped ? '; more fitted than one change may take' : ''
  const since =
    left === 0
      ? ''
      : `; ${left.toLocaleString('en')} that came or changed since ${left === 1 ? 'was' : 'were'} left as ${left === 1 ? 'it is' : 'they are'}`
  return `${said}${more}${since}`
}
