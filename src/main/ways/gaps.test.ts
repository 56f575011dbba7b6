import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Gap, GapReason, InletId } from '../../shared/inlets.ts'
import type { GapLedger, Watched } from './gap-ledger.ts'
import { createGapLedger } from './gaps.ts'
import type { Store } from '../store/store.ts'
import { start, testStore } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'

const relay = 'relay:abcdefgh' as InletId
const receiver = 'receiver' as InletId
const second = 1_000
const minute = 60 * second
const hour = 60 * minute

const durable: Watched = { id: relay, offline: 'in-doubt', reconnects: true, isKeptMeanwhile: () => true }
const local: Watched = { ...durable, offline: 'unaffected' }
const forgetful: Watched = { ...durable, isKeptMeanwhile: () => false }
const reachable: Watched = { id: receiver, offline: 'unreached', reconnects: false, isKeptMeanwhile: () => false }

function setUp(store: Store = testStore(), clock = createTestClock(start)) {
  const told: Gap[] = []
  const faults: unknown[] = []
  const create = (): GapLedger =>
    createGapLedger({
      rows: store.gaps,
      inlets: store.inlets,
      onChanged: (gap) => told.push(gap),
      onFault: (error) => faults.push(error),
      now: clock.now,
      schedule: clock.schedule,
    })
  return { store, clock, told, faults, create, ledger: create() }
}

/** Seconds since `start`, oldest first, as people would write them down. */
function account(store: Store, id = relay): unknown[] {
  const seconds = (instant: string | null) => (instant === null ? null : (Date.parse(instant) - start) / second)
  return store.gaps
    .list({ inlet: id, since: null, limit: 100 })
    .map(({ from, to, because, end }) => [
      seconds(from),
      seconds(to),
      because,
      end.kind,
      ...('count' in end ? [end.count] : []),
      ...('delivered' in end ? [end.delivered] : []),
    ])
    .reverse()
}

/** Live for ten seconds from `start`. */
function live(watched: Watched = durable) {
  const all = setUp()
  all.ledger.watch(watched)
  all.ledger.live(watched.id, 0)
  all.clock.pass(10 * second)
  return all
}

