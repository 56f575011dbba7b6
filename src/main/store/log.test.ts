import { expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { createHistoryLog } from './log.ts'
import { opened, temporaryFile } from './test-support.ts'

/** A history whose commits write back a log of ten pages. */
function setUp() {
  const db = opened(openDatabase(temporaryFile()))
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.pragma('wal_autocheckpoint = 10')
  const log = createHistoryLog(db)
  db.exec('CREATE TABLE filler (text TEXT) STRICT')
  const write = (pages: number) => void db.prepare('INSERT INTO filler VALUES (?)').run('x'.repeat(pages * 4_096))
  return { db, log, write }
}

test('a commit writes a long log back, unless that is left to another connection', () => {
  const { log, write } = setUp()
  log.leaveToAnother(true)
  write(50)
  expect(log.length()?.pages).toBeGreaterThan(50)
  expect(log.length()?.writtenBack).toBe(0)
  log.leaveToAnother(false)
  write(1)
  expect(log.length()?.writtenBack).toBe(log.length()?.pages)
})

test('what another connection has left over can be written back at once, and the next commit begins the log anew', () => {
  const { log, write } = setUp()
  log.leaveToAnother(true)
  write(50)
  log.writeBack()
  expect(log.length()?.writtenBack).toBeGreaterThan(50)
  write(1)
  expect(log.length()?.pages).toBeLessThan(10)
})

test('the log has a length again after whatever this connection is in the middle of', () => {
  const { db, log } = setUp()
  db.exec('BEGIN IMMEDIATE')
  expect(log.length()).toBeNull()
  db.exec('COMMIT')
  expect(log.length()).not.toBeNull()
})

test('a log that nobody writes back is bounded still', () => {
  const { db, log } = setUp()
  log.leaveToAnother(true)
  expect(Number(db.pragma('wal_autocheckpoint', { simple: true })) * 4_096).toBeLessThanOrEqual(2 ** 30)
})
