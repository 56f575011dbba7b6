import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Reader } from '../reader/reader.ts'
import { answer } from '../reader/questions.ts'
import { at, content, start, testStore, trusted } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createInbox } from './inbox-place.ts'

function setUp(count = 0) {
  const { now, schedule, pass } = createTestClock(start + 1_000_000)
  const store = testStore({ now })
  let keptAt = 0
  const receive = (ids: readonly string[]) =>
    store.keeper.keep(ids.map((id) => trusted(content({ id }), { issued: (keptAt += 1), received: keptAt })))
  receive(Array.from({ length: count }, (_, index) => `d-${index + 1}`))
  const changes: number[] = []
  const inbox = createInbox({
    ask: (async (name: 'inbox', argument: never) => answer(store, name, argument)) as unknown as Reader['ask'],
    settings: store.settings,
    onChanged: () => changes.push(now()),
    now,
    schedule,
  })
  return {
    store,
    receive,
    inbox,
    place: inbox.place,
    pass,
    changes,
    now,
  }
}

test('there is more to read: told four times a second at most, and not when the app quits', () => {
  const { inbox, pass, changes, now } = setUp()
  const begin = now()
  for (let count = 0; count < 10; count += 1) {
    inbox.touched()
    pass(50)
  }
  pass(1_000)
  expect(changes).toEqual([begin + 250, begin + 500])
  inbox.touched()
  inbox.stop()
  inbox.touched()
  pass(1_000)
  expect(changes).toHaveLength(2)
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
