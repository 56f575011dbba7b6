import { expect, test } from 'vitest'
import { parse } from '../query/parse.ts'
import type { Database } from './database.ts'
import { createSubstrings, substringLimits } from './substrings.ts'
import { content, start, testDatabase, testDeliveries, trusted } from './test-support.ts'
import { createTextIndex } from './text-index.ts'

/** What is frequent, but never together: every other detection is of the one source, the rest through the other connection. */
function frequentApart(count: number) {
  const { file, keeper } = testDeliveries()
  for (let from = 0; from < count; from += 500) {
    keeper.keep(
      Array.from({ length: 500 }, (_, index) => {
        const number = from + index
        const names =
          number % 2 === 0 ? { sourceType: 'okta_org', connectionId: 'other' } : { sourceType: 'x', connectionId: 'aws_account' }
        return trusted(content({ id: `d-${number}`, type: number === 17 ? 'UnheardOf' : 'Usual', ...names }), { issued: number })
      }),
    )
  }
  const db = testDatabase(file)
  const textIndex = createTextIndex(db)
  while (!textIndex.catchUp(1_000));
  const counted = counting(db)
  const limits = { ...substringLimits, few: 8, longestList: 200, candidates: 500, steps: 2_000 }
  const substrings = createSubstrings(counted.db, textIndex, limits)
  return {
    limits,
    candidates(text: string) {
      const parsed = parse(text, { now: start })
      if (parsed.kind === 'refused') throw new Error(parsed.detail)
      const before = counted.passed()
      const rows = substrings(parsed.query) ? db.prepare('SELECT row FROM temp.candidates').pluck().all() : null
      return { rows, passed: counted.passed() - before }
    },
  }
}

/** The same database, which counts the rows of the index that its statements may pass over: the sum of the lists that each of them names. */
function counting(db: Database) {
  let passed = 0
  const lengths = new Map<string, number>()
  const length = db.prepare<[string], number>('SELECT count(*) FROM substring_index WHERE substring_index MATCH ?').pluck()
  const lengthOf = (three: string): number => {
    const known = lengths.get(three) ?? length.get(three) ?? 0
    lengths.set(three, known)
    return known
  }
  /** One list ends where it has enough of it; of several nobody knows whether any row is in all of them. */
  const cost = (match: string, limit: number): number => {
    const threes = match.match(/"[^"]+"/g) ?? []
    const sum = threes.reduce((all, three) => all + lengthOf(three), 0)
    return threes.length === 1 ? Math.min(limit, sum) : sum
  }
  const prepare = (sql: string) => {
    const statement = db.prepare<unknown[], number>(sql)
    if (!sql.includes('substring_index')) return statement
    const of = (match: unknown, limit: unknown) => cost(String(match), typeof limit === 'number' ? limit + 1 : Infinity)
    return {
      run(...values: unknown[]) {
        passed += of(values[0], null)
        return statement.run(...values)
      },
      pluck() {
        statement.pluck()
        return {
          get(...values: unknown[]) {
            passed += of(values[0], values[1])
            return statement.get(...values)
          },
        }
      },
    }
  }
  return { db: { prepare, exec: (sql: string) => db.exec(sql) } as unknown as Database, passed: () => passed }
}

test('parts that are frequent but never together are given up after walks of a bounded length', () => {
  const { candidates, limits } = frequentApart(4_000)
  const one = '*okta_org*aws_account*'
  const many = Array.from({ length: 36 }, () => one).join(' OR ')
  for (const text of [one, many, many.replaceAll('OR', '')]) {
    const { rows, passed } = candidates(text)
    expect(rows).toBeNull()
    expect(passed, text).toBeLessThanOrEqual(limits.steps)
    expect(passed, 'it looked').toBeGreaterThan(0)
  }
})

test('of a part that holds what is rare only that is asked for, wherever in it, and beside whatever else', () => {
  const { candidates, limits } = frequentApart(4_000)
  for (const text of ['*heardof*', '*okta_org* *heardof*', '*heardof* *okta_org*aws_account*', '*heardof* OR *nowhere*', 'id:*d-17']) {
    const { rows, passed } = candidates(text)
    expect(rows, text).toContain(18)
    expect(rows?.length, text).toBeLessThan(limits.candidates)
    expect(passed, text).toBeLessThanOrEqual(2 * limits.steps)
  }
  // Frequent: whoever goes by the list finds a page of them.
  expect(candidates('*heardof* OR *okta_org*').rows).toBeNull()
})

test('a list whose first ones stand close together is measured for all that', () => {
  const { file, keeper } = testDeliveries()
  const ofType = (number: number) => (number < 100 ? 'Burst' : number % 2 === 0 ? 'Usual' : 'Other')
  for (let from = 0; from < 2_000; from += 500)
    keeper.keep(
      Array.from({ length: 500 }, (_, index) =>
        trusted(content({ id: `d-${from + index}`, type: ofType(from + index) }), { issued: from + index }),
      ),
    )
  const db = testDatabase(file)
  const textIndex = createTextIndex(db)
  while (!textIndex.catchUp(1_000));
  const parsed = parse('*burst*', { now: start })
  if (parsed.kind === 'refused') throw new Error(parsed.detail)
  const substrings = createSubstrings(db, textIndex, { ...substringLimits, few: 8, longestList: 200, steps: 2_000 })
  expect([substrings(parsed.query), db.prepare('SELECT count(*) FROM temp.candidates').pluck().get()]).toEqual([true, 100])
})

test('what is asked for twice is gathered once, until anything is written, by this connection or another', () => {
  const { file, keeper } = testDeliveries()
  const keep = (id: string) => keeper.keep([trusted(content({ id }))])
  keep('needle-1')
  const db = testDatabase(file)
  const textIndex = createTextIndex(db)
  while (!textIndex.catchUp(1_000));
  const { db: counted, passed } = counting(db)
  const [one, other] = [createSubstrings(counted, textIndex), createSubstrings(counted, textIndex)]
  const asked = (substrings: typeof one, text: string) => {
    const parsed = parse(text, { now: start })
    if (parsed.kind === 'refused') throw new Error(parsed.detail)
    const before = passed()
    const found = substrings(parsed.query) ? db.prepare('SELECT count(*) FROM temp.candidates').pluck().get() : null
    return [found, passed() > before]
  }
  expect([asked(one, '*eedle*'), asked(other, '*eedle*'), asked(one, '*eedle*')]).toEqual([
    [1, true],
    [1, false],
    [1, false],
  ])
  // Lists that are empty take nothing.
  expect([asked(other, '*nowhere*'), asked(one, '*eedle*')]).toEqual([
    [0, false],
    [1, true],
  ])
  keep('needle-2')
  expect(asked(one, '*eedle*')).toEqual([1, true])
  textIndex.catchUp(1_000)
  expect([asked(other, '*eedle*'), asked(one, '*eedle*')]).toEqual([
    [2, true],
    [2, false],
  ])
})

test('the same search of another range is not looked up again', () => {
  const { candidates } = frequentApart(500)
  expect(candidates('*heardo*')).toMatchObject({ rows: [18] })
  for (const text of ['*heardo*', '*heardo* after:2020', '(*heardo* after:2020) before:2040', 'is:unread *heardo*'])
    expect(candidates(text), text).toEqual({ rows: [18], passed: 0 })
})
