import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { historyFile } from '../src/main/profile.ts'
import { createRandom } from '../src/main/sample/random.ts'
import { openDatabase } from '../src/main/store/database.ts'
import { addFunctions } from '../src/main/store/functions.ts'
import { migrations } from '../src/main/store/migrations/index.ts'
import { createDisk } from './support/disk.ts'
import { examine } from './support/examine.ts'
import { makeFolder, makeHistory } from './support/history.ts'
import { readTrace, tracing } from './support/trace.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const rows = 160
const opener = fileURLToPath(new URL('./support/opener.ts', import.meta.url))

let folder = ''
/** A profile of the first release. */
let first = ''
/** What the schema is at each version. */
const schemas: string[] = []

afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  folder = makeFolder()
  const now = join(folder, 'now')
  await makeHistory(now, rows)
  first = join(folder, 'first')
  mkdirSync(first)
  const reached = openDatabase(historyFile(first), { migrations: migrations.slice(0, 1) })
  if (reached.kind !== 'opened') throw new Error(reached.detail)
  const { db } = reached
  fill(db, historyFile(now))
  db.close()
  cpSync(join(now, 'history.mark'), join(first, 'history.mark'))
  const empty = new Sqlite(':memory:')
  addFunctions(empty)
  schemas.push(schemaOf(empty))
  for (const { up } of migrations) {
    empty.exec(up)
    schemas.push(schemaOf(empty))
  }
  empty.close()
}, 60_000)

/** What the tables of the first release held would be no other today, as far as they knew it. */
function fill(db: Sqlite.Database, from: string): void {
  db.prepare('ATTACH ? AS now').run(from)
  const tables = db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[]
  db.pragma('foreign_keys = OFF')
  for (const table of tables) {
    const columns = (db.prepare(`SELECT name FROM pragma_table_info('${table}', 'main')`).pluck().all() as string[]).join(', ')
    // Of counts it had only those it knew.
    const known =
      table === 'tally' ? `WHERE name IN (${(db.prepare('SELECT quote(name) FROM main.tally').pluck().all() as string[]).join(', ')})` : ''
    db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM now.${table} ${known}`)
  }
  db.exec('DETACH now')
}

function schemaOf(db: Sqlite.Database): string {
  return JSON.stringify(db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2").all())
}

/** The statements of a migration: a part that is not whole yet goes on behind its semicolon. */
function statementsOf(db: Sqlite.Database, up: string): readonly string[] {
  const statements: string[] = []
  let part = ''
  for (const piece of up.split(';')) {
    part += `${piece};`
    try {
      db.prepare(part)
    } catch (error) {
      if (/incomplete input|contains no statements|unrecognized token/.test((error as Error).message)) continue
      throw error
    }
    db.exec(part)
    statements.push(part)
    part = ''
  }
  return statements
}

/** What a killed or powerless migration has left: one whole version, which comes up to date with all there was. */
async function expectWhole(profile: string, what: string): Promise<number> {
  const db = new Sqlite(historyFile(profile))
  const version = Number(db.pragma('user_version', { simple: true }))
  const schema = schemaOf(db)
  db.close()
  expect(schema === schemas[version], `${what}: version ${version} has the schema of version ${version}`).toBe(true)
  const found = await examine(profile, { verify: true })
  expect(found, `${what}: ${JSON.stringify(found)}`.slice(0, 600)).toMatchObject({
    kind: 'opened',
    sequence: rows,
    brokenLinks: 0,
    structure: [],
    mark: { kind: 'ok' },
    verified: { holds: true },
  })
  return version
}

describe('a history of the first release', { timeout: 3_600_000 }, () => {
  test('whose migration is killed at any statement opens as before or as after it, and with everything', async () => {
    const work = join(folder, 'work')
    cpSync(first, work, { recursive: true })
    const stopped: { readonly profile: string; readonly what: string; readonly before: number }[] = []
    const plan = new Sqlite(':memory:')
    addFunctions(plan)
    const steps = migrations.map(({ version, up }) => ({ version, statements: statementsOf(plan, up) }))
    plan.close()
    const { exec } = Sqlite.prototype
    // What kill -9 leaves is what the files hold at that moment.
    Sqlite.prototype.exec = function (source) {
      const step = steps.find(({ version }) => migrations[version - 1]?.up === source)
      if (step === undefined || this.name !== historyFile(work)) return exec.call(this, source)
      for (const [index, statement] of step.statements.entries()) {
        exec.call(this, statement)
        stopped.push({
          profile: snapshot(work, stopped.length),
          what: `migration ${step.version}, statement ${index + 1}`,
          before: step.version - 1,
        })
      }
      return this
    }
    try {
      const opened = openDatabase(historyFile(work))
      if (opened.kind !== 'opened') throw new Error(opened.detail)
      opened.db.close()
    } finally {
      Sqlite.prototype.exec = exec
    }
    expect(stopped.length).toBe(steps.slice(1).reduce((sum, { statements }) => sum + statements.length, 0))
    for (const { profile, what, before } of stopped) {
      expect(await expectWhole(profile, what), what).toBe(before)
      rmSync(profile, { recursive: true })
    }
    await expectWhole(work, 'the end')
  })

  test.skipIf(process.platform !== 'linux')(
    'whose migration loses power at any moment opens as before or as after one of them, and with everything',
    async () => {
      const work = join(folder, 'powerless')
      mkdirSync(work)
      const log = join(folder, 'trace')
      const [command = '', ...wrapper] = tracing(log)
      // The first files come to their place by writes that the trace sees as well.
      const run = spawnSync(command, [...wrapper, process.execPath, opener, first, work], {
        encoding: 'utf8',
        env: { ...process.env, UV_USE_IO_URING: '0' },
      })
      expect(run.stdout.trim(), run.stderr).toBe('opened')
      const events = readTrace(log, work)
      const begun = events.findIndex((event) => event.kind === 'synced' && event.path === work)
      const random = createRandom('migration')
      const disk = createDisk(work, random)
      const copy = join(folder, 'copy')
      const reached = new Set<number>()
      const most = isLong ? events.length : 60
      for (const [index, event] of events.entries()) {
        if (index > begun && (event.kind === 'synced' || random.chance(most / events.length))) {
          disk.writeTo(copy, createRandom(`migration ${index}`))
          reached.add(await expectWhole(copy, `event ${index}`))
        }
        disk.play(event, index)
      }
      expect(reached.size, 'cuts before and after migrations').toBeGreaterThan(2)
    },
  )

  function snapshot(profile: string, number: number): string {
    const to = join(folder, `stopped-${number}`)
    mkdirSync(to)
    for (const name of ['history.sqlite', 'history.sqlite-wal', 'history.mark']) {
      if (existsSync(join(profile, name))) copyFileSync(join(profile, name), join(to, name))
    }
    return to
  }
})
