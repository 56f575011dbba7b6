import { describe, expect, it } from 'vitest'
import { createClock } from '../ingest/test-support.ts'
import { createBackoff } from './backoff.ts'
import { createConnection, type LinkEnd, type LinkReport } from './connection.ts'
import type { LinkState } from './inlet.ts'
import { turns } from './test-fetching.ts'

/** A connection whose links do as the test says. `closes`: whether a link ends once it is told to hang up. */
function setUp({
  random = 0,
  closes = true,
  onState = () => {},
}: { random?: number; closes?: boolean; onState?: (state: LinkState) => void } = {}) {
  const clock = createClock()
  const links: { report: LinkReport; end: (end: LinkEnd) => void; closed: number; openedAt: number }[] = []
  const states: LinkState[] = []
  const bugs: unknown[] = []
  let open = 0
  let mostOpen = 0
  const connection = createConnection({
    open(report) {
      mostOpen = Math.max(mostOpen, ++open)
      let settle: (end: LinkEnd) => void = () => {}
      const ended = new Promise<LinkEnd>((resolve) => (settle = resolve))
      let isOver = false
      const end = (why: LinkEnd): void => {
        if (isOver) return
        isOver = true
        open--
        settle(why)
      }
      const link = { report, end, closed: 0, openedAt: clock.now() }
      links.push(link)
      return {
        ended,
        close() {
          link.closed++
          // Hanging up takes a moment.
          if (closes) setImmediate(() => end(lost))
        },
      }
    },
    onState: (state) => {
      states.push(state)
      onState(state)
    },
    onBug: (error) => bugs.push(error),
    now: clock.now,
    random: () => random,
    schedule: clock.schedule,
  })
  return {
    connection,
    clock,
    links,
    states,
    bugs,
    advance: (ms: number) => clock.advance(ms, turns),
    newest: () => links.at(-1)!,
    last: () => states.at(-1)!,
    mostOpen: () => mostOpen,
    open: () => open,
  }
}

const lost: LinkEnd = { kind: 'lost', detail: 'It broke.' }
const refusal: LinkEnd = { kind: 'refused', detail: 'The token is wrong.' }

