import { mostTriaged, type Triaged, type TriageChange, type TriageOf, type Undone, type UndoId } from '../../shared/triage.ts'
import type { DetectionKey } from '../../shared/detection.ts'
import type { DetectionsChanged, SearchRefused } from '../../shared/ipc.ts'
import type { Reader } from '../reader/reader.ts'
import type { FoundPlace, FoundRows } from '../store/found-rows.ts'
import { mostUndone, type Triage } from '../store/triage.ts'
import { readChange } from './read-change.ts'

/** What the user makes of detections, one or thousands at once, and the way back. */
export type TriagePlace = {
  write(wanted: { readonly of: TriageOf; readonly change: TriageChange }): Promise<Triaged>
  /** All of it or nothing: what something else has touched since is not overwritten. */
  undo(act: UndoId): Promise<Undone>
}

/** Of one commit: ten milliseconds, and deliveries are kept between two of them. Measured: more at once saves next to nothing. */
export const sliceRows = 500
/** More than a window shows: past that it asks again instead of being told each. */
const mostShown = 200

type Found = { readonly kind: 'found'; readonly rows: readonly number[]; readonly isCapped: boolean } | SearchRefused

export function createTriagePlace(parts: {
  readonly rows: Triage
  /** Left alone, all that was written would be brought into the history by one commit in a while, which may be that of a delivery. */
  readonly writeBack: () => void
  readonly ask: Reader['ask']
  readonly onTriaged: (changed: DetectionsChanged) => void
  readonly now: () => number
  /** Lets everything else have its turn. */
  readonly rest?: () => Promise<void>
}): TriagePlace {
  const { rows: history, writeBack, ask, onTriaged, now, rest = () => new Promise((resolve) => setImmediate(resolve)) } = parts
  // One act after the other: two at once would each be a part of the other's "before".
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }

  async function goOn(): Promise<void> {
    await rest()
    writeBack()
    await rest()
  }

  async function find(of: TriageOf): Promise<Found> {
    const rows = new Set<number>()
    if (of.kind === 'keys') return { kind: 'found', rows: [...(await rowsOf(of.keys))], isCapped: false }
    const except = await rowsOf(of.except ?? [])
    let before: FoundPlace | null = null
    do {
      // One more than may be changed tells whether there are more.
      const most = mostTriaged + 1 + except.size - rows.size
      const found: FoundRows = await ask('foundRows', { text: of.text, range: of.range, before, most }, 'triage')
      if (found.kind === 'refused') return found
      for (const row of found.rows) rows.add(row)
      before = found.next
    } while (before !== null && rows.size <= mostTriaged + except.size)
    for (const row of except) rows.delete(row)
    return { kind: 'found', rows: [...rows].slice(0, mostTriaged), isCapped: rows.size > mostTriaged }
  }

  async function rowsOf(keys: readonly DetectionKey[]): Promise<ReadonlySet<number>> {
    const rows = new Set<number>()
    for (let from = 0; from < keys.length; from += sliceRows) {
      if (from > 0) await rest()
      for (const row of history.rowsOf(keys.slice(from, from + sliceRows))) rows.add(row)
    }
    return rows
  }

  async function write({ of, change: wanted }: { readonly of: TriageOf; readonly change: TriageChange }): Promise<Triaged> {
    const read = readChange(wanted, now())
    if (read.kind === 'refused') return read
    const found = await find(of)
    if (found.kind === 'refused') {
      const { at, length, detail } = found
      return { kind: 'search-refused', at, length, detail }
    }
    const { rows, isCapped } = found
    const asOf = of.kind === 'view' ? of.asOf : undefined
    let left = 0
    let act: UndoId | null = null
    const told = createTold(onTriaged)
    try {
      for (let from = 0; from < rows.length; from += sliceRows) {
        if (from > 0) await goOn()
        const written = history.write(act, rows.slice(from, from + sliceRows), read.change, told.room(), asOf)
        act = written.act
        left += written.left
        told.add(written)
      }
    } catch (error) {
      const detail = notWritten(error, told.count(), rows.length)
      return act === null ? refused(detail) : { kind: 'partly', undo: act, count: told.count(), detail }
    } finally {
      told.tell()
    }
    if (rows.length === 0) return refused('None of these detections is in the history any more. Nothing was changed.')
    if (act === null && left === rows.length) return refused(allChanged)
    if (act === null) return refused('Nothing was changed: all of it is so already, or there is no room for more labels or notes.')
    return { kind: 'triaged', undo: act, count: told.count(), isCapped, left }
  }

  async function undo(act: UndoId): Promise<Undone> {
    const state = history.stateOf(act)
    if (state !== 'open') return refused(notUndone[state])
    const looked = await lookBack(act)
    if (looked.touched > 0) return refused(touchedSince(looked))
    const told = createTold(onTriaged)
    try {
      for (let after: number | null = 0; after !== null;) {
        const taken = history.takeBack(act, after, sliceRows, told.room())
        told.add(taken)
        after = taken.next
        if (after !== null) await goOn()
      }
      history.finishUndo(act)
    } catch (error) {
      return { ...refused(notWritten(error, told.count(), looked.untouched)), canTryAgain: true }
    } finally {
      told.tell()
    }
    return { kind: 'undone', count: told.count() }
  }

  async function lookBack(act: UndoId): Promise<{ readonly touched: number; readonly untouched: number }> {
    let touched = 0
    let untouched = 0
    for (let after: number | null = 0; after !== null;) {
      const looked = history.lookBack(act, after, sliceRows)
      touched += looked.touched
      untouched += looked.untouched
      after = looked.next
      if (after !== null) await rest()
    }
    return { touched, untouched }
  }

  return {
    write: (wanted) => inTurn(() => write(wanted)),
    undo: (act) => inTurn(() => undo(act)),
  }
}

/** Gathers what an act changed, and tells it once. */
function createTold(tell: (changed: DetectionsChanged) => void) {
  const changed: DetectionsChanged['changed'][number][] = []
  let count = 0
  return {
    room: () => mostShown - changed.length,
    count: () => count,
    add(slice: { readonly count: number; readonly detections: DetectionsChanged['changed'] }) {
      count += slice.count
      changed.push(...slice.detections)
    },
    tell: () => void (count > 0 && tell({ changed, more: count > changed.length })),
  }
}

const allChanged =
  'All of it came or changed after it was selected, so nothing was changed. Look at what is listed now, select it again, and try once more.'

const notUndone = {
  undone: 'This was taken back already. Nothing was changed.',
  'too-old': `Only the newest ${mostUndone} changes can be taken back. Nothing was changed; change the detections themselves instead.`,
  unknown: 'This change is not in the history any more, and neither are its detections. Nothing was changed.',
} as const

function touchedSince({ touched, untouched }: { readonly touched: number; readonly untouched: number }): string {
  const all = touched + untouched
  const have = touched === 1 ? '1 detection has' : `${touched} detections have`
  const others = untouched === 0 ? '' : ` The other ${untouched} of ${all} could be taken back.`
  return `${have} changed since. Nothing was taken back.${others} Take back the later change first, or change the detections themselves.`
}

function notWritten(error: unknown, done: number, wanted: number): string {
  const because = `It could not be written: ${(error as Error).message}.`
  if (done === 0) return `${because} Nothing was changed; try again.`
  return `${because} ${done} of ${wanted} were changed and stay so, which the history of each says. Try again for the others.`
}

function refused(detail: string): { readonly kind: 'refused'; readonly detail: string } {
  return { kind: 'refused', detail }
}
