import { expect, test } from 'vitest'
import { toChartBars } from './bars.ts'
import { pointerOver } from './gesture.ts'
import { Interaction } from './interaction.svelte.ts'
import { layoutOf, xOf } from './layout.ts'
import { lanesOf } from './overlay.ts'
import { toInstant, type Span } from './span.ts'

const hour = 3_600_000
const start = Date.UTC(2031, 4, 17)
const whole: Span = { from: start - 240 * hour, to: start + 24 * hour }
const layout = layoutOf(1_000, 172)

/** A day of 24 bars at the end of eleven days. */
function setUp(span: Span = { from: start, to: start + 24 * hour }) {
  const done: [string, Span | null | number][] = []
  const bars = toChartBars({
    bars: Array.from({ length: 24 }, (_, n) => ({ from: toInstant(start + n * hour), to: toInstant(start + (n + 1) * hour), counts: [] })),
    countedTo: null,
  })
  const chart = {
    range: null,
    preview: null as Span | null,
    now: start + 23.5 * hour,
    zoom: (to: Span | null) => void done.push(['zoom', to]),
    drag: (to: Span) => void done.push(['drag', to]),
    glide: (to: Span) => void done.push(['glide', to]),
    cancel: () => void done.push(['cancel', null]),
  }
  const act = new Interaction({
    chart,
    field: () => ({ layout, span, whole }),
    bars: () => bars,
    show: (bar) => void done.push(['show', bar]),
  })
  const lane = lanesOf(layout)
  return {
    act,
    done,
    chart,
    at: (hours: number) => ({ x: xOf(start + hours * hour, span, lane), y: lane.y + 10 }),
    below: (at: number) => ({ x: xOf(at, whole, layout.minimap), y: layout.minimap.y + 5 }),
    field: { layout, span, whole },
  }
}
const hours = (from: number, to: number): Span => ({ from: start + from * hour, to: start + to * hour })

test('a brush, whichever way it goes, chooses whole bars and zooms to them', () => {
  for (const [from, to] of [
    [2.5, 5.2],
    [5.2, 2.5],
  ] as const) {
    const { act, done, at } = setUp()
    act.down(at(from))
    act.move(at((from + to) / 2))
    act.move(at(to))
    expect(act.chosen).toEqual(hours(2, 6))
    act.up(at(to))
    expect(done).toEqual([['zoom', hours(2, 6)]])
  }
})

test('a click is no brush: the list goes there', () => {
  const { act, done, at } = setUp()
  const point = at(4.5)
  act.down(point)
  act.move({ ...point, x: point.x + 2 })
  act.up(point)
  expect(done).toEqual([['show', hours(4, 5)]])
})

test('Escape gives a brush up, and what was released after it does nothing', () => {
  const { act, done, at } = setUp()
  act.down(at(2))
  act.move(at(9))
  expect(act.cancel()).toBe(true)
  expect(act.chosen).toBeNull()
  act.up(at(9))
  expect(done).toEqual([['cancel', null]])
  expect(act.command({ kind: 'cancel' })).toBe(false)
})

test('the window of the minimap is moved by its middle and widened by its edges', () => {
  const { act, done, below, field } = setUp()
  expect([
    pointerOver(below(start + 12 * hour), field),
    pointerOver(below(start), field),
    pointerOver(below(start - 90 * hour), field),
  ]).toEqual(['grab', 'ew-resize', 'crosshair'])
  act.down(below(start + 12 * hour))
  act.move(below(start - 12 * hour))
  expect(done.at(-1)?.[0]).toBe('drag')
  act.up(below(start - 12 * hour))
  const moved = done.at(-1)?.[1] as Span
  expect([(moved.from - start) / hour, (moved.to - start) / hour]).toEqual([expect.closeTo(-24), expect.closeTo(0)])
  act.down(below(start))
  act.move(below(start - 48 * hour))
  act.up(below(start - 48 * hour))
  const wider = done.at(-1)?.[1] as Span
  expect([(wider.from - start) / hour, wider.to]).toEqual([expect.closeTo(-48), start + 24 * hour])
})

