import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMark } from '../src/main/proof/high-water-mark.ts'
import { historyFile, markFile } from '../src/main/profile.ts'
import { createRandom } from '../src/main/sample/random.ts'
import { openDatabase } from '../src/main/store/database.ts'
import { examine } from './support/examine.ts'
import { believe, contentHash, copyProfile, judge, keep, makeFolder, makeHistory, openedStore } from './support/history.ts'
import type { Judged } from './support/history.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const flips = isLong ? 300 : 12

/** A history in four states. `early` is `closed` some deliveries before; `open` is `closed` and a log of what came after. */
const states = { early: '', closed: '', open: '', other: '' }
const content = { closed: '' as string | null, open: '' as string | null }
const pages = new Map<string, number[]>()
let folder = ''
const pageSize = 4096
const frameSize = 24 + pageSize
/** What is kept for searching by words and by parts of words, and one index of those that SQLite keeps itself. */
const indexes = ['text_index_data', 'substring_index_data', 'transitions_by_detection']
const marked = { early: 160, closed: 220, open: 260 }

afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  folder = makeFolder()
  const work = join(folder, 'work')
  await makeHistory(work, marked.early)
  states.early = copyProfile(work, join(folder, 'early'))
  const grown = openedStore(work)
  await keep(work, grown, marked.early, marked.closed - marked.early)
  grown.close()
  states.closed = copyProfile(work, join(folder, 'closed'))
  const logged = openedStore(work)
  await keep(work, logged, marked.closed, marked.open - marked.closed)
  states.open = copyProfile(work, join(folder, 'open'))
  logged.close()
  await makeHistory(join(folder, 'other'), 60)
  states.other = join(folder, 'other')

  content.closed = contentHash(historyFile(copyProfile(states.closed, join(folder, 'copy'))))
  content.open = contentHash(historyFile(copyProfile(states.open, join(folder, 'copy'))))
  readPages(historyFile(copyProfile(states.closed, join(folder, 'copy'))))
}, 60_000)

/** Where in the file of `closed` each kind of page is. */
function readPages(file: string): void {
  const db = new Sqlite(file, { readonly: true })
  const all = db.prepare('SELECT name, pageno, pagetype FROM dbstat').all() as { name: string; pageno: number; pagetype: string }[]
  for (const { name, pageno, pagetype } of all) {
    const kinds = [
      pagetype,
      ...(name === 'deliveries' ? [`deliveries ${pagetype}`] : []),
      ...(name === 'sqlite_schema' ? ['schema'] : []),
      ...(indexes.includes(name) ? [name] : []),
    ]
    for (const kind of kinds) pages.set(kind, [...(pages.get(kind) ?? []), pageno])
  }
  db.close()
  const bytes = readFileSync(file)
  pages.set('free list', [bytes.readUInt32BE(32)])
  pages.set('pointer map', [2])
}

const copy = (state: keyof typeof states): string => copyProfile(states[state], join(folder, 'copy'))
const log = (profile: string): string => `${historyFile(profile)}-wal`

function flip(file: string, at: number, mask: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ mask
  writeFileSync(file, bytes)
}

/** A refusal is in words and leaves everything as it was; nothing is ever lost without being told. */
function expectHonest(judged: Judged, what: string): void {
  expect(judged.kind, what).not.toBe('silent')
  if (judged.kind !== 'refused') return
  expect(judged.touched, `${what}: ${judged.detail}`).toEqual([])
  expect(judged.detail, what).toMatch(/[A-Z].*\..* .*\.$/)
}

