import type { Page, PageKey } from '../../shared/ipc.ts'
import { pageSize, touch, trim, type Ask, type ListPages } from './list-pages.ts'
import { place, update, type Placed } from './placed.ts'

/** A walked part of the list; its rows are in memory, or are asked for again from its key. */
type Part = { start: number; length: number; before: PageKey | null; next: PageKey | null }

/**
 * What a search finds: it is walked page by page, and how long it is is known at its end. A page that took too long may have few rows, or none:
 * the walk goes on from where it came to. Keys are remembered, rows only so many.
 */
export function createFoundPages(first: Page): ListPages {
  let parts: Part[] = [{ start: 0, length: first.detections.length, before: null, next: first.next }]
  const held = new Map<number, readonly Placed[]>([[0, first.detections.map(place)]])
  /** Of a part that is asked for again and did not come whole in its time. */
  let pending: readonly Placed[] = []

  const last = (): Part => parts.at(-1) as Part
  const count = (): number => last().start + last().length

  function partAt(index: number): number {
    let [low, high] = [0, parts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((parts[middle]?.start ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  function resize(at: number, length: number): void {
    const part = parts[at]
    if (part === undefined) return
    const by = length - part.length
    part.length = length
    if (by !== 0) for (const later of parts.slice(at + 1)) later.start += by
  }

  function walkOn(ask: Ask, { detections, next }: Page): null {
    const end = last()
    if (end.next !== ask.before) return null
    const known = new Set([...held.values()].flat().map(({ key }) => key))
    const found = detections.map(place).filter(({ key }) => !known.has(key))
    const rows = held.get(parts.length - 1)
    if (rows && rows.length + found.length <= pageSize) {
      held.set(parts.length - 1, [...rows, ...found])
      end.length += found.length
      end.next = next
    } else {
      parts.push({ start: count(), length: found.length, before: end.next, next })
      held.set(parts.length - 1, found)
      trim(held)
    }
    return null
  }

  function readAgain(ask: Ask, { detections, next, searchedTo }: Page): Ask | null {
    const part = parts[ask.page]
    if (part === undefined) return null
    if (ask.before === part.before) pending = []
    const below = new Set(held.get(ask.page + 1)?.map(({ key }) => key))
    pending = [...pending, ...detections.map(place)].filter(({ key }) => !below.has(key))
    const isCutOff = searchedTo !== null && next !== null && (part.next === null || next.changedAt > part.next.changedAt)
    if (isCutOff && pending.length < part.length) return { ...ask, before: next, limit: part.length - pending.length }
    held.set(ask.page, pending)
    resize(ask.page, pending.length)
    pending = []
    trim(held)
    return null
  }

  return {
    kind: 'found',
    get count() {
      return count()
    },
    get isComplete() {
      return last().next === null
    },
    at(index) {
      const at = partAt(index)
      return touch(held, at)?.[index - (parts[at]?.start ?? 0)]
    },
    askFor(index) {
      if (index < 0 || index >= count()) return null
      const page = partAt(index)
      const part = parts[page]
      return part === undefined || held.has(page) ? null : { page, before: part.before, skip: 0, limit: part.length }
    },
    askOn() {
      const { next } = last()
      return next === null ? null : { page: parts.length, before: next, skip: 0, limit: pageSize }
    },
    askAgain(index) {
      const page = partAt(index)
      const part = parts[page]
      return part === undefined || page === 0 || !held.has(page)
        ? null
        : { page, before: part.before, skip: 0, limit: Math.max(1, part.length) }
    },
    put: (ask, page) => (ask.page >= parts.length ? walkOn(ask, page) : readAgain(ask, page)),
    *rows() {
      for (const [at, rows] of [...held].sort(([a], [b]) => a - b))
        for (const [offset, row] of rows.entries()) yield [(parts[at]?.start ?? 0) + offset, row] as const
    },
    head() {
      const rows: Placed[] = []
      for (let at = 0; held.has(at); at += 1) rows.push(...(held.get(at) ?? []))
      return rows
    },
    update(byKey) {
      let isChanged = false
      for (const [at, rows] of held) {
        const updated = update(rows, byKey)
        if (updated === rows) continue
        held.set(at, updated)
        isChanged = true
      }
      return isChanged
    },
    keepOnly(from, to) {
      for (const at of held.keys()) {
        const part = parts[at]
        if (at !== 0 && part && (part.start + part.length <= from || part.start > to)) held.delete(at)
      }
    },
    renew({ detections, next, searchedTo }) {
      const end = last().next
      if (searchedTo === null || (end !== null && end.changedAt >= searchedTo) || held.size < parts.length) return false
      const found = detections.map(place)
      const keys = new Set(found.map(({ key }) => key))
      // All that fits down to where it looked is in the page; below that, what was found by going on stays.
      const below = parts.flatMap(({ before, next: after }, at) => {
        const rows = (held.get(at) ?? []).filter((row) => !keys.has(row.key) && row.placedAt < searchedTo)
        return rows.length > 0 ? [{ rows, before, next: after }] : []
      })
      const kept = [{ rows: found, before: null, next }, ...below.map((part, at) => (at === 0 ? { ...part, before: next } : part))]
      held.clear()
      let start = 0
      parts = kept.map(({ rows, before, next: after }, at) => {
        held.set(at, rows)
        const part = { start, length: rows.length, before, next: after }
        start += rows.length
        return part
      })
      last().next = end
      return true
    },
  }
}
