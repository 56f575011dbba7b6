import { describe, expect, test } from 'vitest'
import type { Page, PageKey } from '../../shared/ipc.ts'
import { createEverythingPages } from './everything-pages.ts'
import { createFoundPages } from './found-pages.ts'
import { mostPages, pageSize, type Ask, type ListPages } from './list-pages.ts'
import { detectionOf } from './memory-bridge.ts'

/** A history that can change between pages: the numbers of its detections, newest first. */
function createMain(count: number) {
  let numbers = Array.from({ length: count }, (_, n) => count - 1 - n)
  const keyOf = (n: number): PageKey => ({ changedAt: detectionOf(n).changedAt, row: n })
  return {
    /** These changed: they stand at the top now, as others. */
    leave(...gone: readonly number[]) {
      numbers = numbers.filter((n) => !gone.includes(n))
    },
    page({ before, skip, limit }: Omit<Ask, 'page'>, cutOff?: number): Page {
      const rest = numbers.filter((n) => before === null || n < before.row).slice(skip)
      const shown = rest.slice(0, cutOff ?? limit)
      const last = shown.at(-1)
      const next = last !== undefined && rest.length > shown.length ? keyOf(last) : null
      return {
        kind: 'page',
        detections: shown.map((n) => detectionOf(n)),
        first: shown[0] === undefined ? null : keyOf(shown[0]),
        next,
        total: numbers.length,
        searchedTo: cutOff === undefined ? null : (next?.changedAt ?? null),
        isWhole: true,
        asOf: { sequence: 0, late: 0 },
      } as Page
    },
  }
}
const begin = { before: null, skip: 0, limit: pageSize }
const idAt = (pages: ListPages, index: number) => pages.at(index)?.detection.id

function bring(main: ReturnType<typeof createMain>, pages: ListPages, index: number): void {
  for (let ask = pages.askFor(index) ?? (index >= pages.count ? pages.askOn() : null); ask !== null;) ask = pages.put(ask, main.page(ask))
}

describe('the pages of everything', () => {
  test('come in any order, and are bounded', () => {
    const main = createMain(20_000)
    const pages = createEverythingPages(main.page(begin))
    for (const index of [19_999, 7_000, 123, 12_345]) {
      bring(main, pages, index)
      expect(idAt(pages, index)).toBe(`d${19_999 - index}`)
    }
    for (let index = 0; index < 20_000; index += pageSize) bring(main, pages, index)
    expect([...pages.rows()].length).toBe(mostPages * pageSize)
    expect(idAt(pages, 0)).toBe('d19999')
  })

  test('continue one another without a hole or a row twice, though rows left for the top meanwhile', () => {
    const main = createMain(3_000)
    const pages = createEverythingPages(main.page(begin))
    bring(main, pages, 1_500)
    const read = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => idAt(pages, from + n))
    const here = read(1_500, 1_600)
    main.leave(2_950, 2_949, 2_000, 1_480)
    for (const index of [1_600, 1_700, 1_400, 1_300, 1_200]) bring(main, pages, index)
    expect(read(1_500, 1_600)).toEqual(here)
    const seen = read(1_200, 1_800).map((id) => Number(id?.slice(1)))
    // Pages that were there when rows left show them where they stood.
    const held = new Set([2_000, 1_480])
    for (const [at, n] of seen.entries()) {
      if (at === 0) continue
      const before = seen[at - 1] ?? 0
      const between = Array.from({ length: before - n - 1 }, (_, skipped) => n + 1 + skipped)
      expect([before > n, between.filter((one) => !held.has(one))]).toEqual([true, []])
    }
  })

  test('know their end once they reach it, sooner or later than was thought', () => {
    const main = createMain(950)
    const first = main.page(begin)
    const fewer = createEverythingPages(first)
    main.leave(500, 400, 300)
    bring(main, fewer, 949)
    expect([fewer.count, idAt(fewer, 946)]).toEqual([947, 'd0'])
    const more = createEverythingPages({ ...first, total: 920 })
    bring(main, more, 919)
    expect([more.count, idAt(more, more.count - 1)]).toEqual([947, 'd0'])
  })
})

describe('the pages of a search', () => {
  const walk = (main: ReturnType<typeof createMain>, pages: ListPages) => {
    while (!pages.isComplete) bring(main, pages, pages.count)
  }

  test('are walked to the end, and those let go of are read again from their own keys', () => {
    const main = createMain(9_050)
    const pages = createFoundPages(main.page(begin))
    walk(main, pages)
    expect([pages.count, [...pages.rows()].length <= mostPages * pageSize, idAt(pages, 150)]).toEqual([9_050, true, undefined])
    bring(main, pages, 150)
    expect([idAt(pages, 150), idAt(pages, 100), idAt(pages, 199)]).toEqual(['d8899', 'd8949', 'd8850'])
  })

  test('are fewer where rows left for the top, and no row is there twice', () => {
    const main = createMain(9_050)
    const pages = createFoundPages(main.page(begin))
    walk(main, pages)
    for (let index = 300; index < 400; index += pageSize) bring(main, pages, index)
    main.leave(8_840, 8_830)
    bring(main, pages, 200)
    const rows = [...pages.rows()].map(([, { key }]) => key)
    expect([pages.count, new Set(rows).size]).toEqual([9_048, rows.length])
    expect([idAt(pages, 297), idAt(pages, 298)]).toEqual(['d8750', 'd8749'])
  })

  test('that come in pieces when read again are put together', () => {
    const main = createMain(9_050)
    const pages = createFoundPages(main.page(begin))
    walk(main, pages)
    let pieces = 0
    for (let ask = pages.askFor(150); ask !== null; pieces += 1) ask = pages.put(ask, main.page(ask, Math.min(40, ask.limit)))
    expect([pieces, idAt(pages, 100), idAt(pages, 199), pages.count]).toEqual([3, 'd8949', 'd8850', 9_050])
  })
})