describe('a gap', () => {
  test('of a relay that was down ends with its backlog, once that is in', () => {
    const { ledger, clock, store, told } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    expect(account(store)).toEqual([[10, null, 'relay-down', 'open']])
    ledger.connecting(relay)
    clock.pass(1 * second)
    ledger.live(relay, 3)
    expect(account(store)).toEqual([[10, 16, 'relay-down', 'open']])
    for (let n = 0; n < 3; n++) ledger.delivered(relay, true)
    clock.pass(20 * second)
    expect(account(store), 'more is to come, as the far end says').toEqual([[10, 16, 'relay-down', 'open']])
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 16, 'relay-down', 'backlog', 3]])
    expect(told.map(({ id }) => id)).toEqual(Array(told.length).fill(told[0]?.id))
    expect(told.at(-1)).toEqual(store.gaps.list({ inlet: relay, since: null, limit: 1 })[0])
  })

  test('whose far end does not say how much is to come is over when nothing more has come for a while', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    ledger.live(relay, null)
    for (let n = 0; n < 4; n++) {
      clock.pass(8 * second)
      ledger.delivered(relay, true)
    }
    expect(account(store)).toEqual([[10, 15, 'relay-down', 'open']])
    clock.pass(11 * second)
    expect(account(store)).toEqual([[10, 15, 'relay-down', 'backlog', 4]])
  })

  test('of what keeps nothing has an unknown end, however short it is', () => {
    const { ledger, clock, store } = live(forgetful)
    ledger.down(relay, 'relay-down')
    clock.pass(100)
    ledger.live(relay, null)
    expect(account(store)).toEqual([[10, 10.1, 'relay-down', 'unknown']])
  })

  test('shorter than two seconds is none where everything came in', () => {
    const { ledger, clock, store, told } = live()
    for (let n = 0; n < 5; n++) {
      ledger.down(relay, 'relay-down')
      clock.pass(1.9 * second)
      ledger.live(relay, 1)
      ledger.delivered(relay, true)
      ledger.live(relay, 0)
      clock.pass(10 * second)
    }
    expect(account(store)).toEqual([])
    expect(told).toEqual([])
  })

  test('of a sleep counts what comes by itself while the computer falls asleep and wakes; any other was over by then', () => {
    const { ledger, clock, store } = live()
    ledger.suspended(clock.now())
    ledger.delivered(relay, false)
    clock.pass(60 * second)
    ledger.delivered(relay, false)
    ledger.resumed()
    ledger.delivered(relay, false)
    ledger.live(relay, 1)
    ledger.delivered(relay, true)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 70, 'asleep', 'backlog', 4]])
    ledger.down(relay, 'relay-down')
    ledger.delivered(relay, false)
    clock.pass(5 * second)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store).at(-1), 'it was received before the link broke').toEqual([72, 77, 'relay-down', 'backlog', 0])
  })

  test('however short says what the far end lost', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(1 * second)
    ledger.live(relay, 2)
    ledger.lost(relay, 5)
    ledger.lost(relay, 2)
    expect(account(store), 'at once, since a crash must not hide it').toEqual([[10, 11, 'relay-down', 'lost', 7, 0]])
    ledger.delivered(relay, true)
    ledger.delivered(relay, true)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 11, 'relay-down', 'lost', 7, 2]])
    ledger.lost(relay, null)
    expect(account(store), 'a loss without a gap').toEqual([
      [10, 11, 'relay-down', 'lost', 7, 2],
      [13, 13, 'relay-down', 'lost', null, 0],
    ])
  })

  test('that the far end told before it let us in counts as well', () => {
    const { ledger, clock, store } = live(forgetful)
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    ledger.lost(relay, null)
    ledger.live(relay, null)
    expect(account(store)).toEqual([[10, 15, 'relay-down', 'lost', null, 0]])
  })

  test('of a half-open connection begins when the far end was last heard', () => {
    const { ledger, clock, store } = live()
    clock.pass(45 * second)
    ledger.down(relay, 'relay-down', start + 10 * second)
    clock.pass(5 * second)
    expect(account(store)).toEqual([[10, null, 'relay-down', 'open']])
  })

  test('begins when it was live at the earliest, whatever is said', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    ledger.live(relay, 0)
    clock.pass(5 * second)
    ledger.down(relay, 'relay-down', start + 2 * second)
    clock.pass(5 * second)
    expect(account(store)).toEqual([
      [10, 15, 'relay-down', 'backlog', 0],
      [15, null, 'relay-down', 'open'],
    ])
  })

  test('goes on through another break while its backlog comes in, and both end with it', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(10 * second)
    ledger.live(relay, 5)
    ledger.delivered(relay, true)
    ledger.down(relay, 'refused')
    clock.pass(10 * second)
    ledger.live(relay, 4)
    for (let n = 0; n < 4; n++) ledger.delivered(relay, true)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([
      [10, 20, 'relay-down', 'backlog', 1],
      [20, 30, 'refused', 'backlog', 4],
    ])
  })

  test('is none before the inlet was live for the first time, nor while it is switched off', () => {
    const { ledger, clock, store, create } = setUp()
    ledger.watch(durable)
    ledger.down(relay, 'refused')
    clock.pass(hour)
    expect(account(store)).toEqual([])
    ledger.live(relay, 0)
    ledger.down(relay, 'refused')
    clock.pass(10 * second)
    ledger.unwatch(relay)
    expect(account(store)).toEqual([[3_600, 3_610, 'refused', 'unknown']])
    clock.pass(hour)
    ledger.watch(durable)
    ledger.down(relay, 'refused')
    clock.pass(hour)
    ledger.unwatch(relay)
    ledger.stop()
    create().watch(durable)
    clock.pass(hour)
    expect(account(store)).toHaveLength(1)
  })
})