describe('a connection', () => {
  it('gives up a far end that does not let it in within 15 seconds', async () => {
    const { connection, advance, newest, last } = setUp()
    connection.start()
    await advance(14_999)
    expect([newest().closed, last().kind]).toEqual([0, 'connecting'])
    await advance(1)
    expect(newest().closed).toBe(1)
    expect(last()).toMatchObject({ kind: 'waiting', because: 'relay-down', detail: expect.stringContaining('15 seconds') })
    await connection.stop()
  })

  it('does not take sounds before it was let in for being let in', async () => {
    const { connection, advance, newest } = setUp()
    connection.start()
    for (let i = 0; i < 15; i++) {
      newest().report.heard()
      await advance(1000)
    }
    expect(newest().closed).toBe(1)
    await connection.stop()
  })

  it('finds a half-open link within 45 seconds of the last sound, and says when that was', async () => {
    const { connection, clock, advance, newest, last } = setUp()
    connection.start()
    newest().report.live(null)
    await advance(40_000)
    newest().report.heard()
    const heardAt = clock.now()
    await advance(44_999)
    expect([newest().closed, last().kind]).toEqual([0, 'live'])
    await advance(1)
    expect(last()).toMatchObject({
      kind: 'waiting',
      because: 'relay-down',
      detail: expect.stringContaining('45 seconds'),
      lastHeardAt: new Date(heardAt).toISOString(),
    })
    await connection.stop()
  })

  it('does not hear a link any more that it has given up', async () => {
    const { connection, advance, links, states } = setUp({ closes: false })
    connection.start()
    await advance(15_000)
    expect(links[0]?.closed).toBe(1)
    links[0]?.report.live(3)
    links[0]?.report.heard()
    links[0]?.end(lost)
    await advance(1000)
    links[0]?.report.live(4)
    expect(states.map(({ kind }) => kind)).toEqual(['connecting', 'waiting', 'connecting'])
    links[1]?.end(lost)
    await connection.stop()
  })

  it('waits from one second to a minute, half of it drawn, and from one second again after a success', async () => {
    const waits = async (random: number): Promise<number[]> => {
      const { connection, clock, advance, newest, last } = setUp({ random })
      connection.start()
      const seen: number[] = []
      for (let i = 0; i < 9; i++) {
        newest().end(lost)
        await turns()
        const { retryAt } = last() as Extract<LinkState, { kind: 'waiting' }>
        seen.push(Date.parse(retryAt) - clock.now())
        await advance(seen.at(-1)! - 1)
        expect(last().kind).toBe('waiting')
        await advance(1)
        expect(last().kind).toBe('connecting')
      }
      newest().report.live(null)
      await advance(9_999)
      newest().end(lost)
      await turns()
      seen.push(Date.parse((last() as Extract<LinkState, { kind: 'waiting' }>).retryAt) - clock.now())
      await advance(seen.at(-1)!)
      newest().report.live(null)
      await advance(10_000)
      newest().end(lost)
      await turns()
      seen.push(Date.parse((last() as Extract<LinkState, { kind: 'waiting' }>).retryAt) - clock.now())
      await connection.stop()
      return seen
    }
    expect(await waits(0)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 500])
    const late = await waits(0.999_999)
    expect(late).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 1000])
  })

  it('waits five minutes after a refusal, unless somebody asks for a new try', async () => {
    const { connection, advance, links, last, newest } = setUp()
    connection.start()
    newest().end(refusal)
    await advance(299_999)
    expect(links).toHaveLength(1)
    expect(last()).toMatchObject({ kind: 'waiting', because: 'refused', detail: refusal.detail })
    await advance(1)
    expect(links).toHaveLength(2)
    newest().end(refusal)
    await turns()
    connection.reconnect()
    await turns()
    expect(links).toHaveLength(3)
    await connection.stop()
  })

  it('never has two links, however often and whenever it is told to reconnect', async () => {
    const { connection, advance, links, newest, mostOpen, open, clock } = setUp()
    connection.start()
    for (let i = 0; i < 300; i++) {
      const burst = (i * 7) % 5
      for (let n = 0; n <= burst; n++) connection.reconnect()
      if (i % 3 === 0) newest().report.live(null)
      if (i % 4 === 0) newest().end(i % 8 === 0 ? lost : refusal)
      if (i % 2 === 0) await turns()
      else await advance(i * 10)
    }
    expect(links.length).toBeGreaterThan(100)
    expect(mostOpen()).toBe(1)
    await connection.stop()
    expect(open()).toBe(0)
    expect(clock.planned()).toEqual([])
  })

  it('waits for a link that takes long to hang up before it opens the next', async () => {
    const { connection, links } = setUp({ closes: false })
    connection.start()
    connection.reconnect()
    await turns()
    expect(links.map(({ closed }) => closed)).toEqual([1])
    links[0]?.end(lost)
    await turns()
    expect(links).toHaveLength(2)
    links[1]?.end(lost)
    await connection.stop()
  })

  it('connects at once after a reconnect, and does not count the link it gave up as a failure', async () => {
    const { connection, links, states, newest } = setUp()
    connection.start()
    newest().report.live(null)
    connection.reconnect()
    await turns()
    expect(links).toHaveLength(2)
    expect(states.map(({ kind }) => kind)).toEqual(['connecting', 'live', 'connecting'])
    await connection.stop()
  })

  it('stops in every state, leaving no timer and opening nothing more', async () => {
    for (const until of ['connecting', 'live', 'waiting'] as const) {
      const { connection, clock, links, newest, last } = setUp()
      connection.start()
      if (until === 'live') newest().report.live(null)
      if (until === 'waiting') newest().end(lost)
      await turns()
      expect(last().kind).toBe(until)
      await connection.stop()
      expect([last().kind, links.length, clock.planned()]).toEqual(['stopped', 1, []])
    }
  })

  it('may be told to reconnect or stop by whoever it tells of its state', async () => {
    for (const kind of ['connecting', 'live', 'waiting'] as const) {
      let asked = 0
      const held = setUp({
        onState: (state) => {
          if (state.kind === kind && asked++ === 0) held.connection.reconnect()
          else if (state.kind === kind) void held.connection.stop()
        },
      })
      held.connection.start()
      for (let i = 0; i < 2; i++) {
        if (kind !== 'connecting') held.newest().report.live(null)
        if (kind === 'waiting') held.newest().end(lost)
        await turns()
      }
      expect([kind, held.last().kind, held.links.length, held.open()]).toEqual([kind, 'stopped', 2, 0])
    }
  })

  it('outlives a link that cannot be opened for a bug', async () => {
    const clock = createClock()
    const bugs: unknown[] = []
    const states: LinkState[] = []
    const connection = createConnection({
      open() {
        throw new Error('unforeseen')
      },
      onState: (state) => states.push(state),
      onBug: (error) => bugs.push(error),
      now: clock.now,
      random: () => 0,
      schedule: clock.schedule,
    })
    connection.start()
    await clock.advance(500, turns)
    expect(bugs).toHaveLength(2)
    expect(states.map(({ kind }) => kind)).toEqual(['connecting', 'waiting', 'connecting', 'waiting'])
    await connection.stop()
  })
})

describe('a backoff', () => {
  it('draws the upper half of each wait, so that two that fail together do not return together', () => {
    const draws = [0, 0.5, 0.25]
    const backoff = createBackoff(() => draws.shift() ?? 0)
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([500, 1500, 2500])
    backoff.reset()
    expect(backoff.next()).toBe(500)
  })

  it('doubts refusals for a while after the network is back, where a page to log in to may answer for everybody', async () => {
    const { connection, newest, last, links, advance } = setUp()
    const refuse = (): void => newest().end({ kind: 'refused', detail: 'A web page answered.' })
    connection.start()
    refuse()
    await advance(0)
    expect(last()).toMatchObject({ because: 'refused' })
    connection.reconnect('network-back')
    for (const waitMs of [500, 1_000, 2_000, 4_000]) {
      await advance(0)
      refuse()
      await advance(waitMs - 1)
      expect(last()).toMatchObject({ kind: 'waiting', because: 'relay-down', detail: 'A web page answered.' })
      await advance(1)
    }
    expect(links).toHaveLength(6)
    refuse()
    await advance(299_000)
    expect(last()).toMatchObject({ because: 'refused' })
    connection.reconnect()
    await advance(0)
    refuse()
    await advance(0)
    expect(last(), 'a person asked, and hears what is wrong at once').toMatchObject({ because: 'refused' })
    await connection.stop()
  })
})
