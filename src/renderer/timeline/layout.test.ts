import { describe, expect, test } from 'vitest'
import { endAnchor, moved, revealed, scaleOf, tallest, toAnchor, topAnchor, toScroll, visible, type Measure } from './layout.ts'

/** A heading of 36 above every tenth row. */
const measureOf = (count: number, more: Partial<Measure> = {}): Measure => ({
  count,
  rowHeight: 52,
  footHeight: 60,
  height: 600,
  above: (index) => (index % 10 === 0 ? 36 : 0),
  ...more,
})
const million = 1_000_000

describe('the layout of the list', () => {
  test('begins with the heading of the first row, and has what is in view and a little more', () => {
    const rows = visible(topAnchor, measureOf(100), 0)
    expect(rows.slice(0, 2)).toEqual([
      { index: 0, top: 36 },
      { index: 1, top: 88 },
    ])
    expect(rows.at(-1)).toEqual({ index: 10, top: 36 + 520 + 36 })
    expect(visible(topAnchor, measureOf(100), 300).length).toBeGreaterThan(rows.length)
  })

  test('moves by pixels, there and back, over headings', () => {
    const measure = measureOf(1_000)
    let anchor = topAnchor
    for (const by of [7, 300, 1_999, -450, 12, 3_000]) anchor = moved(anchor, by, measure)
    for (const by of [-7, -300, -1_999, 450, -12, -3_000]) anchor = moved(anchor, by, measure)
    expect(anchor).toEqual(topAnchor)
  })

  test('what is moved by a pixel is moved by a pixel wherever it stands', () => {
    const measure = measureOf(1_000)
    let anchor = moved(topAnchor, 5_000, measure)
    for (let n = 0; n < 200; n += 1) {
      const before = visible(anchor, measure, 100)
      anchor = moved(anchor, 1, measure)
      const after = new Map(visible(anchor, measure, 100).map(({ index, top }) => [index, top]))
      for (const { index, top } of before) if (after.has(index)) expect(after.get(index)).toBe(top - 1)
    }
  })

  test('ends where the last row and its foot end with the view, and does not go on', () => {
    const measure = measureOf(25)
    const end = moved(topAnchor, 1e9, measure)
    const last = visible(end, measure, 0).at(-1)
    expect(last).toEqual({ index: 24, top: 600 - 60 - 52 })
    expect(moved(end, 10, measure)).toEqual(end)
    expect(moved(end, -1e9, measure)).toEqual(topAnchor)
  })

  test('of few rows has no place but the top', () => {
    for (const count of [0, 1, 5]) {
      expect(endAnchor(measureOf(count))).toEqual(topAnchor)
      expect(moved(topAnchor, 500, measureOf(count))).toEqual(topAnchor)
    }
    expect(visible(topAnchor, measureOf(0), 100)).toEqual([])
  })

  test('keeps a row where it is when what is above it changes height', () => {
    const anchor = { index: 95, offset: 12 }
    const before = visible(anchor, measureOf(200), 0).find(({ index }) => index === 97)
    const after = visible(anchor, measureOf(200, { above: (index) => (index <= 95 ? 0 : measureOf(200).above(index)) }), 0).find(
      ({ index }) => index === 97,
    )
    expect(after).toEqual(before)
  })

  test('moves no further than shows a row, below what covers the top', () => {
    const measure = measureOf(1_000)
    const anchor = moved(topAnchor, 10_000, measure)
    const inside = visible(anchor, measure, 0)[4]
    if (!inside) throw new Error('no row')
    expect(revealed(anchor, inside.index, measure, 36)).toEqual(anchor)
    const topOf = (index: number, from = anchor) =>
      visible(revealed(from, index, measure, 36), measure, 0).find((row) => row.index === index)?.top
    expect(topOf(anchor.index - 2)).toBe(36)
    expect(topOf(anchor.index + 14)).toBe(600 - 52)
    expect([topOf(900), topOf(5)]).toEqual([600 - 52, 36])
    expect(revealed(anchor, 0, measure, 36)).toEqual(topAnchor)
  })
})

describe('the scroll bar', () => {
  test('stands for pixels in a list that an element can hold', () => {
    const measure = measureOf(1_000, { above: () => 0 })
    const scale = scaleOf(measure, 1)
    expect(scale.height).toBe(52_060)
    expect(toAnchor(5_200 + 17, measure, scale)).toEqual({ index: 100, offset: 17 })
  })

  test.each([1, 1.25, 2, 3, 5])('of ten million rows at %s device pixels stays within what Chromium lays out', (ratio) => {
    const scale = scaleOf(measureOf(10 * million), ratio)
    expect(scale.height * ratio).toBeLessThanOrEqual(33_554_428)
    expect(scale.height).toBeLessThanOrEqual(tallest)
  })

  test.each([1, 2])('of ten million rows leads to every part of them and back (%s device pixels)', (ratio) => {
    const measure = measureOf(10 * million)
    const scale = scaleOf(measure, ratio)
    const far = scale.height - scale.view
    const indexes = Array.from({ length: 101 }, (_, n) => toAnchor((far * n) / 100, measure, scale).index)
    expect(indexes[0]).toBe(0)
    expect(indexes[100]).toBe(endAnchor(measure).index)
    for (const [n, index] of indexes.entries()) if (n > 0) expect(index).toBeGreaterThan(indexes[n - 1] ?? 0)
    expect(indexes[50]).toBeGreaterThan(4.9 * million)
    expect(indexes[50]).toBeLessThan(5.1 * million)
    for (const index of [0, 3, 5_000, 100_000, 5 * million, 9_990_000, 9_999_980]) {
      const back = toAnchor(toScroll({ index, offset: 0 }, measure, scale), measure, scale)
      expect(Math.abs(back.index - index)).toBeLessThanOrEqual(1)
    }
  })

  test('near both ends of ten million rows stands for pixels', () => {
    const measure = measureOf(10 * million)
    const scale = scaleOf(measure, 2)
    const far = scale.height - scale.view
    expect(toScroll({ index: 2, offset: 3 }, measure, scale)).toBe(107)
    const end = endAnchor(measure)
    expect(far - toScroll(end, measure, scale)).toBeLessThan(60)
    expect(toAnchor(far, measure, scale)).toEqual(end)
  })
})