async function judgeFlips(state: 'closed' | 'open', file: (profile: string) => string, places: readonly number[], seed: string) {
  const random = createRandom(seed)
  const kinds = new Map<string, number>()
  for (const at of places) {
    const profile = copy(state)
    const mask = 1 << random.between(0, 7)
    flip(file(profile), at, mask)
    const judged = await judge(profile, content[state])
    expectHonest(judged, `byte ${at} of ${seed} ^ ${mask}`)
    const kind = judged.kind === 'refused' ? judged.because : judged.kind === 'told' ? `told by ${judged.by.join(', ')}` : judged.kind
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  return kinds
}

describe('a byte that changes in the database', { timeout: 3_600_000 }, () => {
  test('in its header is told, or changes nothing', async () => {
    await judgeFlips(
      'closed',
      historyFile,
      Array.from({ length: 100 }, (_, at) => at).filter((at) => isLong || at % 3 === 0 || (at >= 60 && at < 72)),
      'header',
    )
  })

  test.each([
    'schema',
    'deliveries internal',
    'deliveries leaf',
    'deliveries overflow',
    'internal',
    'leaf',
    'overflow',
    'free list',
    'pointer map',
  ])('in a page of kind %s is told, or changes nothing', async (kind) => {
    const random = createRandom(`places ${kind}`)
    const [first, ...more] = pages.get(kind) ?? []
    if (first === undefined) throw new Error(`no page of kind ${kind}`)
    // Half of them where a page says how it is laid out.
    const places = Array.from({ length: flips }, (_, turn) => {
      const page = random.pick([first, ...more])
      return (page - 1) * pageSize + (page === 1 ? 100 : 0) + random.between(0, turn % 2 === 0 ? 15 : pageSize - 101)
    })
    await judgeFlips('closed', historyFile, places, kind)
  })
})

describe('a byte that changes in an index', { timeout: 3_600_000 }, () => {
  // Whether transitions hold is asked by way of the last: of that, it may say no.
  test.each([
    ['text_index_data', true],
    ['substring_index_data', true],
    ['transitions_by_detection', false],
  ])('as %s loses no delivery and breaks no chain, and is told where it shows', async (index, verify) => {
    const random = createRandom(`places ${index}`)
    const [first, ...more] = pages.get(index) ?? []
    if (first === undefined) throw new Error(`no page of ${index}`)
    const { structure, ...whole } = await openedAs(copy('closed'), verify)
    expect(structure).toEqual([])
    expect([whole.bodies.length, whole.brokenLinks, whole.mark.kind]).toEqual([marked.closed, 0, 'ok'])
    let told = 0
    for (let turn = 0; turn < flips; turn++) {
      const at = (random.pick([first, ...more]) - 1) * pageSize + random.between(0, turn % 2 === 0 ? 15 : pageSize - 1)
      const mask = 1 << random.between(0, 7)
      const what = `byte ${at} of ${index} ^ ${mask}`
      const profile = copy('closed')
      flip(historyFile(profile), at, mask)
      const judged = await judge(profile, content.closed)
      expectHonest(judged, what)
      if (judged.kind === 'refused') continue
      const { structure: found, ...kept } = await openedAs(profile, verify)
      expect(kept, what).toEqual(whole)
      expect(contentHash(historyFile(profile)), `${what}: as much is verified as before`).toBe(content.closed)
      expect(judged.kind === 'told' ? judged.by : [], what).toEqual(found.length > 0 ? expect.arrayContaining(['structure']) : [])
      if (judged.kind === 'told') told += 1
    }
    expect(told, 'else it proves little').toBeGreaterThan(0)
  })

  async function openedAs(profile: string, verify: boolean) {
    const found = await examine(profile, { verify })
    if (found.kind !== 'opened') throw new Error(found.detail)
    return found
  }
})

describe('a database that is cut off', { timeout: 3_600_000 }, () => {
  test('at any page, or inside one, is told', async () => {
    const size = readFileSync(historyFile(states.closed)).length
    const random = createRandom('cut')
    for (let turn = 0; turn < flips; turn++) {
      const at = random.between(1, size / pageSize - 1) * pageSize + (turn % 2 === 0 ? 0 : random.between(1, pageSize - 1))
      const profile = copy('closed')
      truncateSync(historyFile(profile), at)
      const judged = await judge(profile, content.closed)
      expectHonest(judged, `cut at ${at} of ${size}`)
    }
  })
})

describe('a schema number that changes', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])('in bit %i is refused in words', async (bit) => {
    const profile = copy('closed')
    flip(historyFile(profile), 63, 1 << bit)
    const judged = await judge(profile, content.closed)
    expectHonest(judged, `bit ${bit}`)
    expect(judged.kind).toBe('refused')
  })
})

/** What the log adds to `closed` is gone from some delivery on: with the number of those that are missing, by the mark. */
function expectLost(judged: Judged, what: string): number {
  expect(judged, what).toMatchObject({ kind: 'told', by: expect.arrayContaining(['mark', 'verify']) })
  const told = JSON.parse(judged.kind === 'told' ? (judged.words.split('; ')[0] ?? '') : '') as {
    kind: string
    lost: number
    kept: { sequence: number }
  }
  expect(told, what).toMatchObject({ kind: 'lost', marked: { sequence: marked.open } })
  expect(told.lost, what).toBe(marked.open - told.kept.sequence)
  return told.lost
}

