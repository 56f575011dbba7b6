import { spawnSync } from 'node:child_process'
import { createHash, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { historyFile } from '../src/main/profile.ts'
import { demoOrganization } from '../src/main/sample/demo.ts'
import { openDatabase } from '../src/main/store/database.ts'
import { removeHistory } from './bulk.ts'
import { checkedOf } from './deliveries.ts'
import { compareAll, median, type Figure } from './figure.ts'
import type { Benchmark } from './index.ts'
import { openPlain } from './plain.ts'
import { createStream, keyOf, receive, verifyOne } from './receiving.ts'
import { send } from './send.ts'

const million = 1_000_000
/** Why these are out of reach, and the best that was tried. */
const costOfKeeping =
  'each writes 14 pages of log in a commit of 32, 43 alone: 7 are of the indexes of lists, 3 of unique ones, 2 of counts; tried and kept: packed counts, a long log that a thread writes back, words when it is quiet; a page cache of 64 MiB made no difference with 100k rows and is not kept'

/** P1: the whole way of a delivery, from the request to the answer after its commit. */
export const throughput: Benchmark = {
  id: 'P1',
  async run({ rows, histories }) {
    const history = rows ?? million
    const count = 5_000
    const { signer } = histories
    const key = keyOf(signer)
    const stream = createStream(signer, history)
    const { url, stop } = await receive(await histories.profile(history))
    const plain = join(histories.folder, 'plain-events.sqlite')
    runSqlite(plain, 'PRAGMA journal_mode = WAL; CREATE TABLE events (id INTEGER PRIMARY KEY, body TEXT NOT NULL);')
    const measured = `POST to 200, 32 connections, onto ${history}`
    /** The first ones are sent for what they bring into memory. */
    let size = 1_000
    const figures = await compareAll(async () => {
      const bodies = stream.next(size)
      size = count
      const { seconds } = await send({ url, bodies, connections: 32, perSecond: null })
      return bodies.length / seconds
    }, [
      {
        id: 'P1',
        measured,
        peer: 'bare node:crypto verify, one after another',
        theirs: () => Promise.resolve(verificationsPerSecond(stream.next(count), key)),
        bound: { kind: 'at-least', ratio: 0.65 },
        note: (mine, theirs) =>
          `${mine.toFixed(0)} /s beside ${theirs.toFixed(0)} /s; sender and receiver share the machine; ${costOfKeeping}`,
      },
      {
        id: 'P1',
        measured,
        peer: 'sqlite3, a process for each event',
        theirs() {
          const bodies = stream.next(25)
          const startedAt = performance.now()
          for (const body of bodies) runSqlite(plain, `PRAGMA synchronous = FULL; INSERT INTO events (body) VALUES ('${body}');`)
          return Promise.resolve((bodies.length * 1000) / (performance.now() - startedAt))
        },
        bound: { kind: 'at-least', ratio: 20 },
        note: (mine, theirs) => `${mine.toFixed(0)} /s beside ${theirs.toFixed(0)} /s, unverified, FULL, one table without an index`,
      },
    ])
    await stop()
    removeHistory(plain)
    return figures
  },
}

/** P2: what one who waits for each answer waits for. */
export const serial: Benchmark = {
  id: 'P2',
  async run({ rows, histories }) {
    const history = rows ?? 10_000
    const [perRound, rounds] = [1_000, 5]
    const { signer } = histories
    const key = keyOf(signer)
    const stream = createStream(signer, history)
    const profile = await histories.profile(history)
    const plainFile = join(histories.folder, 'plain-serial.sqlite')
    const plain = openPlain(plainFile, historyFile(profile))
    const { url, stop } = await receive(profile)
    const echo = await startEcho()
    let parts: readonly number[] = []
    const figures = await compareAll(
      async () => median((await send({ url, bodies: stream.next(perRound), connections: 1, perSecond: null })).times),
      [
        {
          id: 'P2',
          measured: `acknowledgement, one after another, p50 of ${perRound}`,
          peer: 'node:http echo + bare verify + plain commit, onto as many',
          async theirs() {
            const bodies = stream.next(perRound)
            const echoed = await send({ url: echo.url, bodies, connections: 1, perSecond: null })
            const verified = bodies.map((body) => timed(() => verifyOne(body, key)))
            const prepared = plain.prepare(bodies.map((body) => checkedOf(body, Date.now())))
            const committed = prepared.map((row) => timed(() => plain.commit([row])))
            parts = [median(echoed.times), median(verified), median(committed)]
            return parts.reduce((sum, part) => sum + part, 0)
          },
          bound: { kind: 'at-most', ratio: 1.3 },
          note: (mine, theirs) =>
            `${mine.toFixed(2)} ms beside ${theirs.toFixed(2)} ms (${parts.map((part) => part.toFixed(2)).join(' + ')}), onto ${history}; ${costOfKeeping}`,
        },
      ],
      { rounds },
    )
    await stop()
    await echo.stop()
    plain.close()
    removeHistory(plainFile)
    return figures
  },
}

/** P3: a burst, until the last of it is acknowledged, and what of it is there afterwards. */
export const burst: Benchmark = {
  id: 'P3',
  async run({ rows, histories }) {
    const history = rows ?? million
    const count = 10_000
    const { signer } = histories
    const key = keyOf(signer)
    const stream = createStream(signer, history)
    const profile = await histories.profile(history)
    const plainFile = join(histories.folder, 'plain-burst.sqlite')
    const plain = openPlain(plainFile, historyFile(profile))
    const { url, stop } = await receive(profile)
    const sent: string[] = []
    const figures = await compareAll(
      async () => {
        const bodies = stream.next(count)
        sent.push(...bodies)
        const { seconds } = await send({ url, bodies, connections: 100, perSecond: null })
        return seconds * 1000
      },
      [
        {
          id: 'P3',
          measured: `${count} at once until durable, onto ${history}`,
          peer: 'bare verify + plain group commit of 256, onto as many',
          theirs() {
            const bodies = stream.next(count)
            const prepared = plain.prepare(bodies.map((body) => checkedOf(body, Date.now())))
            const startedAt = performance.now()
            for (const body of bodies) verifyOne(body, key)
            for (let from = 0; from < count; from += 256) plain.commit(prepared.slice(from, from + 256))
            return Promise.resolve(performance.now() - startedAt)
          },
          bound: { kind: 'at-most', ratio: 1.6 },
          note: (mine, theirs) => `${mine.toFixed(0)} ms beside ${theirs.toFixed(0)} ms`,
        },
      ],
      { warmUp: false },
    )
    await stop()
    const lost = missingOf(historyFile(profile), sent)
    plain.close()
    removeHistory(plainFile)
    return figures.map((figure): Figure => ({
      ...figure,
      met: figure.met && lost === 0,
      note: `${figure.note}; ${lost} of ${sent.length} lost; ${costOfKeeping}`,
    }))
  },
}

/** How many of these bodies the history does not have, as another connection reads it. */
function missingOf(file: string, bodies: readonly string[]): number {
  const opened = openDatabase(file, { readOnly: true })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const find = opened.db.prepare('SELECT 1 FROM deliveries WHERE organization_id = ? AND signing_hash = ? AND trust IS NOT NULL')
  const isMissing = (body: string) => {
    const hash = createHash('sha256')
      .update(body.slice(0, body.lastIndexOf('.')))
      .digest()
    return find.get(demoOrganization.id, hash) === undefined
  }
  const missing = bodies.filter(isMissing).length
  opened.db.close()
  return missing
}

function verificationsPerSecond(bodies: readonly string[], key: KeyObject): number {
  const startedAt = performance.now()
  for (const body of bodies) verifyOne(body, key)
  return (bodies.length * 1000) / (performance.now() - startedAt)
}

function timed(work: () => void): number {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}

function runSqlite(file: string, sql: string): void {
  const { status, stderr, error } = spawnSync('sqlite3', [file], { input: sql, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(stderr)
}

async function startEcho(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 })
      response.end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
