import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { relayCloses, relayLimits } from '../../shared/relay.ts'
import { createTestClock } from '../test-clock.ts'
import { keptOutcome, newDisk, seeded, startInlet, type InletOptions } from './relay-test-support.ts'

const token = 'A'.repeat(43)

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A relay that does what the test says with each connection, counted from 1. What the reader said is in `heard`. */
async function scripted(script: (socket: WebSocket, connection: number, after: unknown) => void) {
  const heard: unknown[] = []
  const server = createServer()
  const wss = new WebSocketServer({ server, maxPayload: 1024 })
  let connections = 0
  let open = 0
  let mostOpen = 0
  wss.on('connection', (socket) => {
    const connection = ++connections
    mostOpen = Math.max(mostOpen, ++open)
    socket.on('close', () => open--)
    socket.on('error', () => {})
    let isFirst = true
    socket.on('message', (data: Buffer) => {
      if (data.toString() === 'ping') return heard.push('ping')
      const said: unknown = JSON.parse(data.toString())
      heard.push(said)
      if (isFirst) script(socket, connection, said)
      isFirst = false
    })
  })
  return { url: await listen(server), heard, connections: () => connections, mostOpen: () => mostOpen }
}

const hello = (last = 0, backlog = last): string => JSON.stringify({ mailbox: 'm', after: 0, backlog, last })
const entry = (seq: number, change: object = {}): string =>
  JSON.stringify({ seq, receivedAt: '2025-01-02T03:04:05.006Z', path: '/in', headers: {}, body: btoa(`body ${seq}`), ...change })

const start = (url: string, options: Partial<InletOptions> = {}) => startInlet({ url, token, ...options })
const bodies = (app: ReturnType<typeof startInlet>): string[] => app.disk.kept.map(({ body }) => Buffer.from(body).toString())
const upTo = (n: number): string[] => Array.from({ length: n }, (_, i) => `body ${i + 1}`)

describe('a relay that says what no relay says', () => {
  test('is counted, passed over and acknowledged, so that nothing poisoned blocks the way', async () => {
    const damaged: [object, string][] = [
      [{ body: 'a' }, 'not-base64'],
      [{ body: 'YQ' }, 'not-base64'],
      [{ body: 'YR==' }, 'not-base64'],
      [{ body: 'YQ==\n' }, 'not-base64'],
      [{ body: 'Y-_=' }, 'not-base64'],
      [{ body: '=' }, 'not-base64'],
      [{ body: 7 }, 'malformed'],
      [{ body: undefined }, 'malformed'],
      [{ headers: null }, 'malformed'],
      [{ headers: { a: 1 } }, 'malformed'],
      [{ receivedAt: 'yesterday' }, 'malformed'],
      [{ receivedAt: '2025-02-30T00:00:00Z' }, 'malformed'],
      [{ receivedAt: 12 }, 'malformed'],
      [{ body: Buffer.alloc(relayLimits.bodyBytes + 1).toString('base64') }, 'too-large'],
    ]
    const relay = await scripted((socket) => {
      socket.send(hello())
      damaged.forEach(([change], i) => socket.send(entry(i + 1, change)))
      socket.send(entry(damaged.length + 1))
    })
    const app = start(relay.url)
    await app.until(() => app.disk.checkpoint === `m:${damaged.length + 1}`)
    expect(bodies(app)).toEqual([`body ${damaged.length + 1}`])
    expect(app.turnedAway).toEqual(damaged.map(([, because]) => because))
    expect(app.disk.lost).toEqual([])
    expect(app.bugs).toEqual([])
  })

  test('what has no number is counted and left, whatever it is', async () => {
    const noise = [
      '',
      'x',
      '{',
      '[]',
      'null',
      '1',
      '"ping"',
      '{}',
      '{"seq":0}',
      '{"seq":1e99}',
      '{"gap":{}}',
      '{"gap":{"from":-1,"to":2,"count":3}}',
    ]
    const relay = await scripted((socket) => {
      socket.send(entry(1))
      socket.send(hello())
      socket.send(hello(50))
      for (const text of noise) socket.send(text)
      socket.send(new Uint8Array([1, 2, 3]))
      socket.send(entry(1))
    })
    const app = start(relay.url)
    await app.until(() => app.disk.checkpoint === 'm:1')
    expect(app.turnedAway).toEqual(Array.from({ length: noise.length + 3 }, () => 'malformed'))
    expect(bodies(app)).toEqual(['body 1'])
    expect(app.disk.kept[0]?.isBacklog).toBeUndefined()
  })

  test('hop headers and secrets among the headers are dropped', async () => {
    const headers = { Authorization: 'x', 'Proxy-Authorization': 'x', 'X-Tocsin-Secret': 'x', cookie: 'x', Host: 'a', __proto__: 'x' }
    const relay = await scripted((socket) => {
      socket.send(hello())
      socket.send(entry(1, { headers }))
    })
    const app = start(relay.url)
    await app.until(() => app.disk.kept.length === 1)
    expect(app.disk.kept[0]?.headers).toEqual({ host: 'a' })
    expect(app.disk.kept[0]?.receivedAt).toBe('2025-01-02T03:04:05.006Z')
  })
})

