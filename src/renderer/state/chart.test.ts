import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Argument } from '../../shared/ipc.ts'
import type { HistogramAnswer } from '../../shared/overview.ts'
import { openEnd, type TimeRange } from '../../shared/view.ts'
import { toInstant } from '../timeline/chart/span.ts'
import { Chart, changedMs, leastBar, mostChartBars, settleMs } from './chart.svelte.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.UTC(2031, 4, 17)
type Asked = Argument<'timeline:histogram'>

beforeEach(() => void vi.useFakeTimers({ now: start + 24 * hour }))
afterEach(() => void vi.useRealTimers())
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** As main answers: bars without a hole over the range, or over a history of one day. */
function answer({ range, bars }: Asked, count = 1): HistogramAnswer {
  const [from, to] = range ? [Date.parse(range.from), Date.parse(range.to)] : [start, start + 23.9 * hour]
  const step =
    [minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour].find((ms) => Math.ceil(to / ms) - Math.floor(from / ms) <= bars) ??
    24 * hour
  const edges = [from]
  for (let at = (Math.floor(from / step) + 1) * step; at < to; at += step) edges.push(at)
  return {
    kind: 'histogram',
    step: { unit: 'minute', count: step / minute },
    bars: edges.map((edge, index) => ({
      from: toInstant(edge),
      to: toInstant(edges[index + 1] ?? to),
      counts: [{ kind: 'threat', status: 'detected', count }],
    })),
    isExact: true,
    countedTo: null,
  }
}

function setUp(handler: (asked: Asked) => HistogramAnswer | Promise<HistogramAnswer> = (asked) => answer(asked)) {
  const main = createMemoryBridge({ 'timeline:histogram': handler })
  const ranges: (TimeRange | null)[] = []
  const chart = new Chart(
    main.bridge,
    () => Date.now(),
    (range) => ranges.push(range),
  )
  const asked = (part: Asked['part']) => main.asked.map(({ argument }) => argument as Asked).filter((one) => one.part === part)
  return { main, chart, ranges, asked }
}
async function shown(...parts: Parameters<typeof setUp>) {
  const made = setUp(...parts)
  made.chart.resize(1_000)
  const hide = made.chart.show()
  await settle()
  return { ...made, hide }
}
const range = (from: number, to: number): TimeRange => ({ from: toInstant(start + from * hour), to: toInstant(start + to * hour) })
const pushOf = (at: number) => ({ changed: [detectionOf(1, { detectedAt: toInstant(at) })], more: false })

test('asks nothing while nobody looks, or while it has no width', async () => {
  const { chart, main } = setUp()
  chart.follow({ text: '', range: null })
  chart.show()
  await settle()
  expect(main.asked).toEqual([])
  chart.resize(1_000)
  await settle()
  expect(main.asked.length).toBe(2)
})

test('the minimap is asked for everything, the lanes from where the history begins until a little after now, in bars that fit', async () => {
  const { chart, asked } = await shown()
  expect(asked('minimap')).toEqual([{ text: '', range: null, bars: 333, part: 'minimap' }])
  expect(asked('lanes').map(({ bars }) => bars)).toEqual([1_000 / leastBar])
  const wanted = asked('lanes')[0]?.range
  expect([(wanted?.from ?? '') < toInstant(start), (wanted?.to ?? '') > toInstant(Date.now())]).toEqual([true, true])
  expect(chart.span).toEqual({ from: Date.parse(wanted?.from ?? ''), to: Date.parse(wanted?.to ?? '') })
  chart.resize(100_000)
  expect(asked('lanes').at(-1)?.bars).toBe(mostChartBars)
})

test('the same question is not asked twice', async () => {
  const { chart, main } = await shown()
  chart.follow({ text: '', range: null })
  chart.resize(1_001)
  await settle()
  expect(main.asked.length).toBe(2)
})

