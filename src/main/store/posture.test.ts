import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Detection, Transition } from '../../shared/detection.ts'
import type { PostureOverview } from '../../shared/posture.ts'
import { timeToResolve } from '../../shared/time-to-resolve.ts'
import { createPosture } from './posture.ts'
import { startsOfWeeks } from './posture-figures.ts'
import type { Store } from './store.ts'
import { at, content, organization, pageOf, start, temporaryFile, testStore, trusted, unsigned } from './test-support.ts'

const day = 86_400
const now = start + 400 * day * 1000

function read(store: Store, framework: string | null = null): PostureOverview {
  return finish(store.posture.steps({ framework }))
}

function finish(steps: Generator<void, PostureOverview>): PostureOverview {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same from every detection and every transition, one by one. */
function naive(store: Store, framework: string | null): Omit<PostureOverview, 'isExact'> {
  const all: { detection: Detection; transitions: readonly Transition[] }[] = []
  for (let before = null; ;) {
    const page = pageOf(store.detections.page({ text: 'kind:posture', before, limit: 500, skip: 0, range: null } as never))
    for (const detection of page.detections) {
      const { organizationId, id } = detection
      all.push({ detection, transitions: store.detections.detail({ organizationId, id })?.transitions ?? [] })
    }
    if (page.next === null) break
    before = page.next as never
  }
  const wanted = all.filter(({ detection }) => framework === null || detection.frameworks.includes(framework))
  const open = wanted.map(({ detection }) => detection).filter(({ status }) => status !== 'resolved')
  const intervals = wanted.flatMap(({ detection, transitions }) => {
    const own = transitions.filter(({ isUnsigned }) => (isUnsigned === true) === (detection.trust === 'unsigned'))
    const found: { from: number; to: number }[] = []
    let from: number | null = Math.min(Date.parse(detection.detectedAt), Date.parse(own[0]!.at))
    for (const { at: when, to } of own) {
      if (to !== 'resolved') from ??= Date.parse(when)
      else if (from !== null) {
        found.push({ from, to: Date.parse(when) })
        from = null
      }
    }
    return from === null ? found : [...found, { from, to: Infinity }]
  })
  const aged = (valuesOf: (detection: Detection) => readonly (string | null)[], among = open) => {
    const groups = new Map<string, Detection[]>()
    for (const detection of among)
      for (const value of new Set(valuesOf(detection))) if (value !== null) groups.set(value, [...(groups.get(value) ?? []), detection])
    return [...groups]
      .map(([value, of]) => ({ value, count: of.length, oldestDetectedAt: of.map(({ detectedAt }) => detectedAt).sort()[0]! }))
      .sort(
        (a, b) =>
          b.count - a.count ||
          (a.oldestDetectedAt < b.oldestDetectedAt ? -1 : a.oldestDetectedAt > b.oldestDetectedAt ? 1 : a.value < b.value ? -1 : 1),
      )
  }
  const days = open.map(({ detectedAt }) => (now - Date.parse(detectedAt)) / 86_400_000)
  const starts = startsOfWeeks(now)
  const spans = new Map<string, number[]>()
  for (const { detection, transitions } of wanted) {
    const took = timeToResolve(detection, transitions)
    if (took !== null)
      spans.set(
        detection.type,
        [...(spans.get(detection.type) ?? []), took.lastMs].sort((a, b) => a - b),
      )
  }
  const median = (sorted: readonly number[]) =>
    (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2
  const names = new Set(all.flatMap(({ detection }) => detection.frameworks))
  const having = (name: string, isOpen: boolean) =>
    all.filter(({ detection }) => detection.frameworks.includes(name) && (detection.status !== 'resolved') === isOpen).length
  return {
    open: open.length,
    closed: wanted.length - open.length,
    openByType: aged(({ type }) => [type]),
    openByEntity: aged(({ entityId }) => [entityId]),
    openBySource: aged(({ sourceType }) => [sourceType]),
    openByFramework: aged(
      ({ frameworks }) => frameworks,
      all.map(({ detection }) => detection).filter(({ status }) => status !== 'resolved'),
    ),
    ages: (['<1', '1–7', '7–30', '30–90', '>90'] as const).map((band, index) => {
      const [low, high] = [
        [-Infinity, 1],
        [1, 7],
        [7, 30],
        [30, 90],
        [90, Infinity],
      ][index] as [number, number]
      return { band, count: days.filter((age) => age >= low && age < high).length }
    }),
    weeks: starts.map((from, week) => {
      const next = starts[week + 1] ?? Infinity
      const end = Math.min(now, next)
      const standing = intervals.filter((one) => one.from <= end && one.to > end)
      return {
        from: new Date(from).toISOString() as never,
        opened: intervals.filter((one) => one.from >= from && one.from < next && one.from <= now).length,
        closed: intervals.filter(({ to }) => to >= from && to < next && to <= now).length,
        openAtEnd: standing.length,
        medianAgeMs: standing.length === 0 ? null : median(standing.map((one) => end - one.from).sort((a, b) => a - b)),
      }
    }),
    timeToResolve: [...spans]
      .map(([type, sorted]) => ({
        type,
        resolved: sorted.length,
        medianMs: median(sorted),
        p90Ms: sorted[Math.ceil(sorted.length * 0.9) - 1]!,
      }))
      .sort((a, b) => b.resolved - a.resolved || (a.type < b.type ? -1 : 1)),
    frameworks: [...names]
      .map((name) => ({ framework: name, open: having(name, true), closed: having(name, false) }))
      .sort((a, b) => b.open - a.open || b.closed - a.closed || (a.framework < b.framework ? -1 : 1)),
    oldest: open
      .map((detection) => ({ detection, row: all.findIndex((one) => one.detection === detection) }))
      .sort((a, b) => (a.detection.detectedAt < b.detection.detectedAt ? -1 : 1))
      .map(({ detection: { organizationId, id, type, entityId, entityType, sourceType, detectedAt } }) => ({
        key: { organizationId, id },
        type,
        entityId,
        entityType,
        sourceType,
        detectedAt,
      })),
  }
}

const frameworkNames = ['SOC 2', 'ISO 27001', 'CIS AWS 1.4, level 1']
const issue = fc.record({
  type: fc.constantFrom('MissingMFA', 'StaleKey', 'WeakPassword'),
  entityId: fc.constantFrom('anna', 'bert', 'ANNA', null),
  sourceType: fc.constantFrom('okta_org', 'aws_account', null),
  frameworks: fc.subarray(frameworkNames),
  kind: fc.constantFrom('posture' as const, 'posture' as const, 'posture' as const, 'threat' as const),
  // In days, one after the other; some before, some within and some after the weeks that are shown.
  detected: fc.integer({ min: 0, max: 399 * day }),
  changes: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 60 * day }),
      status: fc.constantFrom('ongoing', 'resolved', 'resolved', 'muted'),
      isSigned: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 5,
    },
  ),
  isShuffled: fc.boolean(),
})

