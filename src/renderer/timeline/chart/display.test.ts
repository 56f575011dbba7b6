import { expect, test } from 'vitest'
import { toChartBars, type ChartBar } from './bars.ts'
import { drawScene, type Scene } from './display.ts'
import { layoutOf } from './layout.ts'
import { drawOverlay, windowOf, type Moving } from './overlay.ts'
import { createPainting, type Paint, type Shape } from './shapes.ts'
import { toInstant } from './span.ts'

const hour = 3_600_000
const from = Date.UTC(2031, 4, 17)
const layout = layoutOf(1_000, 172)
const span = { from, to: from + 24 * hour }

const barsOf = (...counts: readonly (readonly [string, number])[][]): readonly ChartBar[] =>
  toChartBars({
    bars: counts.map((states, n) => ({
      from: toInstant(from + n * hour),
      to: toInstant(from + (n + 1) * hour),
      counts: states.map(([status, count]) => ({ kind: 'threat', status, count })),
    })),
    countedTo: null,
  })
const scene = (more: Partial<Scene> = {}): Scene => ({
  layout,
  ratio: 1,
  span,
  whole: span,
  bars: [],
  minimap: [],
  gaps: [],
  isForced: false,
  ...more,
})
const moving = (more: Partial<Moving> = {}): Moving => ({
  layout,
  ratio: 1,
  span,
  whole: span,
  now: span.to + 1,
  pointed: null,
  isCursor: false,
  isForced: false,
  chosen: null,
  inView: null,
  countedTo: null,
  ...more,
})
const rects = (shapes: readonly Shape[], paint: Paint): readonly (readonly number[])[] =>
  shapes.flatMap((shape) =>
    shape.kind === 'rects' && shape.paint === paint
      ? Array.from({ length: shape.at.length / 4 }, (_, i) => shape.at.slice(i * 4, i * 4 + 4))
      : [],
  )
const texts = (shapes: readonly Shape[]) => shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))

test('the lanes, the axis and the minimap stand below one another and fill the height', () => {
  for (const height of [72, 109, 110, 148, 172, 300]) {
    const { threat, posture, axis, minimap, isCompact } = layoutOf(700, height)
    const boxes = [threat, posture, axis, minimap]
    for (const [index, box] of boxes.slice(1).entries())
      expect(box.y).toBeGreaterThanOrEqual((boxes[index]?.y ?? 0) + (boxes[index]?.height ?? 0))
    expect(minimap.y + minimap.height).toBeLessThanOrEqual(height)
    expect([threat.height >= 18, isCompact]).toEqual([true, height < 110])
  }
})

test('a bar stands on the foot of its lane, the most of them as high as it', () => {
  const shapes = drawScene(scene({ bars: barsOf([['detected', 100]], [['detected', 25]], []) }))
  const [first, second, ...rest] = rects(shapes, 'threat')
  const foot = layout.threat.y + layout.threat.height
  expect(rest).toEqual([])
  expect([first?.[1] ?? 0, (first?.[1] ?? 0) + (first?.[3] ?? 0)]).toEqual([layout.threat.y + 1, foot])
  expect((second?.[3] ?? 0) / (first?.[3] ?? 1)).toBeCloseTo(0.5, 1)
  expect(rects(shapes, 'posture')).toEqual([])
})

test('one detection beside a million is drawn', () => {
  const shapes = drawScene(scene({ bars: barsOf([['detected', 1_000_000]], [['detected', 1]]) }))
  expect(rects(shapes, 'threat')[1]?.[3]).toBeGreaterThanOrEqual(1)
})

test('each status has a drawing of its own, in forced colours by pattern alone', () => {
  const bars = barsOf([['detected', 10]], [['ongoing', 10]], [['resolved', 10]], [['suppressed', 10]])
  const paintsOf = (isForced: boolean) =>
    bars.map((bar) => drawScene(scene({ bars: [bar], isForced })).filter(({ paint }) => paint.startsWith('threat')))
  const looks = paintsOf(false).map((shapes) => shapes.map(({ kind, paint }) => `${kind} ${paint}`).join())
  expect(looks).toEqual([
    'rects threat',
    'rects threat-soft',
    'rects threat-wash,frames threat-edge',
    'rects threat-wash,frames threat-edge,lines threat',
  ])
  const [solid, striped] = paintsOf(true)
  expect([solid?.[0]?.kind === 'rects' && solid[0].at.length, striped?.[0]?.kind === 'rects' && striped[0].at.length > 4]).toEqual([
    4,
    true,
  ])
})

test('says what the highest bar counts, exactly', () => {
  expect(texts(drawScene(scene({ bars: barsOf([['detected', 4_203]]) })))).toEqual(expect.arrayContaining(['4,203', '1,000']))
})

