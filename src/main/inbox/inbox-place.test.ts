import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { LookId } from '../../shared/inbox.ts'
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
    expect(place.digest.seen({ until: at(0) })).toEqual({ undo: null })
    expect(look()).toEqual({ at: now(), sequence: null })
  })

  /** Two marks, one after the other, with something that came before each. */
  async function twoMarks() {
    const parts = setUp(1)
    const { place, receive, pass } = parts
    const mark = async () => place.digest.seen({ until: (await place.digest.read({ since: null })).until }).undo ?? expect.unreachable()
    const first = await mark()
    pass(60_000)
    receive(['between'])
    const second = await mark()
    pass(60_000)
    receive(['since'])
    return { ...parts, first, second, look: () => parts.store.settings.readApp().lastLook }
  }

  test('a mark is taken back to the one before it, and what came meanwhile is news as well', async () => {
    const { place, first, second, look } = await twoMarks()
    expect((await ids(place.digest.read({ since: null }))).sort()).toEqual(['since'])
    expect(place.digest.unseen(second)).toEqual({ kind: 'undone' })
    expect((await ids(place.digest.read({ since: null }))).sort()).toEqual(['between', 'since'])
    expect(place.digest.unseen(first)).toEqual({ kind: 'undone' })
    expect(look()).toBeNull()
    expect((await ids(place.digest.read({ since: null }))).sort()).toEqual(['between', 'd-1', 'since'])
  })

  test('only the last mark is taken back, once, and none that was never made', async () => {
    const { place, first, second, look } = await twoMarks()
    const before = look()
    expect(place.digest.unseen(first)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('the later mark first') as string })
    expect(place.digest.unseen(99 as LookId)).toMatchObject({ kind: 'refused' })
    expect(look()).toEqual(before)
    place.digest.unseen(second)
    const now = look()
    expect(place.digest.unseen(second)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('taken back already') as string })
    expect(look()).toEqual(now)
  })

  test('a mark that could not be taken back can be later', async () => {
    const { place, second, store } = await twoMarks()
    const { writeApp } = store.settings
    store.settings.writeApp = () => {
      throw new Error('disk I/O error')
    }
    expect(() => place.digest.unseen(second)).toThrow('disk I/O error')
    store.settings.writeApp = writeApp
    expect(place.digest.unseen(second)).toEqual({ kind: 'undone' })
  })

  test('as many marks can be taken back as are remembered, and no more', () => {
    const { place, store, pass, now } = setUp()
    const marks = Array.from({ length: 51 }, () => {
      pass(1_000)
      return place.digest.seen({ until: new Date(now()).toISOString() as Instant }).undo ?? expect.unreachable()
    })
    const taken = marks.reverse().map((id) => place.digest.unseen(id).kind)
    expect(taken).toEqual([...Array<string>(50).fill('undone'), 'refused'])
    expect(store.settings.readApp().lastLook?.at).toBe(now() - 50_000)
  })
})
