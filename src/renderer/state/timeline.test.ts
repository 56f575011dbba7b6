import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Detection } from '../../shared/detection.ts'
import type { Argument, PageAnswer } from '../../shared/ipc.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'
import { pageSize } from './list-pages.ts'
import { Timeline } from './timeline.svelte.ts'

type Page = Extract<PageAnswer, { kind: 'page' }>
type Asked = Pick<Argument<'timeline:page'>, 'text' | 'before' | 'limit'> & Partial<Pick<Argument<'timeline:page'>, 'skip' | 'range'>>

/** Of a search that came to its end, with everything indexed. */
const whole = { searchedTo: null, isWhole: true, asOf: { sequence: 0, late: 0 } } as const

/** A history as main keeps it, paged by key. The text matches types. */
function createHistory(count: number) {
  const all = Array.from({ length: count }, (_, n) => detectionOf(n))
  const page = ({ text, range, before, skip, limit }: Asked): Page => {
    const isIn = ({ detectedAt }: Detection) => !range || (detectedAt >= range.from && detectedAt < range.to)
    const sorted = all.filter((d) => d.type.includes(text) && isIn(d)).sort((a, b) => (a.changedAt < b.changedAt ? 1 : -1))
    const from = (before === null ? 0 : sorted.filter((d) => d.changedAt >= before.changedAt).length) + (skip ?? 0)
    const detections = sorted.slice(from, from + limit)
    const [first, last] = [detections[0], detections.at(-1)]
    return {
      kind: 'page',
      detections,
      first: first ? { changedAt: first.changedAt, row: Number(first.id.slice(1)) } : null,
      next: last && from + limit < sorted.length ? { changedAt: last.changedAt, row: Number(last.id.slice(1)) } : null,
      total: all.length,
      ...whole,
    }
  }
  const put = (detection: Detection) => {
    const at = all.findIndex((other) => other.id === detection.id)
    if (at >= 0) all[at] = detection
    else all.push(detection)
    return detection
  }
  return { all, page, put }
}

const ids = (timeline: Timeline, most = 5) => timeline.rows.slice(0, most).map((row) => row.detection.id)
/** Scrolls down to the end. */
async function readAll(timeline: Timeline): Promise<void> {
  for (let index = 0; index < timeline.count; index += pageSize) await timeline.bring(index)
}
const settle = () => vi.advanceTimersByTimeAsync(1_000)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(count: number) {
  const history = createHistory(count)
  const main = createMemoryBridge({ 'timeline:page': history.page })
  const timeline = new Timeline(main.bridge)
  const arrive = (...detections: Detection[]) => {
    for (const detection of detections) history.put(detection)
    main.push('detections:changed', { changed: detections, more: false })
  }
  return { history, main, timeline, arrive }
}

