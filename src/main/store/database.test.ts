import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backupFolder, markBeside } from './backup-folder.ts'
import { applicationId, isAtLeast, openDatabase } from './database.ts'
import { migrations } from './migrations/index.ts'
import { backupName } from './rotation.ts'
import { opened, temporaryFile, testDatabase } from './test-support.ts'

const pragma = (db: Sqlite.Database, name: string) => db.pragma(name, { simple: true })

describe('a new history', () => {
  test('has the schema, the application id and an identity of its own', () => {
    const [one, other] = [testDatabase(temporaryFile()), testDatabase(temporaryFile())]
    expect(pragma(one, 'user_version')).toBe(migrations.length)
    expect(pragma(one, 'application_id')).toBe(applicationId)
    const identity = (db: Sqlite.Database) => db.prepare('SELECT id FROM identity').pluck().get()
    expect(identity(one)).toMatch(/^[0-9a-f]{32}$/)
    expect(identity(one)).not.toBe(identity(other))
  })

  test('and its log are readable by their owner only, also where they were not before', () => {
    const file = temporaryFile()
    writeFileSync(file, '', { mode: 0o644 })
    chmodSync(file, 0o644)
    testDatabase(file)
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600)
  })

  test('opens the same when two processes create it together', async () => {
    const file = temporaryFile()
    const script = `
      import { openDatabase } from ${JSON.stringify(fileURLToPath(new URL('./database.ts', import.meta.url)))}
      const result = openDatabase(${JSON.stringify(file)})
      process.stdout.write(result.kind === 'opened' ? result.db.prepare('SELECT id FROM identity').pluck().get() : result.detail)`
    const run = async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      await once(child, 'close')
      return out
    }
    const [one, other] = await Promise.all([run(), run()])
    expect(one).toMatch(/^[0-9a-f]{32}$/)
    expect(other).toBe(one)
  })
})

describe('an open history', () => {
  test('stays at synchronous=FULL after it has written', () => {
    const file = temporaryFile()
    const first = opened(openDatabase(file))
    expect(pragma(first, 'synchronous')).toBe(2)
    first.close()
    // The second time nothing is migrated: the first write is the one below.
    const db = testDatabase(file)
    db.prepare("INSERT INTO settings VALUES ('settings.notify', 'true')").run()
    expect(pragma(db, 'synchronous')).toBe(2)
  })

  test('without our saying so would have fallen to NORMAL, so the test above can fail', () => {
    const db = new Sqlite(temporaryFile())
    onTestFinished(() => void db.close())
    db.pragma('journal_mode = WAL')
    db.exec('CREATE TABLE t (a)')
    expect(pragma(db, 'synchronous')).toBe(1)
  })

  test('has every guard on', () => {
    const db = testDatabase(temporaryFile())
    const guards = [
      'journal_mode',
      'foreign_keys',
      'trusted_schema',
      'cell_size_check',
      'temp_store',
      'mmap_size',
      'busy_timeout',
      'auto_vacuum',
    ]
    expect(guards.map((guard) => pragma(db, guard))).toEqual(['wal', 1, 0, 1, 2, 0, 2000, 2])
  })

  test('runs on an SQLite that does not corrupt its log', () => {
    expect(isAtLeast('3.51.3', '3.51.3')).toBe(true)
    expect(isAtLeast('3.54.1', '3.51.3')).toBe(true)
    expect(isAtLeast('4.0', '3.51.3')).toBe(true)
    expect(isAtLeast('3.51.2', '3.51.3')).toBe(false)
    expect(isAtLeast('3.9.9', '3.51.3')).toBe(false)
  })
})