describe('a relay that loses its order', () => {
  test('replays and duplicates are skipped and counted', async () => {
    const relay = await scripted((socket) => {
      socket.send(hello())
      for (const seq of [1, 2, 2, 1, 3, 1, 2, 3, 4]) socket.send(entry(seq))
    })
    const app = start(relay.url)
    await app.until(() => app.disk.checkpoint === 'm:4')
    expect(bodies(app)).toEqual(upTo(4))
    expect(app.turnedAway).toHaveLength(5)
  })

  test('what is at or below the checkpoint is skipped after a restart', async () => {
    const disk = { ...newDisk(), checkpoint: 'm:3' }
    const relay = await scripted((socket) => {
      socket.send(hello())
      for (let seq = 1; seq <= 5; seq++) socket.send(entry(seq))
    })
    const app = start(relay.url, { disk })
    await app.until(() => disk.checkpoint === 'm:5')
    expect(relay.heard[0]).toEqual({ after: 3, mailbox: 'm' })
    expect(bodies(app)).toEqual(['body 4', 'body 5'])
  })

  test('what it left out, or sent too early, is asked for again before it counts as lost', async () => {
    const random = seeded(3)
    const relay = await scripted((socket, connection, said) => {
      const { after } = said as { after: number }
      socket.send(hello())
      const order = Array.from({ length: 30 - after }, (_, i) => after + 1 + i)
      // On the first connections two neighbours are the wrong way round somewhere.
      const at = 1 + Math.floor(random() * 5)
      if (connection <= 3) order.splice(at, 2, order[at + 1] ?? 0, order[at] ?? 0)
      for (const seq of order) socket.send(entry(seq))
    })
    const app = start(relay.url)
    for (let connection = 1; connection <= 3; connection++) {
      await app.until(() => app.states.filter(({ kind }) => kind === 'waiting').length === connection)
      app.inlet.reconnect()
    }
    await app.until(() => app.disk.checkpoint === 'm:30')
    expect(bodies(app)).toEqual(upTo(30))
    expect(app.disk.lost).toEqual([])
    expect(relay.mostOpen()).toBe(1)
  })

  test('what it leaves out again and again is told as lost, and the way goes on', async () => {
    const relay = await scripted((socket, _, said) => {
      const { after } = said as { after: number }
      socket.send(hello())
      for (const seq of [1, 2, 6, 7, 9].filter((seq) => seq > after)) socket.send(entry(seq))
    })
    const app = start(relay.url)
    for (let connection = 1; connection <= 2; connection++) {
      await app.until(() => app.states.filter(({ kind }) => kind === 'waiting').length === connection)
      app.inlet.reconnect()
    }
    await app.until(() => app.disk.checkpoint === 'm:9')
    expect(bodies(app)).toEqual(['body 1', 'body 2', 'body 6', 'body 7', 'body 9'])
    expect(app.disk.lost).toEqual([3, 1])
  })

  test('a gap that reaches back counts nothing twice, and one far ahead does no harm to a relay that is right again', async () => {
    const relay = await scripted((socket, connection) => {
      if (connection > 1) return socket.send(JSON.stringify({ mailbox: 'another', after: 0, backlog: 0, last: 0 }))
      socket.send(hello())
      socket.send(entry(1))
      for (const [from, to, count] of [
        [1, 1, 1],
        [2, 4, 99],
        [2, 5, 4],
        [6, Number.MAX_SAFE_INTEGER, 1],
      ]) {
        socket.send(JSON.stringify({ gap: { from, to, count } }))
      }
    })
    const app = start(relay.url)
    await app.until(() => app.disk.checkpoint === `m:${Number.MAX_SAFE_INTEGER}`)
    expect(app.disk.lost).toEqual([3, 1, 1])
    expect(app.turnedAway).toEqual(['malformed'])
    app.inlet.reconnect()
    await app.until(() => app.disk.checkpoint === 'another:0')
  })
})