describe('the timeline', () => {
  test('a push that the answer under way already holds leaves no hole when the next page comes', async () => {
    const { history, main, timeline } = start(1)
    await settle()
    const burst = Array.from({ length: 240 }, (_unused, n) => detectionOf(n + 1))
    // Every answer is on its way while its own rows are pushed.
    for (const detection of burst) {
      history.put(detection)
      main.push('detections:changed', { changed: [detection], more: false })
      await vi.advanceTimersByTimeAsync(7)
    }
    await settle()
    await readAll(timeline)
    expect(new Set(timeline.rows.map((row) => row.key)).size).toBe(241)
  })

  test.each([
    ['told one by one', false],
    ['more than are told', true],
  ])('a burst larger than a page leaves no hole: every row can be reached by scrolling (%s)', async (_, more) => {
    const { history, main, timeline } = start(1)
    await settle()
    const burst = Array.from({ length: 350 }, (_unused, n) => history.put(detectionOf(n + 1)))
    for (let from = 0; from < burst.length; from += 50) {
      main.push('detections:changed', { changed: burst.slice(from, more ? from + 5 : from + 50), more })
      await vi.advanceTimersByTimeAsync(60)
    }
    await settle()
    await readAll(timeline)
    expect(timeline.rows.map((row) => row.detection.id)).toEqual(Array.from({ length: 351 }, (_unused, n) => `d${350 - n}`))
  })

  test('asks for the newest page, newest first', async () => {
    const { timeline } = start(250)
    expect(timeline.phase).toBe('loading')
    await settle()
    expect(timeline.phase).toBe('ready')
    expect(ids(timeline, 2)).toEqual(['d249', 'd248'])
    expect(timeline.rows).toHaveLength(pageSize)
    expect(timeline.total).toBe(250)
    expect(timeline.count).toBe(250)
    expect(timeline.rowAt(100)).toBeUndefined()
  })

  test('keeps what is pushed while the first answer is on its way', async () => {
    const answer = later<Page>()
    const main = createMemoryBridge({ 'timeline:page': () => answer.promise })
    const timeline = new Timeline(main.bridge)
    main.push('detections:changed', { changed: [detectionOf(2, { status: 'ongoing' }), detectionOf(3)], more: false })
    answer.resolve({ kind: 'page', detections: [detectionOf(2), detectionOf(1)], first: null, next: null, total: 2, ...whole })
    await vi.advanceTimersByTimeAsync(0)
    expect(ids(timeline)).toEqual(['d3', 'd2', 'd1'])
    expect(timeline.rows[1]?.detection.status).toBe('ongoing')
  })

  test('loads older pages by key, each detection once', async () => {
    const { timeline } = start(250)
    await settle()
    await readAll(timeline)
    expect(timeline.rows).toHaveLength(250)
    expect(new Set(timeline.rows.map((row) => row.key)).size).toBe(250)
    expect(timeline.isComplete).toBe(true)
  })

  test('asks for an older page once, however often the list reaches for it', async () => {
    const { timeline, main } = start(250)
    await settle()
    for (let n = 0; n < 3; n++) timeline.need(90, 130)
    await settle()
    expect(main.asked).toHaveLength(2)
    expect(timeline.rows).toHaveLength(200)
  })

  test('shows a new detection at once while it is at the top, and the new total soon after', async () => {
    const { timeline, arrive } = start(3)
    await settle()
    arrive(detectionOf(10))
    expect(ids(timeline)).toEqual(['d10', 'd2', 'd1', 'd0'])
    expect([...timeline.arrived]).toEqual([timeline.rows[0]?.key])
    await settle()
    expect(timeline.total).toBe(4)
  })

  test('moves a changed detection up, without a copy left behind', async () => {
    const { timeline, arrive } = start(3)
    await settle()
    arrive(detectionOf(0, { status: 'resolved', changedAt: detectionOf(9).changedAt }))
    expect(ids(timeline)).toEqual(['d0', 'd2', 'd1'])
    await settle()
    expect(ids(timeline)).toEqual(['d0', 'd2', 'd1'])
  })

  test('does not move while someone reads further down, and counts what waits above', async () => {
    const { timeline, arrive } = start(150)
    await settle()
    const before = ids(timeline, 100)
    timeline.follow(false)
    arrive(detectionOf(200), detectionOf(201), detectionOf(100, { status: 'resolved', changedAt: detectionOf(202).changedAt }))
    await settle()
    expect(ids(timeline, 100)).toEqual(before)
    expect(timeline.rows.find((row) => row.detection.id === 'd100')?.detection.status).toBe('resolved')
    expect(timeline.waiting).toBe(3)
    timeline.follow(true)
    await settle()
    expect(timeline.waiting).toBe(0)
    expect(ids(timeline, 4)).toEqual(['d100', 'd201', 'd200', 'd149'])
    expect(timeline.rows.filter((row) => row.detection.id === 'd100')).toHaveLength(1)
  })

  test('asks again when main says that more has changed than it lists', async () => {
    const { timeline, history, main } = start(3)
    await settle()
    history.put(detectionOf(7))
    main.push('detections:changed', { changed: [], more: true })
    await settle()
    expect(ids(timeline)).toEqual(['d7', 'd2', 'd1', 'd0'])
  })

  test('leaves no hole when more arrived than one page holds', async () => {
    const { timeline, history, main } = start(120)
    await settle()
    for (let n = 200; n < 450; n++) history.put(detectionOf(n))
    main.push('detections:changed', { changed: [], more: true })
    await settle()
    await readAll(timeline)
    expect(timeline.rows.map((row) => row.detection.id)).toEqual(
      history.page({ text: '', before: null, limit: 1_000 }).detections.map((d) => d.id),
    )
  })

  test('asks once for a burst of pushes', async () => {
    const { timeline, main, arrive } = start(3)
    await settle()
    for (let n = 10; n < 60; n++) arrive(detectionOf(n))
    await settle()
    expect(main.asked).toHaveLength(2)
    expect(timeline.rows).toHaveLength(53)
  })

  test('does not ask for a mere update in place', async () => {
    const { timeline, main, arrive } = start(3)
    await settle()
    arrive(detectionOf(1, { triage: { ...detectionOf(1).triage, isUnread: false } }))
    await settle()
    expect(main.asked).toHaveLength(1)
    expect(timeline.rows[1]?.detection.triage.isUnread).toBe(false)
  })

  test('reaches any row without those before it, and keeps few of them', async () => {
    const { timeline, main } = start(10_000)
    await settle()
    timeline.need(9_990, 10_020)
    await settle()
    expect([timeline.rowAt(9_999)?.detection.id, timeline.rowAt(5_000)]).toEqual(['d0', undefined])
    expect(main.asked).toHaveLength(2)
    for (let index = 0; index < 10_000; index += pageSize) await timeline.bring(index)
    expect([timeline.rowAt(150), timeline.rowAt(50)?.detection.id, timeline.rowAt(5_000)?.detection.id]).toEqual([
      undefined,
      'd9949',
      'd4999',
    ])
  })

  test('reads again what is in view when more changed than was told, and moves nothing', async () => {
    const { timeline, history, main } = start(1_000)
    await settle()
    timeline.follow(false)
    timeline.need(500, 530)
    await settle()
    history.put(detectionOf(480, { triage: { ...detectionOf(480).triage, state: 'done', isUnread: false } }))
    main.push('detections:changed', { changed: [], more: true })
    await settle()
    expect(timeline.rowAt(519)?.detection).toMatchObject({ id: 'd480', triage: { state: 'done' } })
  })

  test('shows the row that stood at a time', async () => {
    const { timeline, main } = start(3_000)
    await settle()
    await timeline.goal.scrollTo(detectionOf(1_234).changedAt)
    expect(timeline.rowAt(timeline.goal.row?.index ?? -1)?.detection.id).toBe('d1234')
    expect(main.asked.length).toBeLessThan(12)
    timeline.search('Cred')
    await settle()
    await timeline.goal.scrollTo(detectionOf(2_700).changedAt)
    expect(timeline.rowAt(timeline.goal.row?.index ?? -1)?.detection.id).toBe('d2700')
  })

  test('shows what was detected in a range, wherever a later change has put it', async () => {
    const { timeline, arrive } = start(3_000)
    const detectedAt = (n: number) => detectionOf(n).detectedAt
    // Detected long ago and changed since; others changed at that very moment.
    const { changedAt } = detectionOf(2_450)
    arrive(...[2_449, 2_451].map((n) => detectionOf(n, { changedAt })), detectionOf(40, { changedAt }))
    await settle()
    const shown = async (from: number, to: number) => {
      const finding = timeline.goal.showDetected({ from: detectedAt(from), to: detectedAt(to) })
      await settle()
      const detection = await finding
      return [detection?.id ?? null, timeline.rowAt(timeline.goal.row?.index ?? -1)?.detection.id]
    }
    expect(await shown(38, 43)).toEqual(['d40', 'd40'])
    expect(await shown(30, 33)).toEqual(['d32', 'd32'])
    expect(await shown(5_000, 5_001)).toEqual([null, 'd32'])
  })
})