describe('a history that is not opened', () => {
  test('is left byte for byte where a newer build wrote it, log and all', () => {
    const file = temporaryFile()
    const newer = opened(openDatabase(file))
    onTestFinished(() => void newer.close())
    newer.pragma('user_version = 99')
    newer.exec('CREATE TABLE from_the_future (a INTEGER) STRICT')
    const before = [readFileSync(file), readFileSync(`${file}-wal`)]
    const result = openDatabase(file)
    expect(result).toMatchObject({ kind: 'newer', version: 99, known: migrations.length })
    expect(result).toHaveProperty('detail', expect.stringContaining('newer Tocsin'))
    expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before)
  })

  test('is left byte for byte where a newer build closed it', () => {
    const file = temporaryFile()
    const newer = opened(openDatabase(file))
    newer.pragma('user_version = 99')
    newer.close()
    const before = readFileSync(file)
    expect(openDatabase(file).kind).toBe('newer')
    expect(openDatabase(file, { readOnly: true }).kind).toBe('newer')
    expect(readFileSync(file)).toEqual(before)
  })

  test('may belong to another program', () => {
    const file = temporaryFile()
    const other = new Sqlite(file)
    other.exec('CREATE TABLE somebody_elses (a)')
    other.close()
    const before = readFileSync(file)
    expect(openDatabase(file)).toMatchObject({ kind: 'foreign', detail: expect.stringContaining('another program') })
    expect(readFileSync(file)).toEqual(before)
  })

  test('may be no database at all', () => {
    const file = temporaryFile()
    writeFileSync(file, 'Dear diary, '.repeat(1000))
    const before = readFileSync(file)
    expect(openDatabase(file)).toMatchObject({ kind: 'damaged', detail: expect.stringContaining('backup') })
    expect(readFileSync(file)).toEqual(before)
  })

  test.each(['emptied', 'deleted'])('says damaged where the file was %s and its log is still there', (what) => {
    const file = temporaryFile()
    const db = testDatabase(file)
    db.prepare("INSERT INTO settings VALUES ('settings.notify', 'true')").run()
    const log = readFileSync(`${file}-wal`)
    if (what === 'emptied') truncateSync(file)
    else rmSync(file)
    expect(openDatabase(file)).toMatchObject({ kind: 'damaged', detail: expect.stringContaining('write-ahead log') })
    expect(readFileSync(`${file}-wal`)).toEqual(log)
    expect(existsSync(file)).toBe(what === 'emptied')
  })

  test('is missing, or too old, for a reader that may not create or change it', () => {
    const file = temporaryFile()
    expect(openDatabase(file, { readOnly: true }).kind).toBe('missing')
    expect(existsSync(file)).toBe(false)
    opened(openDatabase(file)).close()
    const next = { version: migrations.length + 1, up: 'CREATE TABLE next (a INTEGER) STRICT' }
    expect(openDatabase(file, { readOnly: true, migrations: [...migrations, next] }).kind).toBe('older')
  })

  test.each([
    ['gone', 'a mark', (file: string) => rmSync(file), 'is missing'],
    ['emptied', 'a mark', (file: string) => truncateSync(file), 'is empty'],
    ['gone', 'backups', (file: string) => rmSync(file), 'is missing'],
    ['emptied', 'backups', (file: string) => truncateSync(file), 'is empty'],
  ])('is not begun anew where it was %s and %s are left', (_, left, damage, words) => {
    const file = temporaryFile()
    opened(openDatabase(file)).close()
    const backup = join(backupFolder(file), backupName({ madeAt: 0, sequence: 7, beforeSchema: null }))
    if (left === 'backups') mkdirSync(backupFolder(file))
    writeFileSync(left === 'backups' ? backup : markBeside(file), '{}')
    damage(file)
    for (const readOnly of [true, false]) {
      const refused = openDatabase(file, { readOnly })
      expect(refused).toMatchObject({ kind: 'damaged', detail: expect.stringMatching(new RegExp(`${words}.*tocsin restore.*on purpose`)) })
    }
    expect(existsSync(file)).toBe(words === 'is empty')
    rmSync(left === 'backups' ? backup : markBeside(file))
    opened(openDatabase(file)).close()
  })

  test('may have a folder in its place', () => {
    const file = temporaryFile()
    mkdirSync(file)
    for (const readOnly of [true, false])
      expect(openDatabase(file, { readOnly })).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('lies a folder') })
  })

  test('is unavailable where its folder is missing', () => {
    expect(openDatabase(`${temporaryFile()}/nowhere/history.db`).kind).toBe('unavailable')
  })

  test('is unavailable while another program holds it', () => {
    const file = temporaryFile()
    opened(openDatabase(file)).close()
    const holder = new Sqlite(file)
    onTestFinished(() => void holder.close())
    holder.pragma('locking_mode = EXCLUSIVE')
    holder.exec('BEGIN EXCLUSIVE')
    expect(openDatabase(file)).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('held') })
  })
})

describe('migrations', () => {
  test('are numbered from 1 without a hole', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
  })

  test('that fail leave the step before, whole', () => {
    const file = temporaryFile()
    const broken = { version: migrations.length + 1, up: 'CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1)' }
    expect(() => openDatabase(file, { migrations: [...migrations, broken] })).toThrow('nowhere')
    const db = testDatabase(file)
    expect(pragma(db, 'user_version')).toBe(migrations.length)
    expect(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined()
  })

  test('add only strict tables', () => {
    const db = testDatabase(temporaryFile())
    const loose = db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE name NOT GLOB 'text_index*' AND name NOT GLOB 'substring_index*' AND schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'",
      )
      .all()
    expect(loose).toEqual([])
  })
})
