import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import { createFeed, feedLimits, type FeedLimits } from './feed.ts'
import { keptAs, turns } from './test-fetching.ts'

const failed: Outcome = { kind: 'failed', because: 'not-committed' }

/** A feed whose deliveries are settled by the test: `settle(2, …)` is for the third that was pushed. */
function setUp(limits?: FeedLimits) {
  const pending: ((outcome: Outcome | Error) => void)[] = []
  const settled: (readonly [position: number, outcome: string | null])[] = []
  const bugs: unknown[] = []
  let failures = 0
  const feed = createFeed<number>({
    ingest: () =>
      new Promise((resolve, reject) => {
        pending.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)))
      }),
    onSettled: (position, outcome) => settled.push([position, outcome?.kind ?? null]),
    onFailed: () => failures++,
    onBug: (error) => bugs.push(error),
    ...(limits === undefined ? {} : { limits }),
  })
  const settle = (index: number, outcome: Outcome | Error = keptAs(index + 1)): void => pending[index]?.(outcome)
  return { feed, settle, settled, bugs, pending, failures: () => failures }
}

function delivery(size = 10): Delivery {
  return { body: new Uint8Array(size), headers: {}, inlet: 'gosmee:abcd1234', receivedAt: '2026-01-05T12:00:00.000Z' as Instant }
}

/** Whether it has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => (done = true))
  await turns()
  return done
}

describe('a feed', () => {
  it('settles in the order of arrival, whatever the order of commits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(fc.boolean(), { minLength: 1, maxLength: 20 })
          .chain((skips) =>
            fc.tuple(fc.constant(skips), fc.shuffledSubarray([...skips.keys()], { minLength: skips.length, maxLength: skips.length })),
          ),
        async ([skips, order]) => {
          const { feed, settle, settled } = setUp()
          const places: (number | null)[] = []
          let pushed = 0
          for (const [position, isSkipped] of skips.entries()) {
            if (isSkipped) feed.skip(position)
            else await feed.push(delivery(), position)
            places.push(isSkipped ? null : pushed++)
          }
          for (const position of order) {
            const place = places[position]
            if (place !== null && place !== undefined) settle(place)
            // After each: what is settled is a beginning of what came, without a hole.
            await Promise.resolve()
            expect(settled.map(([seen]) => seen)).toEqual(settled.map((_, i) => i))
          }
          await feed.idle()
          expect(settled.map(([seen]) => seen)).toEqual([...skips.keys()])
        },
      ),
      { seed: 4, numRuns: 300 },
    )
  })

  it('passes on nothing that is not recorded yet', async () => {
    const { feed, settle, settled } = setUp()
    for (let i = 0; i < 3; i++) await feed.push(delivery(), i)
    settle(2)
    settle(1)
    await turns()
    expect(settled).toEqual([])
    settle(0, { kind: 'refused', because: 'not-a-token' })
    await feed.idle()
    expect(settled).toEqual([
      [0, 'refused'],
      [1, 'kept'],
      [2, 'kept'],
    ])
  })

  it('settles nothing from a failed commit on, says so once, and lets nobody wait', async () => {
    const { feed, settle, settled, failures, pending } = setUp({ deliveries: 3, bytes: 1000 })
    void feed.push(delivery(), 0)
    void feed.push(delivery(), 1)
    const third = feed.push(delivery(), 2)
    expect(await isDone(third)).toBe(false)
    settle(2)
    settle(1, failed)
    await turns()
    expect(failures()).toBe(0)
    settle(0)
    expect(await isDone(third)).toBe(true)
    await feed.idle()
    expect(settled).toEqual([[0, 'kept']])
    expect(failures()).toBe(1)
    await feed.push(delivery(), 3)
    feed.skip(4)
    await feed.idle()
    expect([settled.length, pending.length, failures()]).toEqual([1, 3, 1])
  })

  it('counts a throw as not kept, be it of the pipeline or of who is told', async () => {
    const first = setUp()
    await first.feed.push(delivery(), 0)
    first.settle(0, new Error('unforeseen'))
    await first.feed.idle()
    expect([first.failures(), first.bugs.length, first.settled]).toEqual([1, 1, []])

    const bugs: unknown[] = []
    let failures = 0
    const feed = createFeed<number>({
      ingest: () => {
        throw new Error('at once')
      },
      onSettled: () => {
        throw new Error('cannot acknowledge')
      },
      onFailed: () => failures++,
      onBug: (error) => bugs.push(error),
    })
    feed.skip(0)
    await feed.idle()
    expect([failures, bugs.length]).toEqual([1, 1])
  })

  it('has room for so many deliveries, and for so many bytes', async () => {
    const few = setUp({ deliveries: 2, bytes: 1000 })
    expect(await isDone(few.feed.push(delivery(), 0))).toBe(true)
    const second = few.feed.push(delivery(), 1)
    expect(await isDone(second)).toBe(false)
    few.settle(0)
    expect(await isDone(second)).toBe(true)

    const heavy = setUp({ deliveries: 100, bytes: 1000 })
    expect(await isDone(heavy.feed.push(delivery(999), 0))).toBe(true)
    const next = heavy.feed.push(delivery(1), 1)
    expect(await isDone(next)).toBe(false)
    heavy.settle(0)
    expect(await isDone(next)).toBe(true)
    expect(feedLimits.deliveries).toBeGreaterThan(100)
  })

  it('has no room while what was skipped waits behind a delivery', async () => {
    const { feed, settle, settled } = setUp({ deliveries: 3, bytes: 1000 })
    await feed.push(delivery(), 0)
    feed.skip(1)
    expect(await isDone(feed.room())).toBe(true)
    feed.skip(2)
    const room = feed.room()
    expect(await isDone(room)).toBe(false)
    settle(0)
    expect(await isDone(room)).toBe(true)
    expect(settled.map(([position]) => position)).toEqual([0, 1, 2])
  })

  it('may be fed again by whoever is told that something is settled', async () => {
    const seen: number[] = []
    const feed = createFeed<number>({
      ingest: () => Promise.resolve(keptAs(1)),
      onSettled: (position) => {
        seen.push(position)
        if (position === 0) feed.skip(9)
      },
      onFailed: () => {},
    })
    void feed.push(delivery(), 0)
    void feed.push(delivery(), 1)
    await feed.idle()
    expect(seen).toEqual([0, 1, 9])
  })
})