describe('a search', () => {
  test('waits for a pause in the typing', async () => {
    const { timeline, main } = start(3)
    await settle()
    for (const text of ['M', 'Mi', 'Missing']) timeline.search(text)
    await settle()
    expect(main.asked.slice(1)).toEqual([
      { name: 'timeline:page', argument: { text: 'Missing', range: null, before: null, skip: 0, limit: pageSize } },
    ])
    expect(timeline.rows).toHaveLength(0)
    expect(timeline.total).toBe(3)
  })

  test('shows the answer to the last text, whichever comes first', async () => {
    const slow = later<Page>()
    const main = createMemoryBridge({
      'timeline:page': ({ text }) =>
        text === 'slow'
          ? slow.promise
          : { kind: 'page', detections: [detectionOf(text === 'fast' ? 2 : 1)], first: null, next: null, total: 2, ...whole },
    })
    const timeline = new Timeline(main.bridge)
    await settle()
    timeline.search('slow')
    await settle()
    timeline.search('fast')
    await settle()
    slow.resolve({ kind: 'page', detections: [detectionOf(9)], first: null, next: null, total: 2, ...whole })
    await settle()
    expect(timeline.text).toBe('fast')
    expect(ids(timeline)).toEqual(['d2'])
  })

  test('beyond its bounds is said in words; what is shown stays, goes on, and can be searched anew', async () => {
    const { timeline, history, main, arrive } = start(250)
    const tooLong = { kind: 'refused', at: 9, length: 11, detail: 'Too long. Shorten it.' } as const
    await settle()
    main.handlers['timeline:page'] = (argument) => (argument.text.length > 9 ? tooLong : history.page(argument))
    timeline.search('much too long a text')
    await settle()
    const refused = { at: 9, length: 11, detail: tooLong.detail, text: 'much too long a text' }
    expect([timeline.refused, timeline.phase, timeline.text, ids(timeline, 1)]).toEqual([refused, 'ready', '', ['d249']])
    arrive(detectionOf(300))
    await settle()
    await timeline.bring(100)
    expect([timeline.refused, timeline.rows.length, ids(timeline, 1)]).toEqual([refused, 200, ['d300']])
    timeline.search('')
    await settle()
    expect(timeline.refused).toBeNull()
    timeline.search('Missing')
    await settle()
    expect([timeline.refused, timeline.rows.length]).toEqual([null, 0])
  })

  test('longer than main would read is refused in words as well, and what is shown stays', async () => {
    const { timeline, main, history } = start(3)
    await settle()
    main.handlers['timeline:page'] = (argument) =>
      argument.text.length > 1_000 ? Promise.reject(new Error('bad argument')) : history.page(argument)
    timeline.show({ text: 'x'.repeat(1_234), range: null })
    await settle()
    expect(timeline.refused).toMatchObject({
      at: 1_000,
      length: 234,
      detail: expect.stringMatching(/1,000 characters; this one has 1,234/),
    })
    expect([timeline.phase, timeline.text, timeline.wanted.text, timeline.rows.length]).toEqual(['ready', '', '', 3])
  })

  test('that is refused before the first answer leaves the whole history', async () => {
    const { timeline, history, main } = start(3)
    main.handlers['timeline:page'] = (argument) =>
      argument.text === '' ? history.page(argument) : { kind: 'refused', at: 0, length: 1, detail: 'No.' }
    timeline.search('x')
    timeline.searchNow()
    await settle()
    expect([timeline.refused?.detail, timeline.phase, timeline.rows.length]).toEqual(['No.', 'ready', 3])
  })

  test('that is no search leaves the list where it is while it is typed, and the refusal until there is another answer', async () => {
    const { timeline, history, main } = start(250)
    await settle()
    await timeline.bring(100)
    const answer = later<PageAnswer>()
    main.handlers['timeline:page'] = () => answer.promise
    timeline.search('type:')
    await settle()
    expect([timeline.text, timeline.rows.length]).toEqual(['', 200])
    answer.resolve({ kind: 'refused', at: 5, length: 0, detail: 'A value is needed.' })
    await settle()
    expect([timeline.refused?.text, timeline.text, timeline.rows.length, timeline.phase]).toEqual(['type:', '', 200, 'ready'])
    const next = later<PageAnswer>()
    main.handlers['timeline:page'] = () => next.promise
    timeline.search('Missing')
    await settle()
    expect(timeline.refused?.text).toBe('type:')
    next.resolve(history.page({ text: 'Missing', before: null, limit: 100 }))
    await settle()
    expect([timeline.refused, timeline.text, timeline.rows.length]).toEqual([null, 'Missing', 0])
  })

  test('whose answer is on its way is not lost to what arrives at the top meanwhile', async () => {
    const { timeline, history, main, arrive } = start(250)
    await settle()
    timeline.follow(false)
    arrive(detectionOf(300, { type: 'MissingMFA' }))
    await settle()
    const answer = later<PageAnswer>()
    main.handlers['timeline:page'] = () => answer.promise
    timeline.search('Missing')
    await settle()
    main.handlers['timeline:page'] = history.page
    timeline.follow(true)
    await settle()
    expect([timeline.text, timeline.phase, ids(timeline)]).toEqual(['Missing', 'ready', ['d300']])
  })

  describe('that takes too long', () => {
    /** Looks at 50 rows a page at most, as main does when its time is over. */
    function startSlow(count: number) {
      const history = createHistory(count)
      const page = ({ text, before }: Asked): Page => {
        const sorted = [...history.all].sort((a, b) => (a.changedAt < b.changedAt ? 1 : -1))
        const from = before === null ? 0 : sorted.findIndex((d) => Number(d.id.slice(1)) === before.row) + 1
        const looked = sorted.slice(from, from + 50)
        const last = looked.at(-1)
        const next = last && from + 50 < sorted.length ? { changedAt: last.changedAt, row: Number(last.id.slice(1)) } : null
        const detections = looked.filter((d) => d.type.includes(text))
        return { ...whole, kind: 'page', detections, first: null, next, total: sorted.length, searchedTo: next?.changedAt ?? null }
      }
      const main = createMemoryBridge({ 'timeline:page': page })
      const timeline = new Timeline(main.bridge)
      const arrive = (detection: Detection) => {
        history.put(detection)
        main.push('detections:changed', { changed: [detection], more: false })
      }
      return { timeline, history, arrive }
    }

    test('says how far back it came, also with nothing found, and goes on from there to the end', async () => {
      const { timeline, history } = startSlow(180)
      history.put(detectionOf(70, { type: 'MissingMFA' }))
      timeline.search('Missing')
      await settle()
      expect([timeline.rows.length, timeline.searchedTo, timeline.isComplete]).toEqual([0, detectionOf(130).changedAt, false])
      await timeline.goOn()
      expect([timeline.rows.length, timeline.searchedTo]).toEqual([0, detectionOf(80).changedAt])
      await timeline.goOn()
      await timeline.goOn()
      expect([ids(timeline), timeline.searchedTo, timeline.isComplete]).toEqual([['d70'], null, true])
    })

    test('does not begin anew with everything that arrives', async () => {
      const { timeline, history, arrive } = startSlow(180)
      history.put(detectionOf(70, { type: 'MissingMFA' }))
      history.put(detectionOf(170, { type: 'MissingMFA' }))
      timeline.search('Missing')
      await settle()
      await timeline.goOn()
      await timeline.goOn()
      const reached = timeline.searchedTo
      arrive(detectionOf(300, { type: 'MissingMFA' }))
      arrive(detectionOf(170, { type: 'MissingMFA', changedAt: detectionOf(301).changedAt }))
      await settle()
      expect([ids(timeline), timeline.searchedTo]).toEqual([['d170', 'd300', 'd70'], reached])
      await timeline.goOn()
      expect([ids(timeline), timeline.isComplete]).toEqual([['d170', 'd300', 'd70'], true])
    })
  })

  test('looks again by itself while the newest deliveries are still being indexed', async () => {
    const { timeline, history, main } = start(3)
    main.handlers['timeline:page'] = (argument) => ({ ...history.page(argument), isWhole: false })
    timeline.search('Cred')
    await settle()
    expect(timeline.isWhole).toBe(false)
    main.handlers['timeline:page'] = history.page
    await vi.advanceTimersByTimeAsync(3_000)
    expect(timeline.isWhole).toBe(true)
    const { length } = main.asked
    await vi.advanceTimersByTimeAsync(10_000)
    expect(main.asked).toHaveLength(length)
  })

  test('lets main decide whether what arrives is an answer to it', async () => {
    const { timeline, arrive } = start(3)
    await settle()
    timeline.search('Missing')
    await settle()
    arrive(detectionOf(10), detectionOf(11, { type: 'MissingMFA' }))
    expect(ids(timeline)).toEqual([])
    await settle()
    expect(ids(timeline)).toEqual(['d11'])
  })

  test('ignores an older page of the search before it', async () => {
    const { timeline, history, main } = start(250)
    await settle()
    const older = later<Page>()
    main.handlers['timeline:page'] = (argument) => (argument.before ? older.promise : history.page(argument))
    const loading = timeline.bring(100)
    timeline.search('nothing has this type')
    await settle()
    older.resolve(history.page({ text: '', before: { changedAt: detectionOf(150).changedAt, row: 150 }, limit: 100 }))
    await loading
    expect(timeline.rows).toHaveLength(0)
  })
})