test('keeps what it shows until the next answer, and only the last question counts', async () => {
  const slow = later<HistogramAnswer>()
  const { chart } = await shown((asked) => (asked.text === 'slow' ? slow.promise : answer(asked, asked.text.length)))
  const before = chart.lanes.value
  chart.follow({ text: 'slow', range: null })
  await settle()
  expect([chart.lanes.value === before, chart.lanes.isAsking, chart.lanes.text]).toEqual([true, true, ''])
  chart.follow({ text: 'abc', range: null })
  await settle()
  slow.resolve(answer({ text: 'slow', range: null, part: 'lanes', bars: 10 }, 99))
  await settle()
  expect([chart.lanes.text, chart.lanes.value?.bars[0]?.counts[0]?.count, chart.lanes.isAsking]).toEqual(['abc', 3, false])
})

test('a search that is none is told, and its answer is that of the one before', async () => {
  const { chart } = await shown((asked) =>
    asked.text === 'a:' ? { kind: 'refused', at: 0, length: 2, detail: 'What of a?' } : answer(asked),
  )
  const before = chart.lanes.value
  chart.follow({ text: 'a:', range: null })
  await settle()
  expect([chart.lanes.refused?.detail, chart.lanes.value === before]).toEqual(['What of a?', true])
  chart.follow({ text: 'a', range: null })
  await settle()
  expect(chart.lanes.refused).toBeNull()
})

test('says why it could not count, asks again when told to, and with the next change', async () => {
  let isBroken = true
  const { chart, main } = await shown((asked) => (isBroken ? Promise.reject(new Error('locked')) : answer(asked)))
  expect([chart.lanes.phase, chart.lanes.trouble, chart.minimap.phase]).toEqual(['failed', 'locked', 'failed'])
  const count = main.asked.length
  chart.tick(Date.now() + 1)
  await settle()
  expect(main.asked.length).toBe(count)
  isBroken = false
  await chart.retry()
  expect([chart.lanes.phase, chart.lanes.trouble, chart.lanes.value !== null]).toEqual(['ready', null, true])
})

test('a new detection asks for the newest bars only, at most twice a second', async () => {
  let count = 1
  const { chart, main, asked } = await shown((question) => answer(question, count))
  chart.follow({ text: '', range: range(0, 30) })
  await settle()
  const before = asked('lanes').length
  const bars = chart.lanes.value?.bars ?? []
  count = 2
  for (let n = 0; n < 20; n++) {
    main.push('detections:changed', pushOf(Date.now() - 1_000))
    await settle(20)
  }
  expect(asked('lanes').length).toBe(before)
  await settle(changedMs)
  const [tail] = asked('lanes').slice(before)
  expect(asked('lanes').length).toBe(before + 1)
  expect([tail?.range?.to, tail?.bars]).toEqual([
    bars.at(-1)?.to,
    bars.filter((bar) => bar.to >= (tail?.range?.from ?? '') && bar.from >= (tail?.range?.from ?? '')).length,
  ])
  const after = chart.lanes.value?.bars ?? []
  expect(after.map(({ from, to }) => [from, to])).toEqual(bars.map(({ from, to }) => [from, to]))
  expect([after[0]?.counts[0]?.count, after.at(-1)?.counts[0]?.count]).toEqual([1, 2])
})

test('an old change, or more of them than are told, asks for all bars', async () => {
  const { chart, main, asked } = await shown()
  chart.follow({ text: '', range: range(0, 30) })
  await settle()
  const whole = asked('lanes').at(-1)
  main.push('detections:changed', pushOf(start + hour))
  await settle(changedMs)
  main.push('detections:changed', { changed: [], more: true })
  await settle(changedMs)
  expect(asked('lanes').slice(-2)).toEqual([whole, whole])
})

test('a change outside of the range leaves the lanes alone', async () => {
  const { chart, main, asked } = await shown()
  chart.follow({ text: '', range: range(10, 12) })
  await settle()
  const before = asked('lanes').length
  main.push('detections:changed', pushOf(start + hour))
  await settle(changedMs)
  expect(asked('lanes').length).toBe(before)
})