describe('the overview of posture', () => {
  test('says what each of its detections says, whatever became of them, for all and for one framework', () => {
    fc.assert(
      fc.property(fc.array(issue, { minLength: 1, maxLength: 40 }), (issues) => {
        const store = testStore({ file: temporaryFile(), now: () => now })
        for (const [index, { detected, changes, isShuffled, ...said }] of issues.entries()) {
          let issued = detected
          const deliveries = changes.map(({ after, status, isSigned }, place) => {
            issued += after + (place === 0 ? 0 : 1)
            // A millisecond of its own for each, so that there is one oldest.
            const detectedAt = new Date(start + detected * 1000 - 1000 + index).toISOString() as never
            return (isSigned ? trusted : unsigned)(content({ ...said, id: `d-${index}`, status, detectedAt }), { issued })
          })
          store.keeper.keep(isShuffled ? [...deliveries].reverse() : deliveries)
        }
        for (const framework of [null, 'SOC 2', 'never heard of']) {
          const { isExact, ...overview } = read(store, framework)
          expect(overview).toEqual(naive(store, framework))
          expect(isExact).toBe(true)
        }
        store.close()
      }),
      { numRuns: 25, seed: 20261122 },
    )
  }, 60_000)

  const seeded = (count: number) => {
    const file = temporaryFile()
    const store = testStore({ file, now: () => now })
    store.keeper.keep(
      Array.from({ length: count }, (_, index) =>
        trusted(content({ kind: 'posture', id: `d-${index}`, status: index % 3 === 0 ? 'resolved' : 'ongoing', detectedAt: at(index) }), {
          issued: index + 100,
        }),
      ),
    )
    return { store, file }
  }

  test('is of the newest where there are more than are looked at, and says so, but counts and finds the oldest of all', () => {
    const { file } = seeded(60)
    const overview = finish(createPosture({ file, now: () => now, clock: () => 0, most: { all: 30, open: 20 } }).steps({ framework: null }))
    expect(overview).toMatchObject({ open: 40, closed: 20, isExact: false })
    expect(overview.openByType).toEqual([{ value: 'CredentialStuffingAttempt', count: 20, oldestDetectedAt: at(31) }])
    expect(overview.timeToResolve).toEqual([{ type: 'CredentialStuffingAttempt', resolved: 10, medianMs: 100_000, p90Ms: 100_000 }])
    expect(overview.oldest[0]?.key.id).toBe('d-1')
  })

  test('is of what was looked at where its time is over', () => {
    const { file } = seeded(9_000)
    let asked = 0
    const late = createPosture({ file, now: () => now, clock: () => (asked++ === 0 ? 0 : 10_000) })
    const overview = finish(late.steps({ framework: null }))
    expect(overview).toMatchObject({ open: 6_000, closed: 3_000, isExact: false })
    expect(overview.openByType[0]?.count).toBe(4_000)
  })

  test('is of one moment, whatever changes between its steps', () => {
    const { store } = seeded(9_000)
    const steps = store.posture.steps({ framework: null })
    expect(steps.next().done).toBe(false)
    store.keeper.keep(
      Array.from({ length: 9_000 }, (_, index) =>
        trusted(content({ kind: 'posture', id: `d-${index}`, status: 'resolved', detectedAt: at(index) }), { issued: index + 20_000 }),
      ),
    )
    const before = finish(steps)
    expect(before).toMatchObject({ open: 6_000, closed: 3_000, isExact: true })
    expect(before.openByType[0]?.count).toBe(6_000)
    expect(read(store)).toMatchObject({ open: 0, closed: 9_000, openByType: [] })
  })

  test('is empty of an empty history', () => {
    const overview = read(testStore({ file: temporaryFile(), now: () => now }))
    expect(overview).toMatchObject({ open: 0, closed: 0, oldest: [], timeToResolve: [], frameworks: [], isExact: true })
    expect(overview.weeks).toHaveLength(26)
    expect(overview.weeks[25]).toMatchObject({ openAtEnd: 0, medianAgeMs: null })
  })

  test('knows detections by organization as well', () => {
    const { store } = seeded(3)
    expect(read(store).oldest[0]?.key).toEqual({ organizationId: organization, id: 'd-1' })
  })
})
