import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { InletSetUp } from '../../shared/inlets.ts'
import { createClock, noon } from '../ingest/test-support.ts'
import { createGosmeeInlet } from './gosmee.ts'
import { channel, eventOf, flood, startEventServer, startProxy, type EventServerOptions } from './test-event-server.ts'
import { fetchingParts, running, setUpOf, turns } from './test-fetching.ts'
import { selfSigned } from './test-certificate.ts'
import { until } from './test-support.ts'

type SetUp = Extract<InletSetUp, { kind: 'gosmee' }>

function connectTo(url: string) {
  const held = fetchingParts(createClock(), setUpOf('gosmee', url) as SetUp)
  return { ...held, inlet: running(createGosmeeInlet(held.parts)) }
}

async function setUp(options: Partial<EventServerOptions> = {}) {
  const server = await startEventServer({ format: 'gosmee', now: () => noon, ...options })
  const held = connectTo(server.url)
  return { server, ...held, isLive: () => held.last()?.kind === 'live' && server.subscribers() === 1 }
}

describe('a gosmee server that misbehaves', () => {
  it('may replay, reorder and duplicate: all of it is handed on, and the position is that of the last', async () => {
    const { server, bodies, positions, isLive } = await setUp()
    await until(isLive)
    server.send(eventOf('a', '5-0') + eventOf('c', '7-0') + eventOf('b', '6-0') + eventOf('a', '5-0'))
    await until(() => bodies().length === 4)
    expect(bodies()).toEqual(['a', 'c', 'b', 'a'])
    await until(() => positions.at(-1) === '5-0')
  })

  it('may drop us in the middle of an event: half of it is nothing, and it comes whole the next time', async () => {
    const { server, bodies, advance, isLive, last, positions } = await setUp({ keeps: 5 })
    await until(isLive)
    server.post('first')
    await until(() => positions.length === 1)
    const response = server.only()
    server.kept.push({ id: `${noon}-9`, data: JSON.stringify({ timestamp: '1', bodyB: 'c2Vjb25k' }) })
    response.write(eventOf('second', `${noon}-9`).slice(0, -5), () => response.destroy())
    await until(() => last()?.kind === 'waiting')
    expect(bodies()).toEqual(['first'])
    expect(last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('broke off') })
    await advance(500)
    await until(() => bodies().length === 2)
    expect(bodies()).toEqual(['first', 'second'])
  })

  it('may send what is no delivery: it is counted, passed over and never asked for again', async () => {
    const { server, bodies, turnedAway, positions, isLive, bugs } = await setUp()
    await until(isLive)
    const wrong = [
      ['{ broken', 'malformed'],
      ['', 'malformed'],
      ['null', 'malformed'],
      ['[]', 'malformed'],
      ['{}', 'malformed'],
      ['{"bodyB":7}', 'malformed'],
      ['{"message":"ready","bodyB":7}', 'malformed'],
      ['{"bodyB":"***"}', 'not-base64'],
      ['{"bodyB":"YQ"}', 'not-base64'],
      ['{"bodyB":"YR=="}', 'not-base64'],
      ['{"bodyB":"Y Q=="}', 'not-base64'],
      [`{"bodyB":"${Buffer.alloc(256 * 1024 + 1).toString('base64')}"}`, 'too-large'],
      [`{"bodyB":"${'A'.repeat(1_000_000)}"}`, 'too-large'],
      ['{"encrypted":true,"version":1,"epk":"","nonce":"","ciphertext":""}', 'not-decrypted'],
    ] as const
    for (const [i, [data]] of wrong.entries()) server.send(`id: 1-${i}\ndata: ${data}\n\n`)
    server.send('event: unheard-of\ndata: x\n\nid: not-a-stream-id\ndata: {"bodyB":"YQ==","timestamp":"soon"}\n\n')
    await until(() => bodies().length === 1)
    expect(bodies()).toEqual(['a'])
    expect(turnedAway).toEqual(wrong.map(([, because]) => because))
    await until(() => positions.at(-1) === `1-${wrong.length - 1}`)
    expect(bugs).toEqual([])
  })

  it('may send a line of 20 MB: it costs neither the connection nor the deliveries after it', async () => {
    const { server, bodies, turnedAway, positions, isLive } = await setUp()
    await until(isLive)
    const response = server.only()
    response.write('id: 3-0\ndata: {"bodyB":"')
    await flood(response, Buffer.alloc(1_000_000, 'A'), 20)
    response.write('"}\n\n' + eventOf('after', '4-0'))
    await until(() => bodies().length === 1)
    expect(turnedAway).toEqual(['too-large'])
    await until(() => positions.at(-1) === '4-0')
    expect(server.requests).toHaveLength(1)
  })

  it('may send a line of 100 MB, or never a newline: it is given up in words, and its event is not asked for again', async () => {
    const { server, bodies, turnedAway, positions, last, advance, isLive } = await setUp({ keeps: 10 })
    await until(isLive)
    server.kept.push({ id: '3-0', data: 'A'.repeat(100_000_000) })
    server.only().write(`id: 3-0\ndata: ${server.kept[0]?.data}\n\n`)
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('passed over') })
    expect([turnedAway, positions]).toEqual([['too-large'], ['3-0']])
    server.post('after')
    await advance(500)
    await until(() => bodies().length === 1)
    expect([bodies(), turnedAway]).toEqual([['after'], ['too-large']])
  })

  it('is dead after 45 seconds in which it only went on with an endless line', async () => {
    const { server, advance, last, isLive } = await setUp()
    await until(isLive)
    server.send(`data: ${'x'.repeat(800_000)}`)
    await until(() => last()?.kind === 'live')
    for (let i = 0; i < 9; i++) {
      server.send('x'.repeat(100))
      await advance(5_000)
    }
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ detail: expect.stringContaining('45 seconds') })
  })

  it('may send one byte at a time', async () => {
    const { server, bodies, isLive } = await setUp()
    await until(isLive)
    server.only().socket?.setNoDelay(true)
    for (const byte of Buffer.from(`: keepalive\r\n\r\n${eventOf('slow', '1-0')}`)) {
      server.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => bodies().length === 1)
    expect(bodies()).toEqual(['slow'])
  })

  it('means the same wherever the network cuts its answer', async () => {
    const { server, bodies, turnedAway, isLive } = await setUp()
    await until(isLive)
    let sent = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('x', 'ü€𝄞', 'z'.repeat(5000)), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (texts, places) => {
          const before = sent
          const bytes = Buffer.from(texts.map((text) => `: ü\n\n${eventOf(text, `1-${sent++}`)}`).join(''))
          let from = 0
          for (const to of [...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length]) {
            server.send(bytes.subarray(from, to))
            from = to
            await new Promise((resolve) => setImmediate(resolve))
          }
          await until(() => bodies().length === sent)
          expect(bodies().slice(before)).toEqual(texts.map((text) => Buffer.from(text).toString('latin1')))
        },
      ),
      { seed: 4, numRuns: 100 },
    )
    expect(turnedAway).toEqual([])
  })

  it('may answer with something else: each is explained, and most are not tried again soon', async () => {
    const answers: readonly (readonly [status: number, headers: Record<string, string>, because: string, words: string])[] = [
      [200, { 'content-type': 'text/html' }, 'refused', 'a web page'],
      [200, {}, 'refused', 'instead of a stream'],
      [200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }, 'refused', 'compresses'],
      [204, {}, 'refused', '204'],
      [302, { location: 'http://127.0.0.1:1/' }, 'refused', 'redirects are not followed'],
      [400, {}, 'refused', '400'],
      [401, {}, 'refused', 'does not let us in'],
      [403, {}, 'refused', 'does not let us in'],
      [404, {}, 'refused', 'Check the address'],
      [429, {}, 'relay-down', 'too often'],
      [500, {}, 'relay-down', 'trouble of its own'],
      [503, {}, 'relay-down', 'trouble of its own'],
    ]
    for (const [status, headers, because, words] of answers) {
      const answer = (_: unknown, response: ServerResponse): boolean => {
        response.writeHead(status, headers).end('<html>'.repeat(1000))
        return true
      }
      const { server, last, advance, inlet, turnedAway } = await setUp({ answer })
      await until(() => last()?.kind === 'waiting')
      expect(last()).toMatchObject({ because, detail: expect.stringContaining(words) })
      await advance(because === 'refused' ? 299_999 : 499)
      expect([status, server.requests.length, turnedAway.length]).toEqual([status, 1, 0])
      await advance(1)
      await until(() => server.requests.length === 2)
      await inlet.stop()
    }
  })

  it('may end, refuse or reset connections, speak no HTTP or fall silent before its headers: all of it is explained', async () => {
    const cases: readonly (readonly [bytes: string | null, because: string, words: string])[] = [
      ['', 'relay-down', 'broke off'],
      ['SSH-2.0-OpenSSH_9.9\r\n', 'refused', 'not HTTP'],
      [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 'relay-down', 'headers larger'],
      ['HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 'relay-down', 'broke off'],
      [
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 27\r\n\r\ndata: {"message":"ready"}\n\n`,
        'relay-down',
        'ended the connection',
      ],
      [null, 'relay-down', '15 seconds'],
    ]
    for (const [bytes, because, words] of cases) {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        if (bytes === null) socket.resume().write('HTTP/1.1 200 OK\r\ncontent-')
        else socket.once('data', () => socket.end(bytes))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { last, advance, inlet } = connectTo(`http://127.0.0.1:${port}/${channel}`)
      if (bytes === null) await advance(15_000)
      await until(() => last()?.kind === 'waiting')
      expect(last()).toMatchObject({ because, detail: expect.stringContaining(words) })
      await inlet.stop()
      await new Promise((resolve) => server.close(resolve))
      if (bytes !== null) continue
      const refusing = connectTo(`http://127.0.0.1:${port}/${channel}`)
      await until(() => refusing.last()?.kind === 'waiting')
      expect(refusing.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('nothing listens there') })
    }
  })

  it('is not asked over plain http unless it is on this computer, nor at an address without a channel', async () => {
    for (const [url, words] of [
      [`http://gosmee.example/${channel}`, 'must begin with https'],
      [`http://localhost:1/${channel}`, 'must begin with https'],
      [`ftp://127.0.0.1/${channel}`, 'must begin with https'],
      ['https://gosmee.example/short', '12 to 64'],
      ['no url', '12 to 64'],
    ] as const) {
      const { last } = connectTo(url)
      await until(() => last()?.kind === 'waiting')
      expect(last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) })
    }
  })

  it('is not believed without a certificate that this computer trusts, and not tried again every second', async () => {
    let connections = 0
    const server = createTlsServer(selfSigned('127.0.0.1')).listen(0, '127.0.0.1')
    server.on('connection', () => connections++)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { last, advance } = connectTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}/${channel}`)
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('certificate') })
    await advance(299_999)
    expect(connections).toBe(1)
  })

  it('does not speak TLS where https leads to plain http', async () => {
    const server = await startEventServer({ format: 'gosmee' })
    const { last } = connectTo(server.url.replace('http:', 'https:'))
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('TLS') })
  })
})

describe('a gosmee connection that is half open', () => {
  it('is found 45 seconds after the last sound, and made anew where the network is back', async () => {
    const server = await startEventServer({ format: 'gosmee', keeps: 10, now: () => noon })
    const proxy = await startProxy(server.port)
    const { last, advance, bodies, positions } = connectTo(`http://127.0.0.1:${proxy.port}/${channel}`)
    await until(() => last()?.kind === 'live' && server.subscribers() === 1)
    server.post('before')
    await until(() => positions.length === 1)
    await advance(30_000)
    server.send(': keepalive\n\n')
    await turns()
    await advance(30_000)
    expect(last()?.kind).toBe('live')
    proxy.fallStill()
    server.post('meanwhile')
    server.send(': keepalive\n\n')
    await advance(15_001)
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('45 seconds') })
    proxy.forward()
    await advance(500)
    await until(() => bodies().length === 2)
    expect(bodies()).toEqual(['before', 'meanwhile'])
  })
})
