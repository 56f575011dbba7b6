import { describe, expect, test } from 'vitest'
import { longestViewName, mostSavedViews, type SavedView, type SavedViewDraft } from '../../shared/saved-views.ts'
import { longestLink, views } from '../../shared/view.ts'
import type { CountAnswer } from '../store/overview.ts'
import { createSavedViewRows } from '../store/saved-views.ts'
import { at, content, temporaryFile, testDatabase, testStore, trusted } from '../store/test-support.ts'
import { createSavedViews } from './saved-views.ts'

const draft = (changes: Partial<SavedViewDraft> = {}): SavedViewDraft => ({
  id: null,
  name: 'Open',
  address: 'timeline?q=is%3Aopen',
  isPinned: false,
  ...changes,
})

function setUp(count: (text: string) => CountAnswer | Promise<CountAnswer> = () => ({ kind: 'count', count: 0, isCapped: false })) {
  const db = testDatabase(temporaryFile())
  const rows = createSavedViewRows(db)
  const told: (readonly SavedView[])[] = []
  const saved = createSavedViews({ rows, count: async ({ text }) => count(text), onChanged: (all) => told.push(all) })
  return { db, rows, saved, told }
}

describe('a saved view', () => {
  test('is there for the next one who opens the history, and everybody is told', () => {
    const { db, saved, told } = setUp()
    const answer = saved.save(draft({ name: '  Open\n now ' }))
    const views = [{ id: 1, name: 'Open now', address: 'timeline?q=is%3Aopen', isPinned: false }]
    expect(answer).toEqual({ kind: 'saved', views })
    expect(told).toEqual([views])
    expect(createSavedViewRows(db).read().views).toEqual(views)
  })

  test('takes another name, address and pin, and those that are pinned come first', () => {
    const { saved } = setUp()
    for (const name of ['a', 'b', 'c']) saved.save(draft({ name }))
    saved.save({ id: 2, name: 'B', address: 'posture', isPinned: true })
    expect(saved.list().map(({ id, name }) => `${id} ${name}`)).toEqual(['2 B', '1 a', '3 c'])
    expect(saved.list()[0]).toMatchObject({ address: 'posture', isPinned: true })
  })

  test('that is removed gives its id to no other', () => {
    const { saved, told } = setUp()
    saved.save(draft({ name: 'a' }))
    saved.save(draft({ name: 'b' }))
    expect(saved.remove({ id: 2 })).toMatchObject({ kind: 'saved', views: [{ id: 1 }] })
    expect(saved.remove({ id: 2 })).toMatchObject({ kind: 'saved' })
    saved.save(draft({ name: 'c' }))
    expect(saved.list().map(({ id }) => id)).toEqual([1, 3])
    expect(told).toHaveLength(5)
  })

  test.each<[string, Partial<SavedViewDraft>, RegExp]>([
    ['without a name', { name: ' \n ' }, /needs a name/],
    ['with a name that is too long', { name: 'a'.repeat(longestViewName + 1) }, /80 characters/],
    ['of a name that is taken', { name: 'TAKEN' }, /named TAKEN already/],
    ['that is gone', { id: 7 }, /removed meanwhile/],
    ['of no view', { address: 'nowhere?q=a' }, /no address/],
    ['of another program', { address: 'https://example.org' }, /no address/],
    ['with a long address', { address: `timeline?q=${'a'.repeat(longestLink)}` }, /no address/],
  ])('%s is refused in words, and nothing changes', (_, changes, words) => {
    const { saved, told } = setUp()
    saved.save(draft({ name: 'Taken' }))
    const before = saved.list()
    expect(saved.save(draft({ name: 'New', ...changes }))).toEqual({ kind: 'refused', detail: expect.stringMatching(words) as string })
    expect(saved.list()).toEqual(before)
    expect(told).toHaveLength(1)
  })

  test.each(views)('can be of %s', (view) => {
    expect(setUp().saved.save(draft({ address: view })).kind).toBe('saved')
  })

  test('is one of a hundred at most, each of which can still be changed', () => {
    const { saved } = setUp()
    for (let index = 1; index <= mostSavedViews; index += 1) expect(saved.save(draft({ name: `v${index}` })).kind).toBe('saved')
    expect(saved.save(draft())).toMatchObject({ kind: 'refused', detail: expect.stringContaining('100 views') as string })
    expect(saved.save(draft({ id: 5, name: 'changed' })).kind).toBe('saved')
    expect(saved.list()).toHaveLength(mostSavedViews)
  })

  test('that cannot be written is refused, and those before it stay', () => {
    const { db, saved, told } = setUp()
    saved.save(draft())
    db.pragma('query_only = ON')
    expect(saved.save(draft({ name: 'b' }))).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/as they were/) as string })
    expect(saved.list()).toHaveLength(1)
    expect(told).toHaveLength(1)
  })

  test('that is damaged takes no other with it', () => {
    const { db, rows, saved } = setUp()
    for (const name of ['a', 'b', 'c']) saved.save(draft({ name }))
    const { views: kept } = rows.read()
    const put = (value: unknown) =>
      db.prepare("UPDATE settings SET value = ? WHERE key = 'views.saved'").run(typeof value === 'string' ? value : JSON.stringify(value))
    put({ nextId: 'x', views: [kept[0], { ...kept[1], name: 7 }, kept[2], { ...kept[2], name: 'twin' }, null] })
    expect(saved.list().map(({ id }) => id)).toEqual([1, 3])
    expect(rows.read().nextId).toBe(4)
    for (const damaged of ['{not json', '[]', '7']) {
      put(damaged)
      expect(saved.list()).toEqual([])
    }
  })
})