describe('a log that is damaged', { timeout: 3_600_000 }, () => {
  const frames = () => (readFileSync(log(states.open)).length - 32) / frameSize

  test('in its header loses what it held, which the mark counts', async () => {
    for (let at = 0; at < 32; at += isLong ? 1 : 4) {
      const profile = copy('open')
      flip(log(profile), at, 1 << (at % 8))
      const judged = await judge(profile, content.open)
      expectHonest(judged, `byte ${at} of the header`)
      // The version of its format is one that this SQLite refuses; the checkpoint number alone means nothing to a reader.
      if (judged.kind === 'told') expect(expectLost(judged, `byte ${at}`)).toBe(marked.open - marked.closed)
    }
  })

  test('in the header, the checksum or the data of a frame loses what comes after, which the mark counts', async () => {
    const random = createRandom('frames')
    for (let turn = 0; turn < flips * 3; turn++) {
      const frame = random.between(0, frames() - 1)
      const [least, most] = (
        [
          [0, 15],
          [16, 23],
          [24, frameSize - 1],
        ] as const
      )[turn % 3] ?? [0, 0]
      const at = 32 + frame * frameSize + random.between(least, most)
      const profile = copy('open')
      flip(log(profile), at, 1 << random.between(0, 7))
      const judged = await judge(profile, content.open)
      if (judged.kind === 'whole') expect(frame, 'the last ones are beside the deliveries').toBeGreaterThan(frames() / 2)
      else expectLost(judged, `byte ${at} of the log`)
    }
  })

  test('cut off between frames or inside one loses what comes after, which the mark counts', async () => {
    const random = createRandom('log cut')
    const lost = new Set<number>()
    for (let turn = 0; turn < flips; turn++) {
      const at = 32 + random.between(0, frames() - 1) * frameSize + (turn % 2 === 0 ? 0 : random.between(1, frameSize - 1))
      const profile = copy('open')
      truncateSync(log(profile), at)
      const judged = await judge(profile, content.open)
      if (judged.kind !== 'whole') lost.add(expectLost(judged, `cut at ${at}`))
    }
    expect(lost.size).toBeGreaterThan(2)
  })

  test.each<[string, (file: string) => void]>([
    ['deleted', (file) => rmSync(file)],
    ['emptied', (file) => truncateSync(file)],
    ['overwritten with zeros', (file) => writeFileSync(file, Buffer.alloc(readFileSync(file).length))],
    ['replaced by text', (file) => writeFileSync(file, 'Dear diary, '.repeat(9_000))],
  ])('%s loses what it held, which the mark counts', async (what, damage) => {
    const profile = copy('open')
    damage(log(profile))
    expect(expectLost(await judge(profile, content.open), what)).toBe(marked.open - marked.closed)
  })

  test('with something behind its end is as it was', async () => {
    const profile = copy('open')
    appendFileSync(log(profile), Buffer.alloc(10_000, 7))
    expect(await judge(profile, content.open)).toEqual({ kind: 'whole' })
  })
})

