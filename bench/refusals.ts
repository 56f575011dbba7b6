import { fork } from 'node:child_process'
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../src/main/ingest/check.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { observe } from '../src/main/ingest/drift.ts'
import { parse } from '../src/main/ingest/parse.ts'
import { createPipeline } from '../src/main/ingest/pipeline.ts'
import { createPathSecret, createReceiver, receiverUrl } from '../src/main/inlets/receiver.ts'
import { openStore } from '../src/main/store/store.ts'
import { compareAll, type Figure } from './figure.ts'
import type { Benchmark } from './index.ts'
import type { Load, LoadResult } from './load.ts'
import { signedBodies } from './tokens.ts'

const connections = 32
const mostRequests = 10_000

/** P9: what a hostile sender costs us, in processor time, and what honest ones feel of it. */
export const refusals: Benchmark = {
  id: 'P9',
  async run({ rows }) {
    const count = Math.min(rows ?? mostRequests, mostRequests)
    const { deliveries, publicKey, context } = await signedBodies(2_000, 'refusals')
    const good = deliveries.map(({ body }) => Buffer.from(body).toString('base64'))
    const malformed = deliveries.slice(0, 64).map(({ body }) => Buffer.from(`${Buffer.from(body).toString('latin1')}\n`).toString('base64'))
    const forged = deliveries.slice(0, 64).map(({ body }) => forge(body).toString('base64'))
    const key = createPublicKey({ key: publicKey, format: 'jwk' })

    const ours = await startReceiver(context)
    const echo = await startServer(answering(() => 400))
    const verifying = await startServer(
      answering((body) => {
        const text = body.toString('latin1')
        const end = text.lastIndexOf('.')
        const signature = Buffer.from(text.slice(end + 1), 'base64url')
        return verify('sha256', body.subarray(0, end), { key, dsaEncoding: 'ieee-p1363' }, signature) ? 200 : 401
      }),
    )
    const cost = (url: string, bodies: readonly string[], expected: number) => () =>
      costOf({ url, bodies, count, connections, perSecond: null }, expected)
    const note = (mine: number, theirs: number) => `${mine.toFixed(0)} µs beside ${theirs.toFixed(0)} µs of processor time a request`
    // What runs for seconds warms itself up.
    const isWarm = { warmUp: false }
    const figures: Figure[] = [
      ...(await compareAll(
        cost(ours.url, malformed, 401),
        [
          {
            id: 'P9',
            measured: 'refusal before crypto (not a token)',
            peer: 'bare node:http 400 echo',
            theirs: cost(echo.url, malformed, 400),
            missed: '17 to 40 µs for the path and its secret, the host, the headers and the size: 1.1 to 1.7x from run to run',
            bound: { kind: 'at-most', ratio: 1.5 },
            note,
          },
        ],
        isWarm,
      )),
      ...(await compareAll(
        cost(ours.url, forged, 401),
        [
          {
            id: 'P9',
            measured: 'bad signature',
            peer: 'echo + node:crypto verify',
            theirs: cost(verifying.url, forged, 401),
            bound: { kind: 'at-most', ratio: 1.3 },
            note,
          },
        ],
        isWarm,
      )),
    ]
    const quiet = async () => (await sendLoad({ url: ours.url, bodies: good, count: 500, connections: 4, perSecond: 200 })).p99
    for (const perSecond of [500, 2_000]) {
      figures.push(
        ...(await compareAll(
          async () => {
            const storm = sendLoad({ url: ours.url, bodies: forged, count: perSecond * 3, connections, perSecond })
            const p99 = await quiet()
            await storm
            return p99
          },
          [
            {
              id: 'P9',
              measured: `good p99 beside ${perSecond} forged a second`,
              peer: 'good p99, quiet',
              theirs: quiet,
              bound: { kind: 'at-most', ratio: 2 },
              note: (mine, theirs) => `${mine.toFixed(1)} ms beside ${theirs.toFixed(1)} ms; senders and receiver share the machine`,
              missed: `a forged one takes as long as a good one until its signature is known to be false: ${perSecond} a second are half of what the machine can refuse while it sends them, too`,
            },
          ],
          isWarm,
        )),
      )
    }
    await ours.stop()
    await echo.stop()
    await verifying.stop()
    return figures
  },
}

/** Processor microseconds of this process, all its threads, per request. */
async function costOf(load: Load, expected: number): Promise<number> {
  const before = process.cpuUsage()
  const { statuses } = await sendLoad(load)
  const { user, system } = process.cpuUsage(before)
  if (statuses[expected] !== load.count) throw new Error(`expected ${load.count} times ${expected}, got ${JSON.stringify(statuses)}`)
  return (user + system) / load.count
}

async function sendLoad(load: Load): Promise<LoadResult> {
  const sender = fork(new URL('./load.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  sender.send(load)
  const [result] = (await once(sender, 'message')) as [LoadResult]
  return result
}

type Server = { readonly url: string; stop(): Promise<void> }

async function startReceiver(context: Parameters<typeof check>[1]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const opened = openStore({ file: join(folder, 'history.sqlite'), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const pipeline = createPipeline({
    check: (delivery) => check(delivery, context),
    parse,
    observe,
    keeper: opened.store.keeper,
    publish: () => {},
    count: () => {},
    now: Date.now,
    onStorage: () => {},
    onFault: (error) => console.error(error),
  })
  const secret = createPathSecret()
  const receiver = createReceiver({
    port: 0,
    secret,
    publicHosts: () => [],
    ingest: pipeline.ingest,
    onTurnedAway: () => {},
    onBug: (error) => console.error(error),
    now: Date.now,
  })
  const started = await receiver.start()
  if (started.kind !== 'listening') throw new Error(started.detail)
  return {
    url: receiverUrl(started.port, secret),
    async stop() {
      await receiver.stop()
      await pipeline.stop()
      opened.store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function startServer(listener: RequestListener): Promise<Server> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Reads the body and answers with a status: the least that a server of node:http can do. */
function answering(statusOf: (body: Buffer) => number): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      response.writeHead(statusOf(Buffer.concat(parts)), { 'Content-Type': 'application/json', 'Content-Length': 2 })
      response.end('{}')
    })
  }
}

function forge(body: Uint8Array): Buffer {
  const text = Buffer.from(body).toString('latin1')
  return Buffer.from(`${text.slice(0, text.lastIndexOf('.') + 1)}${randomBytes(64).toString('base64url')}`)
}