test('newest bars that come back otherwise parted are asked for together with all others, from then on', async () => {
  const { chart, main, asked } = await shown((question) =>
    answer({ ...question, bars: question.bars < 50 ? question.bars * 20 : question.bars }),
  )
  chart.follow({ text: '', range: range(0, 30) })
  await settle()
  const whole = asked('lanes').at(-1)
  const before = asked('lanes').length
  main.push('detections:changed', pushOf(Date.now() - 1_000))
  await settle(changedMs)
  expect(asked('lanes').slice(before + 1)).toEqual([whole])
  main.push('detections:changed', pushOf(Date.now() - 1_000))
  await settle(changedMs)
  expect(asked('lanes').slice(before + 2)).toEqual([whole])
})

test('the slower the answers, the longer it rests', async () => {
  const { main, asked } = await shown((question) => new Promise((done) => setTimeout(() => done(answer(question)), 400)))
  await settle(2_000)
  const before = asked('lanes').length
  main.push('detections:changed', { changed: [], more: true })
  await settle(1_500)
  expect(asked('lanes').length).toBe(before)
  await settle(200)
  expect(asked('lanes').length).toBe(before + 1)
})

test('what changed while nobody looked is asked for when somebody does', async () => {
  const { chart, main, hide } = await shown()
  hide()
  const before = main.asked.length
  main.push('detections:changed', pushOf(Date.now()))
  await settle(5 * changedMs)
  expect(main.asked.length).toBe(before)
  chart.show()
  await settle()
  expect(main.asked.length, 'at once: what is shown is from before').toBe(before + 2)
})

test('its right end moves with the clock, and asks only when it moves', async () => {
  const { chart, asked } = await shown()
  const before = [chart.span.to, asked('lanes').length]
  chart.tick(Date.now() + 10_000)
  await settle()
  expect([chart.span.to, asked('lanes').length]).toEqual(before)
  chart.tick(Date.now() + 10 * minute)
  await settle()
  expect([chart.span.to > (before[0] ?? 0), asked('lanes').length]).toEqual([true, (before[1] ?? 0) + 1])
})

test('a zoom becomes the range at once; one that reaches to now stays open, and one to everything is none', async () => {
  const { chart, ranges } = await shown()
  chart.zoom({ from: start + hour, to: start + 3 * hour })
  expect(ranges).toEqual([range(1, 3)])
  chart.zoom({ from: start + 20 * hour, to: chart.whole.to })
  expect(ranges.at(-1)).toEqual({ from: toInstant(start + 20 * hour), to: openEnd })
  chart.zoom(chart.whole)
  expect(ranges.at(-1)).toBeNull()
  chart.zoom(null)
  expect(ranges.length).toBe(3)
})

test('the wheel shows at once what it turns to, and makes one range of it when it rests', async () => {
  const { chart, ranges } = await shown()
  for (let n = 1; n <= 5; n++) {
    chart.glide({ from: start + n * hour, to: start + 12 * hour })
    await settle(settleMs / 2)
  }
  expect([chart.span.from, ranges]).toEqual([start + 5 * hour, []])
  await settle(settleMs)
  expect([chart.preview, ranges]).toEqual([null, [range(5, 12)]])
})

test('what is dragged to is counted while it is dragged, and given up where it is cancelled', async () => {
  const { chart, asked, ranges } = await shown()
  const { span } = chart
  const before = asked('lanes').length
  for (let n = 1; n <= 10; n++) chart.drag({ from: start + n * hour, to: start + (n + 2) * hour })
  await settle(100)
  expect(
    asked('lanes')
      .slice(before)
      .map((one) => one.range),
  ).toEqual([range(10, 12)])
  chart.cancel()
  expect([chart.span, ranges]).toEqual([span, []])
})

test('follows the range of an address, also while the wheel is not at rest', async () => {
  const { chart, ranges } = await shown()
  chart.glide({ from: start + hour, to: start + 2 * hour })
  chart.follow({ text: '', range: range(5, 6) })
  await settle(settleMs)
  expect([chart.span, ranges]).toEqual([{ from: start + 5 * hour, to: start + 6 * hour }, []])
})

test('stops listening and waiting', async () => {
  const { chart, main } = await shown()
  main.push('detections:changed', pushOf(Date.now()))
  chart.stop()
  const before = main.asked.length
  await settle(10_000)
  expect([main.listenerCount(), main.asked.length]).toEqual([0, before])
})