test('no edge of the window passes the other, nor the ends of the history', () => {
  const { act, done, below } = setUp()
  act.down(below(start))
  act.move(below(start + 900 * hour))
  act.move(below(start - 9_000 * hour))
  const [past, out] = done.map(([, span]) => span as Span)
  expect((past?.to ?? 0) - (past?.from ?? 0)).toBeGreaterThan(0)
  expect(out?.from).toBe(whole.from)
})

test('a click beside the window brings it there, as wide as it was', () => {
  const { act, done, below } = setUp()
  const point = below(start - 100 * hour)
  act.down(point)
  act.up(point)
  const span = done.at(-1)?.[1] as Span
  expect([(span.from + span.to) / 2, span.to - span.from]).toEqual([expect.closeTo(start - 100 * hour, -2), 24 * hour])
})

test('the wheel zooms at the pointer, and moves sideways with Shift or by itself', () => {
  const { act, done, at } = setUp()
  act.turn(at(6), { deltaX: 0, deltaY: -100, isSideways: false })
  const closer = done.at(-1)?.[1] as Span
  expect(closer.to - closer.from).toBeLessThan(24 * hour)
  expect((start + 6 * hour - closer.from) / (closer.to - closer.from)).toBeCloseTo(0.25)
  act.turn(at(6), { deltaX: 0, deltaY: -100, isSideways: true })
  act.turn(at(6), { deltaX: -100, deltaY: 3, isSideways: false })
  const [one, other] = done.slice(-2).map(([, span]) => span as Span)
  expect(one).toEqual(other)
  expect([(one?.from ?? 0) < start, (one?.to ?? 0) - (one?.from ?? 0)]).toEqual([true, 24 * hour])
})

test('keys move a cursor over the bars, extend a selection and zoom to it', () => {
  const { act, done } = setUp()
  act.isFocused = true
  act.command({ kind: 'move', by: -1, extends: false })
  expect(act.cursorBar).toBe(23)
  act.command({ kind: 'move', by: -1, extends: false })
  act.command({ kind: 'move', by: -1, extends: true })
  act.command({ kind: 'move', by: -1, extends: true })
  expect([act.cursorBar, act.chosen, act.isByKeys]).toEqual([20, hours(20, 23), true])
  expect(act.command({ kind: 'enter' })).toBe(true)
  expect(done).toEqual([['zoom', hours(20, 23)]])
  act.command({ kind: 'end', to: 'first', extends: false })
  act.command({ kind: 'move', by: -1, extends: false })
  expect([act.cursorBar, act.chosen]).toEqual([0, null])
  act.command({ kind: 'list' })
  act.command({ kind: 'enter' })
  expect(done.slice(1)).toEqual([
    ['show', hours(0, 1)],
    ['zoom', hours(0, 1)],
  ])
})

test('keys go on where they were after a click, which shows no cursor of theirs', () => {
  const { act, done, at } = setUp()
  act.command({ kind: 'move', by: -1, extends: false })
  expect(act.isByKeys).toBe(true)
  act.down(at(3.5))
  act.up(at(3.5))
  act.leave()
  expect([act.cursorBar, act.command({ kind: 'enter' }), done.length]).toEqual([-1, false, 1])
  act.command({ kind: 'move', by: 1, extends: false })
  expect([act.cursorBar, act.isByKeys, act.command({ kind: 'enter' })]).toEqual([4, true, true])
  act.command({ kind: 'end', to: 'first', extends: false })
  expect([act.cursorBar, act.isByKeys]).toEqual([0, true])
})

test('Enter and Space without a cursor are left to others', () => {
  const { act, done } = setUp()
  act.isFocused = true
  expect([act.command({ kind: 'enter' }), act.command({ kind: 'list' }), done]).toEqual([false, false, []])
})

test('plus keeps the end that is now, 0 shows everything, and the pointer has the word when it moves', () => {
  const { act, done, at } = setUp()
  act.isFocused = true
  act.command({ kind: 'in' })
  expect((done.at(-1)?.[1] as Span).to).toBe(start + 24 * hour)
  act.command({ kind: 'reset' })
  expect(done.at(-1)).toEqual(['zoom', null])
  act.command({ kind: 'move', by: -1, extends: false })
  act.move(at(3.5))
  expect([act.pointed, act.isByKeys]).toEqual([3, false])
  act.leave()
  expect([act.pointed, act.isByKeys]).toEqual([23, true])
})