describe('another file in the place of one', { timeout: 60_000 }, () => {
  /** The files of `closed` or `open`, with one replaced. */
  const cases: readonly [what: string, state: 'closed' | 'open', damage: (profile: string) => void, expected: object][] = [
    ['no database beside its log', 'open', (profile) => rmSync(historyFile(profile)), { kind: 'refused', because: 'damaged' }],
    ['an empty database beside its log', 'open', (profile) => truncateSync(historyFile(profile)), { kind: 'refused', because: 'damaged' }],
    ['no database', 'closed', (profile) => rmSync(historyFile(profile)), { kind: 'refused', because: 'damaged' }],
    ['an empty database', 'closed', (profile) => truncateSync(historyFile(profile)), { kind: 'refused', because: 'damaged' }],
    ['a folder for the database', 'open', (profile) => folderFor(historyFile(profile)), { kind: 'refused' }],
    ['a folder for the log', 'open', (profile) => folderFor(log(profile)), { kind: 'refused' }],
    ['a folder for the mark', 'open', (profile) => folderFor(markFile(profile)), { kind: 'told', by: ['mark', 'verify'] }],
    ['no mark', 'open', (profile) => rmSync(markFile(profile)), { kind: 'told', by: ['mark', 'verify'] }],
    ['a mark that is cut off', 'open', (profile) => truncateSync(markFile(profile), 60), { kind: 'told', by: ['mark', 'verify'] }],
    ['text for the database', 'open', (profile) => writeFileSync(historyFile(profile), 'Dear diary, '.repeat(9_000)), { kind: 'refused' }],
    ["another program's database", 'closed', (profile) => foreignDatabase(historyFile(profile)), { kind: 'refused', because: 'foreign' }],
    [
      'another history',
      'closed',
      (profile) => put(profile, 'other'),
      { kind: 'told', by: ['mark', 'verify'], words: expect.stringContaining('other-history') },
    ],
    ['another history beside the log of this one', 'open', (profile) => put(profile, 'other'), { kind: 'refused', because: 'damaged' }],
    [
      'an earlier copy',
      'closed',
      (profile) => put(profile, 'early'),
      { kind: 'told', by: ['mark', 'verify'], words: expect.stringContaining(`"lost":${marked.closed - marked.early}`) },
    ],
    ['an earlier copy beside a later log', 'open', (profile) => put(profile, 'early'), { kind: 'told' }],
    ['a later database beside an earlier log', 'closed', (profile) => writeFileSync(log(profile), earlierLog()), {}],
  ]

  test.each(cases)('%s is told', async (what, state, damage, expected) => {
    const profile = copy(state)
    damage(profile)
    const judged = await judge(profile, content[state])
    expectHonest(judged, what)
    expect(judged).toMatchObject(expected)
  })

  test('an earlier copy that went on by itself to the same length is told as rewritten', async () => {
    const profile = copy('early')
    const store = openedStore(profile)
    await keep(profile, store, 1_000, marked.closed - marked.early)
    store.close()
    cpSync(markFile(states.closed), markFile(profile))
    expect(readMark(markFile(profile))).toMatchObject({ mark: { sequence: marked.closed } })
    expect(await judge(profile, content.closed)).toMatchObject({
      kind: 'told',
      by: ['mark', 'verify'],
      words: expect.stringContaining('"rewritten"'),
    })
  })

  test('nothing at all is a new history', async () => {
    const profile = copy('closed')
    for (const file of [historyFile(profile), markFile(profile)]) rmSync(file)
    const store = openedStore(profile)
    believe(store)
    expect(store.chain.head().sequence).toBe(0)
    store.close()
  })

  function folderFor(file: string): void {
    rmSync(file)
    mkdirSync(file)
  }

  function put(profile: string, state: 'early' | 'other'): void {
    cpSync(historyFile(states[state]), historyFile(profile))
  }

  function foreignDatabase(file: string): void {
    rmSync(file)
    const db = new Sqlite(file)
    db.exec('CREATE TABLE somebody_elses (a)')
    db.close()
  }

  /** What the log of `closed` was, before it was written back. */
  function earlierLog(): Buffer {
    const profile = copyProfile(states.early, join(folder, 'earlier'))
    const store = openedStore(profile)
    for (let index = marked.early; index < marked.early + 8; index++) believe(store)
    const bytes = readFileSync(log(profile))
    store.close()
    return bytes
  }
})

describe('a write outside the log that was interrupted, as on the first start or after a restore', () => {
  /** The files as they are in the middle of a transaction that has written to the database already. */
  function interrupted(change: string): string {
    const work = copyProfile(states.closed, join(folder, 'interrupted'))
    const db = new Sqlite(historyFile(work))
    db.pragma('journal_mode = DELETE')
    db.exec(change)
    db.pragma('cache_size = 2')
    db.exec(`BEGIN; UPDATE deliveries SET headers = headers || '${'z'.repeat(500)}'`)
    const profile = copyProfile(work, join(folder, 'copy'))
    db.exec('ROLLBACK')
    db.close()
    expect(readFileSync(`${historyFile(profile)}-journal`).length).toBeGreaterThan(pageSize)
    return profile
  }

  test('is taken back, and everything is there', async () => {
    const profile = interrupted('')
    expect(openDatabase(historyFile(profile), { readOnly: true })).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringMatching(/interrupted.*Start Tocsin once/),
    })
    expect(await judge(profile, content.closed)).toEqual({ kind: 'whole' })
  })

  test('by a newer Tocsin or another program is theirs to go on with', () => {
    expect(openDatabase(historyFile(interrupted('PRAGMA user_version = 99'))).kind).toBe('newer')
    expect(openDatabase(historyFile(interrupted('PRAGMA application_id = 7'))).kind).toBe('foreign')
  })
})
