import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backupFolder, listBackups } from './backup-folder.ts'
import { openDatabase } from './database.ts'
import { openHistoryFile } from './history-file.ts'
import { migrations } from './migrations/index.ts'
import { opened, temporaryFile, testDatabase } from './test-support.ts'

const next = { version: migrations.length + 1, up: 'CREATE TABLE next (a INTEGER) STRICT' }
const newer = { migrations: [...migrations, next], now: () => Date.parse('2026-03-04T12:00:00Z') }

test('before its schema changes, a verified copy of a history is made', () => {
  const file = temporaryFile()
  const old = opened(openDatabase(file))
  old.prepare("INSERT INTO settings VALUES ('a', 'b')").run()
  old.close()
  opened(openDatabase(file, newer)).close()
  const [backup] = listBackups(backupFolder(file))
  expect(backup).toMatchObject({ beforeSchema: migrations.length, sequence: 0, madeAt: newer.now() })
  const copy = openHistoryFile(`${backupFolder(file)}/${backup?.name}`)
  if (copy.kind !== 'opened') throw new Error(copy.detail)
  expect(copy.history.head().version).toBe(migrations.length)
  expect(copy.history.fullCheck()).toEqual([])
  copy.history.close()
  opened(openDatabase(file, newer)).close()
  expect(readdirSync(backupFolder(file))).toEqual([backup?.name])
})

test('a new history has nothing to copy', () => {
  const file = temporaryFile()
  testDatabase(file)
  expect(existsSync(backupFolder(file))).toBe(false)
})

test('without a copy the schema does not change, in words', () => {
  const file = temporaryFile()
  opened(openDatabase(file)).close()
  writeFileSync(backupFolder(file), 'no folder')
  expect(openDatabase(file, newer)).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('backup that is made before') })
  expect(testDatabase(file).pragma('user_version', { simple: true })).toBe(migrations.length)
})

test('a migration that fails has its copy, and leaves the history before it', () => {
  const file = temporaryFile()
  opened(openDatabase(file)).close()
  mkdirSync(backupFolder(file))
  const broken = { version: migrations.length + 1, up: 'INSERT INTO nowhere VALUES (1)' }
  expect(() => openDatabase(file, { ...newer, migrations: [...migrations, broken] })).toThrow('nowhere')
  expect(listBackups(backupFolder(file))).toHaveLength(1)
})
