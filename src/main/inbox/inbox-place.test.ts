import { describe, expect, test } from 'vitest'
import type { Instant, Sequence } from '../../shared/detection.ts'
import type { Said } from '../../shared/inbox.ts'
import type { Reader } from '../reader/reader.ts'
import { answer } from '../reader/questions.ts'
import { at, content, start, testStore, trusted } from '../store/test-support.ts'
import { createInbox } from './inbox-place.ts'

const quiet: Said = { kind: 'quiet', because: 'focused' }
const decided = (...sequences: number[]) => sequences.map((sequence) => ({ sequence: sequence as Sequence, said: quiet }))

function setUp(count = 0) {
  let now = start + 1_000_000
  const store = testStore({ now: () => now })
  let keptAt = 0
  const receive = (ids: readonly string[]) =>
    store.keeper.keep(ids.map((id) => trusted(content({ id }), { issued: (keptAt += 1), received: keptAt })))
  receive(Array.from({ length: count }, (_, index) => `d-${index + 1}`))
  let timers: { readonly at: number; readonly run: () => void }[] = []
  let isDiskFull = false
  const troubles: unknown[] = []
  const changes: number[] = []
  const inbox = createInbox({
    ask: (async (name: 'inbox', argument: never) => answer(store, name, argument)) as unknown as Reader['ask'],
    rows: {
      add(lines) {
        if (isDiskFull) throw new Error('disk full')
        store.notificationLog.add(lines)
      },
    },
    settings: store.settings,
    onChanged: () => changes.push(now),
    onTrouble: (error) => troubles.push(error),
    now: () => now,
    schedule(run, afterMs) {
      const timer = { at: now + afterMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  })
  function pass(ms: number): void {
    const until = now + ms
    for (;;) {
      const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      timers = timers.filter((timer) => timer !== next)
      now = next.at
      next.run()
    }
    now = until
  }
  const lines = async () => (await inbox.place.page({ filter: 'all', before: null, limit: 200 })).lines
  return {
    store,
    receive,
    inbox,
    place: inbox.place,
    pass,
    lines,
    changes,
    troubles,
    setDisk: (isFull: boolean) => (isDiskFull = isFull),
    now: () => now,
  }
}

describe('what was decided', () => {
  test('is written after the answer, in batches, and told four times a second at most', async () => {
    const { place, pass, lines, changes, now } = setUp(500)
    const begin = now()
    for (let sequence = 1; sequence <= 500; sequence += 1) place.record(decided(sequence))
    expect(await lines()).toEqual([])
    pass(50)
    expect(await lines()).toHaveLength(200)
    pass(1_000)
    const all = await lines()
    expect(all[0]).toMatchObject({ id: 500, key: { id: 'd-500' }, said: quiet, at: new Date(begin).toISOString() })
    expect(changes).toEqual([begin + 300])
  })

  test('waits for a full disk to have room again', async () => {
    const { place, pass, lines, troubles, setDisk } = setUp(2)
    setDisk(true)
    place.record(decided(1))
    pass(60)
    expect(troubles).toHaveLength(1)
    setDisk(false)
    place.record(decided(2))
    pass(10_000)
    expect((await lines()).map(({ key }) => key.id)).toEqual(['d-2', 'd-1'])
  })

  test('is all written when the app quits', async () => {
    const { inbox, place, pass, lines, changes } = setUp(3)
    place.record(decided(1, 2, 3))
    inbox.stop()
    expect(await lines()).toHaveLength(3)
    place.record(decided(1))
    pass(60_000)
    expect(changes).toEqual([])
  })
})

describe('the digest', () => {
  const ids = async (digest: Promise<{ threats: readonly { key: { id: string } }[] }>) => (await digest).threats.map(({ key }) => key.id)

  test('goes on where the last look ended, by what was received and not by its time', async () => {
    const { place, receive, pass } = setUp(2)
    const first = await place.digest.read({ since: null })
    expect(first.counts.threats).toBe(2)
    expect(first.since).toBe(new Date(Date.parse(first.until) - 86_400_000).toISOString())
    receive(['while-reading'])
    place.digest.seen({ until: first.until })
    pass(60_000)
    receive(['later'])
    const second = await place.digest.read({ since: null })
    expect(second.since).toBe(first.until)
    expect(second.threats.map(({ key }) => key.id).sort()).toEqual(['later', 'while-reading'])
    place.digest.seen({ until: second.until })
    expect(await ids(place.digest.read({ since: null }))).toEqual([])
    expect(await ids(place.digest.read({ since: at(0) }))).toHaveLength(4)
  })

  test('the last look only ever moves forward, and not into the future', async () => {
    const { place, store, now } = setUp(1)
    const look = () => store.settings.readApp().lastLook
    place.digest.seen({ until: '9999-12-31T23:59:59.999Z' as Instant })
    expect(look()).toEqual({ at: now(), sequence: null })
    place.digest.seen({ until: at(0) })
    expect(look()).toEqual({ at: now(), sequence: null })
  })
})