describe('a relay that wants too much', () => {
  test('a frame of 100 MB ends the connection before it is read', async () => {
    const relay = await scripted((socket) => {
      socket.send(hello())
      socket.send(Buffer.alloc(100 * 1024 * 1024, 'x').toString())
    })
    const app = start(relay.url)
    await app.until(() => app.last()?.kind === 'waiting')
    expect(app.turnedAway).toEqual(['too-large'])
    expect(app.last()).toMatchObject({ because: 'relay-down' })
    expect(app.bugs).toEqual([])
  })

  test('a flood while the history is slow is held back at the far end', async () => {
    const flood = 40_000
    let sent = 0
    const relay = await scripted((socket) => {
      socket.send(hello())
      const more = (): void => {
        if (sent === flood) return
        socket.send(entry(++sent, { body: 'A'.repeat(4_000) }), (error) => {
          if (!error) setImmediate(more)
        })
      }
      more()
    })
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const app = start(relay.url, { ingest: () => held.then(() => keptOutcome) })
    let before = -1
    while (before !== sent || sent === 0) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    // What the feed takes, what waits, and what the system's socket buffers hold: far from all of it.
    expect(sent).toBeLessThan(flood / 2)
    release()
    await app.until(() => app.disk.kept.length > sent / 2)
    expect(app.disk.lost).toEqual([])
  })

  test('pings nobody reads the answers of are not answered for ever', async () => {
    const relay = await scripted((socket) => {
      socket.send(hello())
      for (let i = 0; i < 20_000; i++) socket.ping('x'.repeat(100))
      socket.send(entry(1))
    })
    const app = start(relay.url)
    await app.until(() => app.disk.kept.length === 1)
    expect(app.bugs).toEqual([])
  })
})