describe('when a request fails', () => {
  test('says why, and tries again on demand', async () => {
    const main = createMemoryBridge({ 'timeline:page': () => Promise.reject(new Error('locked')) })
    const timeline = new Timeline(main.bridge)
    await settle()
    expect([timeline.phase, timeline.trouble]).toEqual(['failed', 'locked'])
    main.handlers['timeline:page'] = createHistory(2).page
    await timeline.retry()
    expect([timeline.phase, timeline.trouble]).toEqual(['ready', null])
    expect(ids(timeline)).toEqual(['d1', 'd0'])
  })

  test('keeps what is loaded when an older page cannot be had', async () => {
    const { timeline, history, main } = start(150)
    await settle()
    main.handlers['timeline:page'] = () => Promise.reject(new Error('locked'))
    timeline.need(90, 120)
    await settle()
    expect([timeline.older, timeline.phase, timeline.rows.length]).toEqual(['failed', 'ready', 100])
    main.handlers['timeline:page'] = history.page
    await timeline.goOn()
    expect([timeline.older, timeline.rows.length]).toEqual(['idle', 150])
  })
})

test('a stopped timeline hears and asks nothing more', async () => {
  const { timeline, main, arrive } = start(3)
  await settle()
  timeline.search('x')
  timeline.stop()
  arrive(detectionOf(10))
  await settle()
  expect(main.asked).toHaveLength(1)
  expect(main.listenerCount()).toBe(0)
})

describe('a search that is typed', () => {
  test('is being typed until it is finished, which says whether it was answered', async () => {
    const { timeline } = start(3)
    await settle()
    timeline.search('Cred')
    await settle()
    expect([timeline.wanted.text, timeline.isTyping]).toEqual(['Cred', true])
    expect(await timeline.finish()).toBe(true)
    expect(timeline.isTyping).toBe(false)
    timeline.search('Stuff')
    const finished = timeline.finish()
    timeline.setRange({ from: '2031-05-17T00:00:00.000Z' as never, to: '2031-05-18T00:00:00.000Z' as never })
    await settle()
    expect(await finished).toBe(false)
  })

  test('is typed again once it was refused', async () => {
    const { main, history, timeline } = start(3)
    await settle()
    main.handlers['timeline:page'] = (asked) =>
      asked.text === 'kind:' ? { kind: 'refused', at: 0, length: 5, detail: 'no value' } : history.page(asked)
    timeline.search('kind:')
    expect(await timeline.finish()).toBe(false)
    expect([timeline.isTyping, timeline.wanted.text, timeline.typed]).toEqual([true, '', 'kind:'])
  })
})