describe('why', () => {
  test('asleep, from the moment of falling asleep until it is live again', () => {
    const { ledger, clock, store } = live()
    ledger.suspended(clock.now())
    clock.set(8 * hour)
    clock.pass(1 * second)
    ledger.resumed()
    clock.pass(3 * second)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 10 + 8 * 3_600 + 4, 'asleep', 'backlog', 0]])
  })

  test('asleep, though it was noticed only afterwards and the link was found dead first', () => {
    const { ledger, clock, store } = live()
    clock.set(hour)
    ledger.down(relay, 'relay-down', start + 9 * second)
    clock.pass(2.5 * second)
    ledger.suspended(start + 10 * second)
    ledger.resumed()
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[9, 3_612.5, 'asleep', 'backlog', 0]])
  })

  test('what waits on this computer is back as soon as it is awake', () => {
    const { ledger, clock, store } = live(reachable)
    ledger.suspended(clock.now())
    clock.set(hour)
    ledger.resumed()
    expect(account(store, receiver)).toEqual([[10, 3_610, 'asleep', 'unknown']])
  })

  test('offline, also where the link broke just before that was noticed', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    ledger.network(false)
    clock.pass(3 * second)
    ledger.network(true)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 18, 'offline', 'backlog', 0]])
  })

  test('offline, from when the network went, where the link never noticed', () => {
    const { ledger, clock, store } = live()
    ledger.network(false)
    clock.pass(20 * second)
    ledger.heard(relay)
    clock.pass(10 * second)
    ledger.network(true)
    clock.pass(2 * second)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[30, 42, 'offline', 'backlog', 0]])
  })

  test('a missing network keeps what others reach from being reached, and what is on this computer does not notice', () => {
    const { ledger, clock, store } = live(reachable)
    ledger.watch(local)
    ledger.live(relay, 0)
    ledger.network(false)
    clock.pass(10 * second)
    ledger.network(true)
    clock.pass(10 * second)
    expect(account(store, receiver)).toEqual([[10, 20, 'offline', 'unknown']])
    expect(account(store, relay)).toEqual([])
  })

  test.each<[string, number, number, GapReason]>([
    ['a relay that was down for longer than it slept', 17, 8, 'relay-down'],
    ['a relay that was down for a moment before it slept', 1, 8, 'asleep'],
    ['as long as one another, and the first counts', 8, 8, 'relay-down'],
  ])('what held for most of it: %s', (_, downMinutes, asleepMinutes, because) => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(downMinutes * minute)
    ledger.suspended(clock.now())
    clock.set(asleepMinutes * minute)
    ledger.resumed()
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 10 + (downMinutes + asleepMinutes) * 60, because, 'backlog', 0]])
  })

  test('sleep is the better reason than a missing network, and that a better one than the relay', () => {
    const { ledger, clock, store } = live()
    ledger.network(false)
    ledger.down(relay, 'relay-down')
    clock.pass(1 * second)
    ledger.suspended(clock.now())
    ledger.down(relay, 'refused')
    clock.pass(20 * second)
    ledger.resumed()
    expect(account(store)).toEqual([[10, null, 'asleep', 'open']])
    clock.pass(30 * second)
    ledger.down(relay, 'relay-down')
    clock.pass(20 * second)
    ledger.suspended(clock.now())
    expect(account(store), 'still no network').toEqual([[10, null, 'offline', 'open']])
  })

  test('the app was closed, since it was last watched, in order or by a crash', () => {
    for (const isInOrder of [true, false]) {
      const { store, clock, ledger, create } = live()
      clock.pass(25 * second)
      if (isInOrder) ledger.stop()
      clock.set(hour)
      const next = create()
      next.watch(durable)
      expect(account(store)).toEqual([[isInOrder ? 35 : 30, null, 'app-closed', 'open']])
      clock.pass(1 * second)
      next.live(relay, 2)
      next.delivered(relay, true)
      next.delivered(relay, true)
      next.live(relay, 0)
      clock.pass(2 * second)
      expect(account(store)).toEqual([[isInOrder ? 35 : 30, 3_636, 'app-closed', 'backlog', 2]])
    }
  })

  test('a gap that lasts when the app closes goes on at the next start', () => {
    const { store, clock, ledger, create } = live()
    ledger.down(relay, 'refused')
    clock.pass(10 * second)
    ledger.stop()
    clock.set(hour)
    const next = create()
    next.watch(durable)
    next.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 3_620, 'app-closed', 'backlog', 0]])
  })

  test('a backlog that was still coming in when the app closed ends after the next start', () => {
    const { store, clock, ledger, create } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(10 * second)
    ledger.live(relay, 3)
    ledger.delivered(relay, true)
    ledger.stop()
    clock.set(hour)
    const next = create()
    next.watch(durable)
    next.live(relay, 2)
    next.delivered(relay, true)
    next.delivered(relay, true)
    next.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([
      [10, 20, 'relay-down', 'backlog', 0],
      [20, 3_620, 'app-closed', 'backlog', 2],
    ])
  })
})

