import { describe, expect, test } from 'vitest'
import { backupName, readBackupName, rotate, type Backup } from './rotation.ts'

const dayMs = 86_400_000
const noon = Date.parse('2026-03-04T12:00:00.000Z')

function backup(daysAgo: number, more: Partial<Backup> = {}): Backup {
  const facts = { madeAt: noon - daysAgo * dayMs, sequence: 10_000 - daysAgo, beforeSchema: null, ...more }
  return { name: backupName(facts), bytes: 1_000, ...facts }
}

const bounds = { daily: 7, weekly: 4, beforeMigration: 2, bytes: 1_000_000 }

describe('rotation', () => {
  test('a name says what is in it, and no other name is read', () => {
    const one = { madeAt: noon + 123, sequence: 42, beforeSchema: null }
    expect(readBackupName(backupName(one))).toEqual({ name: backupName(one), ...one })
    const before = { madeAt: noon, sequence: 0, beforeSchema: 3 }
    expect(readBackupName(backupName(before))).toMatchObject(before)
    for (const name of ['unfinished-1-2.sqlite', 'history-20260304.sqlite', `${backupName(one)}.bak`, `x${backupName(one)}`])
      expect(readBackupName(name)).toBeNull()
  })

  test('of a year of days keeps the newest seven and one of each of four weeks', () => {
    const year = Array.from({ length: 365 }, (_, day) => backup(day))
    const gone = new Set(rotate(year, bounds))
    const kept = year.filter((one) => !gone.has(one))
    expect(kept.slice(0, 7)).toEqual(year.slice(0, 7))
    expect(kept.length).toBeGreaterThanOrEqual(9)
    expect(kept.length).toBeLessThanOrEqual(11)
    expect(noon - kept.at(-1)!.madeAt).toBeGreaterThanOrEqual(14 * dayMs)
  })

  test('run day by day, never holds more than eleven of the schedule, and always reaches back two weeks', () => {
    let held: readonly Backup[] = []
    for (let day = 100; day >= 0; day--) {
      const all = [...held, backup(day)]
      const gone = new Set(rotate(all, bounds))
      held = all.filter((one) => !gone.has(one))
      expect(held.length).toBeLessThanOrEqual(11)
      if (day < 60) expect(Math.max(...held.map(({ madeAt }) => noon - madeAt)) - day * dayMs).toBeGreaterThanOrEqual(14 * dayMs)
    }
  })

  test('of several of one day keeps the newest', () => {
    const [early, late] = [backup(0, { madeAt: noon }), backup(0, { madeAt: noon + 3_600_000 })]
    expect(rotate([early, late], bounds)).toEqual([early])
  })

  test('keeps two of before a migration, beside those of the schedule', () => {
    const before = [1, 2, 3].map((day) => backup(day, { beforeSchema: day }))
    expect(rotate([backup(0), ...before], bounds)).toEqual([before[2]])
  })

  test('stays within its bytes, but for the newest', () => {
    expect(rotate([backup(0), backup(1), backup(2)], { ...bounds, bytes: 2_500 })).toEqual([backup(2)])
    expect(rotate([backup(0, { bytes: 9_000 }), backup(1)], { ...bounds, bytes: 2_500 })).toEqual([backup(1)])
  })
})