test('nothing is drawn outside of its lane, whatever the range cuts', () => {
  const bars = barsOf(...Array.from({ length: 24 }, (): [string, number][] => [['detected', 5]]))
  const cut = { from: from + 2.5 * hour, to: from + 3.7 * hour }
  const gap = { from: from - hour, to: from + 90 * hour, isLost: true }
  const shapes = drawScene(scene({ bars, span: cut, gaps: [gap] }))
  const [left, right] = [layout.threat.x, layout.threat.x + layout.threat.width]
  for (const [x = 0, , width = 0] of rects(shapes, 'threat')) expect([x >= left - 1, x + width <= right + 1]).toEqual([true, true])
  const lines = shapes.flatMap((shape) => (shape.kind === 'lines' ? shape.at.filter((_, index) => index % 2 === 0) : []))
  expect(lines.length).toBeGreaterThan(50)
  expect([Math.min(...lines) >= left, Math.max(...lines) <= right]).toEqual([true, true])
})

test('a gap is hatched in both lanes and the minimap, however short; one that lost something darker', () => {
  const paintsOf = (isLost: boolean) => drawScene(scene({ gaps: [{ from: from + hour, to: from + hour + 1, isLost }] }))
  expect(rects(paintsOf(false), 'gap-ground')).toHaveLength(3)
  expect(paintsOf(false).some(({ paint }) => paint === 'gap-lost')).toBe(false)
  expect(paintsOf(true).some(({ paint }) => paint === 'gap-lost')).toBe(true)
})

test('hatching is one grid: a band cut in two has the same lines as the whole', () => {
  const whole = createPainting(1)
  whole.hatch('gap', 6, 10, 0, 60, 30)
  const parts = createPainting(1)
  parts.hatch('gap', 6, 10, 0, 25, 30)
  parts.hatch('gap', 6, 35, 0, 35, 30)
  const sums = (shapes: readonly Shape[]) =>
    new Set(
      shapes.flatMap((shape) =>
        shape.kind === 'lines' ? shape.at.flatMap((x, i) => (i % 2 === 0 ? [Math.round(x + (shape.at[i + 1] ?? 0))] : [])) : [],
      ),
    )
  expect(sums(parts.shapes())).toEqual(sums(whole.shapes()))
})

test('edges stand on the pixels of the screen', () => {
  for (const ratio of [1, 1.25, 2]) {
    const painting = createPainting(ratio)
    painting.fill('line', 10.37, 5.81, 3.33, 0.01)
    for (const edge of rects(painting.shapes(), 'line')[0] ?? []) expect(edge * ratio).toBeCloseTo(Math.round(edge * ratio))
    expect(rects(painting.shapes(), 'line')[0]?.[3]).toBeGreaterThan(0)
  }
})

test('marks now while it is in view only', () => {
  expect(texts(drawOverlay(moving({ now: from + hour })))).toEqual(['now'])
  expect(texts(drawOverlay(moving({ now: span.to + hour })))).toEqual([])
})

test('what is chosen lies between two lines, and the bar of the keys has a frame', () => {
  const chosen = { from: from + hour, to: from + 3 * hour }
  expect(rects(drawOverlay(moving({ chosen })), 'chosen')).toHaveLength(1)
  expect(rects(drawOverlay(moving({ chosen })), 'text')).toHaveLength(2)
  const [pointed = null] = barsOf([['detected', 1]])
  const framed = (more: Partial<Moving>) =>
    drawOverlay(moving({ pointed, ...more })).some(({ kind, paint }) => kind === 'frames' && paint === 'text')
  expect([framed({ isCursor: true }), framed({ isForced: true }), framed({})]).toEqual([true, true, false])
})

test('says up to where the bars are the least there is', () => {
  expect(texts(drawOverlay(moving({ countedTo: from + 6 * hour })))).toEqual(['at least'])
})

test('the window of the minimap can be held, however short the range', () => {
  for (const at of [0, 0.3, 1]) {
    const start = from + at * (24 * hour - 1)
    const [x, end] = windowOf({ from: start, to: start + 1 }, span, layout.minimap)
    expect(end - x).toBeGreaterThanOrEqual(8)
    expect([x >= layout.minimap.x, end <= layout.minimap.x + layout.minimap.width]).toEqual([true, true])
  }
})

test('what four hundred bars cost to draw does not grow with what they count', () => {
  const statuses = ['detected', 'ongoing', 'resolved', 'suppressed']
  const size = (count: number) => {
    const bars = barsOf(...Array.from({ length: 400 }, () => statuses.map((status): [string, number] => [status, count])))
    const shapes = drawScene(scene({ bars, span: { from, to: from + 400 * hour }, minimap: bars, whole: { from, to: from + 400 * hour } }))
    return {
      paints: shapes.filter(({ kind }) => kind !== 'text').length,
      rects: shapes.reduce((sum, shape) => sum + (shape.kind === 'text' ? 1 : shape.at.length / 4), 0),
    }
  }
  expect(size(1_000_000)).toEqual(size(100))
  expect(size(100).paints).toBeLessThanOrEqual(12)
  expect(size(100).rects).toBeLessThan(8_000)
})
