import { expect, test } from 'vitest'
import { createSleepWatch } from './sleep-watch.ts'

const second = 1_000

function setUp() {
  const said: unknown[][] = []
  const state = { uptime: 500 * second, now: 1_000_000 * second, zone: -120, online: true }
  const watch = createSleepWatch({
    wake: {
      suspended: (at) => void said.push(['suspended', at]),
      resumed: () => void said.push(['resumed']),
      clockSet: () => void said.push(['clock set']),
      network: (isOnline) => void (isOnline ? undefined : said.push(['offline'])),
    },
    uptimeMs: () => state.uptime,
    now: () => state.now,
    zone: () => state.zone,
    isOnline: () => state.online,
  })
  const pass = (ms: number) => {
    state.uptime += ms
    state.now += ms
  }
  const looks = (count: number) => {
    for (let n = 0; n < count; n++) {
      pass(watch.lookEveryMs)
      watch.look()
    }
  }
  return { watch, said, state, pass, looks }
}

test('a sleep that nobody told of is found by the look that comes late, from the look before it', () => {
  const { watch, said, state, pass, looks } = setUp()
  looks(3)
  const asleepFrom = state.now
  pass(3_600 * second)
  watch.look()
  looks(3)
  expect(said).toEqual([['suspended', asleepFrom], ['resumed']])
})

test('a clock that is set is no sleep, whichever way, and does not hide one', () => {
  const { watch, said, state, pass, looks } = setUp()
  for (const by of [3_600, -7_200]) {
    state.now += by * second
    looks(2)
  }
  expect(said.splice(0)).toEqual([['clock set'], ['clock set']])
  pass(600 * second)
  state.now -= 600 * second
  watch.look()
  expect(said).toEqual([['suspended', state.now - 600 * second], ['resumed'], ['clock set']])
})

test('a clock that is put right bit by bit was not set', () => {
  const { said, state, looks } = setUp()
  for (let n = 0; n < 100; n++) {
    state.now += second
    looks(1)
  }
  expect(said).toEqual([])
})

test('another time zone is found within a minute, and before anything else where the computer wakes in it', () => {
  const { watch, said, state, pass, looks } = setUp()
  looks(20)
  state.zone = 300
  looks(12)
  expect(said.splice(0)).toEqual([['clock set']])
  watch.suspended()
  state.zone = -540
  pass(3_600 * second)
  watch.resumed()
  looks(20)
  expect(said.map(([what]) => what)).toEqual(['suspended', 'clock set', 'resumed'])
})

test('a busy moment is no sleep', () => {
  const { watch, said, pass, looks } = setUp()
  pass(19 * second)
  watch.look()
  looks(2)
  expect(said).toEqual([])
})

test('a sleep that the system told of is told once, and ends with its word', () => {
  const { watch, said, state, pass, looks } = setUp()
  const at = state.now
  watch.suspended()
  watch.suspended()
  pass(3_600 * second)
  watch.resumed()
  looks(3)
  expect(said).toEqual([['suspended', at], ['resumed']])
})

test('a system that tells of falling asleep only is found awake', () => {
  const { watch, said, state, pass, looks } = setUp()
  const at = state.now
  watch.suspended()
  looks(2)
  pass(3_600 * second)
  watch.look()
  expect(said).toEqual([['suspended', at], ['resumed']])

  watch.suspended()
  looks(11)
  expect(said, 'it may still fall asleep').toHaveLength(3)
  looks(3)
  expect(said, 'it stayed awake').toHaveLength(4)
})

test('the network is looked at each time', () => {
  const { said, state, looks } = setUp()
  looks(1)
  state.online = false
  looks(1)
  expect(said).toEqual([['offline']])
})
