import type { Page, PageKey } from '../../shared/ipc.ts'
import { pageSize, touch, trim, type Ask, type ListPages } from './list-pages.ts'
import { place, update, type Placed } from './placed.ts'

type Held = {
  readonly rows: readonly Placed[]
  readonly next: PageKey | null
  /** Pages of one run continue one another exactly: rows that left for the top since a page was asked for part the runs. */
  readonly run: number
}

/**
 * The list of everything: its length is known, so any place of it can be asked for, counted from the row that was first when it
 * was begun. Rows that arrive later stand above that one and move nothing. Rows that leave for the top shift what lies below them: so a
 * page beside one that is there goes on from that one's key, or is made to meet it.
 */
export function createEverythingPages(first: Page): ListPages {
  const anchor = first.first
  const pages = new Map<number, Held>([[0, { rows: first.detections.map(place), next: first.next, run: 0 }]])
  let runs = 1
  let count = first.next === null ? first.detections.length : Math.max(first.total, first.detections.length + 1)

  function askAt(page: number): Ask {
    const above = pages.get(page - 1)
    if (above?.next) return { page, before: above.next, skip: 0, limit: pageSize }
    return { page, before: anchor, skip: page * pageSize - 1, limit: pageSize }
  }

  /** Where a page that was counted out reaches into the one below it, it has to begin further up; null where it does not. */
  function meet(ask: Ask, rows: readonly Placed[]): Ask | null {
    const below = pages.get(ask.page + 1)?.rows[0]
    const at = below === undefined ? -1 : rows.findIndex(({ key }) => key === below.key)
    return at < 0 ? null : { ...ask, skip: Math.max(1, ask.skip - (pageSize - at)) }
  }

  function endAt(length: number): void {
    count = length
    for (const page of pages.keys()) if (page > 0 && page * pageSize >= count) pages.delete(page)
  }

  return {
    kind: 'everything',
    get count() {
      return count
    },
    isComplete: true,
    at(index) {
      return touch(pages, Math.floor(index / pageSize))?.rows[index % pageSize]
    },
    askFor(index) {
      const page = Math.floor(index / pageSize)
      return index < 0 || index >= count || pages.has(page) || anchor === null ? null : askAt(page)
    },
    askOn: () => null,
    askAgain(index) {
      const page = Math.floor(index / pageSize)
      return page > 0 && pages.has(page) ? askAt(page) : null
    },
    put(ask, { detections, next }) {
      const rows = detections.map(place)
      const isContinued = ask.skip === 0
      const again = isContinued ? null : meet(ask, rows)
      if (again !== null && again.skip !== ask.skip) return again
      const below = pages.get(ask.page + 1)
      const run = (isContinued ? pages.get(ask.page - 1)?.run : below?.run) ?? runs++
      if (below && below.run !== run) for (let page = ask.page + 1; pages.get(page)?.run === below.run; page += 1) pages.delete(page)
      pages.delete(ask.page)
      if (rows.length > 0) pages.set(ask.page, { rows, next, run })
      if (next === null) endAt(ask.page * pageSize + rows.length)
      else count = Math.max(count, (ask.page + 1) * pageSize + 1)
      trim(pages)
      return null
    },
    *rows() {
      for (const [page, { rows }] of [...pages].sort(([a], [b]) => a - b))
        for (const [offset, row] of rows.entries()) yield [page * pageSize + offset, row] as const
    },
    head() {
      const rows: Placed[] = []
      for (let page = 0; ; page += 1) {
        const held = pages.get(page)
        if (held === undefined) return rows
        rows.push(...held.rows)
      }
    },
    update(byKey) {
      let isChanged = false
      for (const [page, held] of pages) {
        const rows = update(held.rows, byKey)
        if (rows === held.rows) continue
        pages.set(page, { ...held, rows })
        isChanged = true
      }
      return isChanged
    },
    keepOnly(from, to) {
      for (const page of pages.keys()) if (page !== 0 && ((page + 1) * pageSize <= from || page * pageSize > to)) pages.delete(page)
    },
    renew: () => false,
  }
}