describe('a far end that is no relay', () => {
  const answering = async (answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> }): Promise<string> =>
    listen(
      createServer((request, response) => {
        const { status, headers = {} } = answer(request)
        response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<html>welcome</html>')
      }).on('upgrade', (request: IncomingMessage, socket: Socket) => {
        const { status, headers = {} } = answer(request)
        const lines = Object.entries({ 'content-length': '20', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${status} Well\r\n${lines.join('')}\r\n<html>welcome</html>`)
      }),
    )

  test.each([
    [200, 'refused', '200'],
    [302, 'refused', 'redirects are not followed'],
    [401, 'refused', 'reader token'],
    [403, 'refused', 'reader token'],
    [404, 'refused', 'reader token'],
    [429, 'relay-down', 'too often'],
    [500, 'relay-down', 'trouble of its own'],
    [503, 'relay-down', 'trouble of its own'],
  ])('that answers %i is explained', async (status, because, words) => {
    let requests = 0
    const elsewhere = await answering(() => (requests++, { status: 200 }))
    const app = start(await answering(() => ({ status, headers: { location: elsewhere } })))
    await app.until(() => app.last()?.kind === 'waiting')
    expect(app.last()).toMatchObject({ because, detail: expect.stringContaining(words) })
    expect(JSON.stringify(app.states)).not.toContain(token)
    expect(requests).toBe(0)
    expect(app.bugs).toEqual([])
  })

  test('that speaks something else than HTTP, or hangs up, is explained', async () => {
    for (const talk of ['SSH-2.0-OpenSSH_9.6\r\n', '']) {
      const app = start(await listen(createTcpServer((socket) => socket.on('error', () => {}).end(talk))))
      await app.until(() => app.last()?.kind === 'waiting')
      expect(app.last()).toMatchObject({ detail: expect.stringMatching(/HTTP|broke off/) })
      expect(app.bugs).toEqual([])
      await app.stop()
    }
  })

  test('nothing is sent to an address where anybody could listen, or without a token', async () => {
    const cases: [string, string | null, string][] = [
      ['http://relay.example', token, 'https://'],
      ['http://localhost:1', token, 'https://'],
      ['ws://10.0.0.1', token, 'https://'],
      ['ftp://127.0.0.1', token, 'not one of https'],
      ['relay', token, 'not one of https'],
      ['http://127.0.0.1:1', null, 'no reader token'],
      ['http://127.0.0.1:1', 'a\r\nb: c', '43 letters'],
    ]
    for (const [url, given, words] of cases) {
      const app = startInlet({ url, token: given })
      await app.until(() => app.last()?.kind === 'waiting')
      expect(app.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) })
      await app.stop()
    }
  })
})

describe('time', () => {
  test('a relay that lets nobody in, or never says hello, is given up after 15 s', async () => {
    let callers = 0
    const silent = await listen(createTcpServer((socket) => (callers++, socket.on('error', () => {}))))
    const mute = await scripted(() => {})
    const cases: [string, () => boolean][] = [
      [silent, () => callers === 1],
      [mute.url, () => mute.heard.length === 1],
    ]
    for (const [url, isAsFarAsItGets] of cases) {
      const time = createTestClock(0)
      const app = start(url, { schedule: time.schedule })
      while (!isAsFarAsItGets()) await new Promise(setImmediate)
      time.pass(14_999)
      expect(app.last()).toEqual({ kind: 'connecting' })
      time.pass(1)
      await app.until(() => app.last()?.kind === 'waiting')
      expect(app.last()).toMatchObject({ detail: expect.stringContaining('15 seconds') })
      await app.stop()
    }
  })

  test('a half-open connection is found within 45 s, and one that answers is kept', async () => {
    let answers = true
    const relay = await scripted((socket) => {
      socket.send(hello())
      socket.on('message', (data: Buffer) => {
        if (answers && data.toString() === 'ping') socket.send('pong')
      })
    })
    const time = createTestClock(0)
    const app = start(relay.url, { schedule: time.schedule })
    await app.until(() => app.last()?.kind === 'live')
    for (let i = 1; i <= 5; i++) {
      time.pass(30_000)
      while (relay.heard.filter((one) => one === 'ping').length < i) await new Promise(setImmediate)
      // The answer is back once the deadline has moved.
      while (!time.waits().includes(45_000)) await new Promise(setImmediate)
    }
    expect(app.last()?.kind).toBe('live')
    answers = false
    time.pass(44_999)
    expect(app.last()?.kind).toBe('live')
    time.pass(1)
    await app.until(() => app.last()?.kind === 'waiting')
    expect(app.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('45 seconds') })
  })

  test('the waits between failures grow to a minute and begin anew after a success', async () => {
    let isRefusing = true
    const relay = await scripted((socket) => {
      if (isRefusing) return socket.terminate()
      socket.send(hello())
    })
    const time = createTestClock(0)
    const app = start(relay.url, { schedule: time.schedule })
    const waits: number[] = []
    for (let i = 1; i <= 9; i++) {
      await app.until(() => app.states.filter(({ kind }) => kind === 'waiting').length === i)
      while (time.waits().length !== 1) await new Promise(setImmediate)
      const [wait = 0] = time.waits()
      waits.push(wait)
      if (i === 8) isRefusing = false
      if (i < 9) time.pass(wait)
      if (i < 8) continue
      if (i === 9) break
      await app.until(() => app.last()?.kind === 'live')
      time.pass(10_000)
      isRefusing = true
      app.inlet.reconnect()
    }
    const most = [1, 2, 4, 8, 16, 32, 60, 60, 1].map((seconds) => seconds * 1_000)
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual((most[i] ?? 0) / 2)
      expect(wait).toBeLessThanOrEqual(most[i] ?? 0)
    })
    expect(relay.mostOpen()).toBe(1)
  })

  test.each([
    [relayCloses.replaced, 'same reader token'],
    [relayCloses.revoked, 'revoked'],
  ])('a relay that hangs up with %i is not tried again soon', async (code, words) => {
    const relay = await scripted((socket) => {
      socket.send(hello())
      socket.close(code, 'reason of the far end, which nobody repeats')
    })
    const app = start(relay.url)
    await app.until(() => app.last()?.kind === 'waiting')
    expect(app.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) })
    expect(JSON.stringify(app.states)).not.toContain('nobody repeats')
  })
})

test('a loss is said once, together with a position that is written down, and after a crash in between', async () => {
  let isFull = true
  const written: string[] = []
  const relay = await scripted((socket, _, after) => {
    socket.send(hello(9))
    // What was not acknowledged is told again.
    if ((after as { after: number }).after === 0) socket.send(JSON.stringify({ gap: { from: 1, to: 4, count: 4 } }))
    for (const seq of [5, 6]) if ((after as { after: number }).after < seq) socket.send(entry(seq))
  })
  const disk = newDisk()
  Object.defineProperty(disk, 'checkpoint', {
    get: () => written.at(-1) ?? null,
    set(position: string) {
      if (isFull) throw new Error('the disk is full')
      written.push(position)
    },
  })
  const app = start(relay.url, { disk })
  await app.until(() => app.states.filter(({ kind }) => kind === 'waiting').length === 2)
  expect(disk.lost, 'it was not written down, so it comes again').toEqual([])
  isFull = false
  await app.until(() => disk.checkpoint === 'm:6')
  expect(disk.lost).toEqual([4])
  expect(written[0]).toBe('m:4:4')
  await app.stop()

  for (const [left, told] of [
    ['m:6:3', [4, 3]],
    ['m:6:?', [4, 3, null]],
  ] as const) {
    written.push(left)
    const again = start(relay.url, { disk })
    await again.until(() => disk.checkpoint === 'm:6')
    expect(disk.lost).toEqual(told)
    await again.stop()
  }
})