describe('a clock that jumps', () => {
  test('back makes no gap negative, and forward none that never was', () => {
    const { ledger, clock, store } = live()
    ledger.down(relay, 'relay-down')
    clock.pass(5 * second)
    clock.set(-hour)
    ledger.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[10, 10, 'relay-down', 'backlog', 0]])
    clock.set(2 * hour)
    clock.pass(hour)
    expect(account(store)).toHaveLength(1)
  })

  test('back while the app was closed leaves the time since the start', () => {
    const { store, clock, ledger, create } = live()
    ledger.stop()
    clock.set(-hour)
    const next = create()
    next.watch(durable)
    clock.pass(10 * second)
    next.live(relay, 0)
    clock.pass(2 * second)
    expect(account(store)).toEqual([[-3_590, -3_580, 'app-closed', 'backlog', 0]])
  })
})

test('what the history cannot take is made up for later', () => {
  const store = testStore()
  let isFull = false
  const guarded = {
    ...store,
    gaps: { ...store.gaps, add: (gap: Parameters<typeof store.gaps.add>[0]) => (isFull ? fail() : store.gaps.add(gap)) },
  }
  const fail = (): never => {
    throw new Error('disk full')
  }
  const { ledger, clock, faults } = setUp(guarded)
  ledger.watch(forgetful)
  ledger.live(relay, null)
  isFull = true
  ledger.down(relay, 'relay-down')
  clock.pass(10 * second)
  ledger.live(relay, null)
  ledger.down(relay, 'refused')
  clock.pass(5 * second)
  expect(faults.length).toBeGreaterThan(0)
  expect(account(store)).toEqual([])
  isFull = false
  clock.pass(30 * second)
  expect(account(store)).toEqual([
    [0, 10, 'relay-down', 'unknown'],
    [10, null, 'refused', 'open'],
  ])
})

test('gaps of one inlet never overlap and cover exactly the times in which it was not live, through restarts and sleep', () => {
  const store = testStore()
  let runs = 0
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
    fc.record({ kind: fc.constantFrom('live', 'down', 'connecting', 'suspended', 'resumed', 'offline', 'online', 'restart', 'heard') }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const inlet = `relay:${(runs += 1)}` as InletId
      const { clock, create, faults, ...rest } = setUp(store)
      let ledger = rest.ledger
      ledger.watch({ ...reachable, id: inlet })
      ledger.live(inlet, null)
      // The model: what a clerk with a stop-watch would write down.
      let [linked, asleep, offline] = [true, false, false]
      const missed: [number, number][] = []
      const pass = (ms: number) => {
        if (!linked || asleep || offline) {
          const last = missed.at(-1)
          if (last?.[1] === clock.now()) last[1] += ms
          else missed.push([clock.now(), clock.now() + ms])
        }
        clock.pass(ms)
      }
      for (const one of steps) {
        switch (one.kind) {
          case 'pass':
            pass('ms' in one ? one.ms : 0)
            break
          case 'live':
            ledger.live(inlet, null)
            linked = true
            break
          case 'down':
            ledger.down(inlet, 'tunnel-down')
            linked = false
            break
          case 'connecting':
            ledger.connecting(inlet)
            linked = false
            break
          case 'suspended':
            ledger.suspended(clock.now())
            asleep = true
            break
          case 'resumed':
            ledger.resumed()
            asleep = false
            break
          case 'offline':
          case 'online':
            offline = one.kind === 'offline'
            ledger.network(!offline)
            break
          case 'heard':
            ledger.heard(inlet)
            break
          default:
            ledger.stop()
            ledger = create()
            ledger.watch({ ...reachable, id: inlet })
            ;[linked, asleep, offline] = [false, false, false]
        }
      }
      pass(5_000)
      ledger.stop()
      expect(faults).toEqual([])
      const kept = [...store.gaps.list({ inlet: inlet, since: null, limit: 1_000 })].reverse()
      const joined: [number, number][] = []
      for (const { from, to, end } of kept) {
        const span: [number, number] = [Date.parse(from), to === null ? clock.now() : Date.parse(to)]
        expect(span[0]).toBeLessThanOrEqual(span[1])
        expect(span[0]).toBeGreaterThanOrEqual(joined.at(-1)?.[1] ?? 0)
        expect(end.kind).toBe(to === null ? 'open' : 'unknown')
        if (span[0] === span[1]) continue
        if (joined.at(-1)?.[1] === span[0]) joined.at(-1)![1] = span[1]
        else joined.push(span)
      }
      expect(joined).toEqual(missed)
    }),
    { numRuns: 50 },
  )
}, 30_000)