describe('the counts of saved views', () => {
  test('are of what each search finds now, in its range', async () => {
    const store = testStore()
    store.keeper.keep(
      Array.from({ length: 30 }, (_, index) =>
        trusted(content({ id: `d-${index}`, kind: index < 10 ? 'posture' : 'threat', detectedAt: at(index) })),
      ),
    )
    const saved = createSavedViews({ rows: store.savedViews, count: async (wanted) => store.overview.count(wanted), onChanged: () => {} })
    const add = (name: string, address: string) => saved.save(draft({ name, address }))
    add('all', 'timeline')
    add('posture', 'timeline?q=kind%3Aposture')
    add('range', `timeline?from=${at(5)}&to=${at(12)}&q=kind%3Aposture%20OR%20x`)
    add('matrix', 'attack?q=kind%3Athreat')
    add('no search', 'settings')
    add('nonsense', 'timeline?q=colour%3Ared')
    expect(await saved.count()).toEqual([
      { id: 1, count: 30, isCapped: false },
      { id: 2, count: 10, isCapped: false },
      { id: 3, count: 5, isCapped: false },
      { id: 4, count: 20, isCapped: false },
      { id: 5, count: null, isCapped: false },
      { id: 6, count: null, isCapped: false },
    ])
  })

  test('are counted one after the other, and one more time for all who ask meanwhile', async () => {
    const asked: string[] = []
    const answers: (() => void)[] = []
    const { saved } = setUp((text) => {
      asked.push(text)
      return new Promise((resolve) => answers.push(() => resolve({ kind: 'count', count: asked.length, isCapped: false })))
    })
    saved.save(draft({ name: 'a', address: 'timeline?q=a' }))
    saved.save(draft({ name: 'b', address: 'timeline?q=b' }))
    const turn = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      answers.shift()?.()
    }
    const first = saved.count()
    const others = [saved.count(), saved.count()]
    saved.save(draft({ name: 'c', address: 'timeline?q=c' }))
    expect(asked).toEqual(['a'])
    for (let left = 5; left > 0; left -= 1) await turn()
    expect((await first).map(({ id }) => id)).toEqual([1, 2])
    for (const later of await Promise.all(others)) expect(later.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(asked).toEqual(['a', 'b', 'a', 'b', 'c'])
  })

  test('that fail leave the next count to be asked for', async () => {
    let isBroken = true
    const { saved } = setUp(() => {
      if (isBroken) throw new Error('the reader failed')
      return { kind: 'count', count: 3, isCapped: false }
    })
    saved.save(draft())
    await expect(saved.count()).rejects.toThrow(/reader/)
    isBroken = false
    expect(await saved.count()).toEqual([{ id: 1, count: 3, isCapped: false }])
  })
})
