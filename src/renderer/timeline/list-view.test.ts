import { describe, expect, test } from 'vitest'
import { endAnchor, scaleOf, type Measure } from './layout.ts'
import { ListView } from './list-view.svelte.ts'

/** An element that scrolls as the view wishes. */
function open(count: number, headings: ReadonlyMap<number, number> = new Map()) {
  const state = { count, above: new Map(headings) }
  const rows = () => ({ count: state.count, rowHeight: 50, footHeight: 0, above: (index: number) => state.above.get(index) ?? 0, extra: 0 })
  const view = new ListView(rows)
  view.height = 500
  view.pixelRatio = 2
  let scrollTop = 0
  const follow = () => {
    if (view.wish) scrollTop = Math.min(view.wish.scrollTop, far())
  }
  const far = () => view.scale.height - view.scale.view
  const scroll = (by: number, isDragged = false) => {
    scrollTop = Math.min(Math.max(scrollTop + by, 0), far())
    view.wish = null
    view.scrolled(scrollTop, isDragged)
    follow()
  }
  return {
    view,
    state,
    scroll,
    far,
    follow,
    get scrollTop() {
      return scrollTop
    },
  }
}
const million = 1_000_000
const topsOf = ({ view }: ReturnType<typeof open>) => new Map(view.visible.map(({ index, top }) => [index, top]))

describe('the view of the list', () => {
  test('goes pixel by pixel, also in the middle of ten million rows', () => {
    const list = open(10 * million)
    list.scroll(list.far() / 2, true)
    expect(list.view.anchor.index).toBeGreaterThan(4.5 * million)
    for (let n = 0; n < 50; n += 1) {
      const before = topsOf(list)
      list.scroll(n % 2 === 0 ? 37 : -11)
      const after = topsOf(list)
      const by = n % 2 === 0 ? -37 : 11
      for (const [index, top] of after) if (before.has(index)) expect(top - (before.get(index) ?? 0)).toBeCloseTo(by, 3)
    }
  })

  test('reaches the first and the last of ten million rows by scrolling, from wherever the bar is', () => {
    const list = open(10 * million, new Map(Array.from({ length: 40 }, (_, n) => [n * 3, 36])))
    list.view.show(60, 36)
    list.follow()
    for (let n = 0; n < 60; n += 1) list.scroll(-100)
    expect([list.view.anchor, list.scrollTop]).toEqual([{ index: 0, offset: 0 }, 0])
    list.view.toEnd()
    list.follow()
    list.scroll(-2_000)
    for (let n = 0; n < 30; n += 1) list.scroll(100)
    expect(list.view.anchor).toEqual(endAnchor(list.view.measure))
    expect(list.scrollTop).toBe(list.far())
  })

  test('puts the bar where it belongs once it rests, and moves no row for that', () => {
    const list = open(10 * million)
    list.scroll(list.far() / 2, true)
    for (let n = 0; n < 900; n += 1) list.scroll(400)
    const [before, at] = [topsOf(list), list.scrollTop]
    list.view.rested()
    list.follow()
    expect(list.scrollTop).toBeLessThan(at - 200_000)
    expect(topsOf(list)).toEqual(before)
  })

  test('keeps what is read where it is when a heading above it becomes known, and when rows arrive above', () => {
    const list = open(1_000)
    list.scroll(10_020)
    const before = topsOf(list)
    const { index } = list.view.anchor
    list.state.above.set(index, 36)
    // What it is measured by changed.
    list.view.height = 501
    expect(topsOf(list).get(index + 3)).toBe(before.get(index + 3))
    list.view.renumber(index + 7)
    expect(topsOf(list).get(index + 10)).toBe(before.get(index + 3))
  })

  test('shows a row whole, and the ends to the pixel', () => {
    const list = open(10 * million)
    list.view.reveal(5 * million, 36)
    expect(topsOf(list).get(5 * million)).toBe(450)
    list.view.reveal(5 * million - 12, 36)
    expect(topsOf(list).get(5 * million - 12)).toBe(36)
    list.view.toEnd()
    expect(topsOf(list).get(10 * million - 1)).toBe(450)
    list.view.toTop()
    expect(topsOf(list).get(0)).toBe(0)
  })

  test('of fewer rows than before ends with them', () => {
    const list = open(1_000)
    list.view.toEnd()
    const measure: Measure = { count: 3, rowHeight: 50, footHeight: 0, height: 500, above: () => 0 }
    expect(endAnchor(measure)).toEqual({ index: 0, offset: 0 })
    expect(scaleOf(measure, 1).height).toBe(500)
  })
})
