import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Outcome } from '../ingest/delivery.ts'
import { bodyOf, kept, listeningReceiver, postText, requestText, secret, sendRaw, statusOf, until } from './test-support.ts'

describe('size', () => {
  test('a body of 256 KiB is taken and one byte more is 413, by its Content-Length', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver()
    const fits = 'x'.repeat(256 * 1024)
    expect(statusOf(await sendRaw(port, postText(host, fits, ['Connection: close'])))).toBe(200)
    expect(deliveries[0]!.body).toHaveLength(256 * 1024)
    expect(statusOf(await sendRaw(port, postText(host, `${fits}x`)))).toBe(413)
    expect(deliveries).toHaveLength(1)
    expect(turnedAway).toEqual(['size'])
  })

  test('a chunked body is counted as it comes', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver({ limits: { bodyBytes: 1000 } })
    const chunk = `64\r\n${'x'.repeat(100)}\r\n`
    const send = (chunks: number): Promise<string> =>
      sendRaw(
        port,
        requestText({
          headers: [`Host: ${host}`, 'Transfer-Encoding: chunked', 'Connection: close'],
          body: `${chunk.repeat(chunks)}0\r\n\r\n`,
        }),
      )
    expect(statusOf(await send(10))).toBe(200)
    expect(statusOf(await send(11))).toBe(413)
    expect(deliveries).toHaveLength(1)
    expect(turnedAway).toEqual(['size'])
  })

  test('a sender that floods on after 413 loses its connection', async () => {
    const { port, host } = await listeningReceiver({ limits: { bodyBytes: 1000, lingerMs: 60_000 } })
    const socket = open(port)
    socket.write(requestText({ headers: [`Host: ${host}`, 'Transfer-Encoding: chunked'] }))
    const flood = `ffff\r\n${'x'.repeat(0xffff)}\r\n`
    let received = ''
    socket.setEncoding('latin1').on('data', (part: string) => (received += part))
    await new Promise<void>((resolve) => {
      const write = (): void => void (socket.destroyed ? resolve() : socket.write(flood, () => setImmediate(write)))
      socket.on('close', () => resolve())
      write()
    })
    expect(['', '413'].includes(received.slice(9, 12))).toBe(true)
  })

  test('a sender that stops half-way after 413 loses its connection too', async () => {
    const { port, host } = await listeningReceiver({ limits: { bodyBytes: 1000, lingerMs: 20 } })
    const answer = await sendRaw(port, requestText({ headers: [`Host: ${host}`, 'Content-Length: 1001'], body: 'x' }))
    expect(statusOf(answer)).toBe(413)
  })

  test('headers beyond 8 KiB are refused', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver()
    const answer = await sendRaw(port, postText(host, 'x', [`X-Long: ${'y'.repeat(8 * 1024)}`]))
    expect([400, null]).toContain(statusOf(answer))
    expect(deliveries).toHaveLength(0)
    expect(turnedAway).toEqual(['malformed'])
  })
})

describe('time', () => {
  const limits = { headerMs: 100, requestMs: 200 }
  /** Only the limit for headers can end a connection within the test's time. */
  const headersOnly = { headerMs: 100, requestMs: 60_000 }

  test('a connection that says nothing, or its headers too slowly, is ended', async () => {
    const { port, turnedAway } = await listeningReceiver({ limits: headersOnly })
    const silent = sendRaw(port, '')
    const slow = sendRaw(port, `POST /in/${secret} HTTP/1.1\r\nHost: `)
    expect([408, null]).toContain(statusOf(await silent))
    expect(statusOf(await slow)).toBe(408)
    expect(new Set(turnedAway)).toEqual(new Set(['too-slow']))
  })

  test('trickling headers do not buy time', async () => {
    const { port } = await listeningReceiver({ limits: headersOnly })
    const socket = open(port)
    socket.write(`POST /in/${secret} HTTP/1.1\r\n`)
    const trickle = setInterval(() => socket.write('X-A: b\r\n'), 10)
    await closed(socket)
    clearInterval(trickle)
  })

  test('a trickling body is cut off, counted once and never becomes a delivery', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver({ limits })
    const socket = open(port)
    socket.write(`POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\n`)
    const trickle = setInterval(() => socket.write('x'), 10)
    await closed(socket)
    clearInterval(trickle)
    expect(deliveries).toHaveLength(0)
    expect(turnedAway).toEqual(['too-slow'])
  })

  test('a slow rest of a request that was turned away is cut off as well', async () => {
    const { port, host } = await listeningReceiver({ limits })
    const answer = await sendRaw(port, requestText({ path: '/', headers: [`Host: ${host}`, 'Content-Length: 100'], body: 'x' }))
    expect(statusOf(answer)).toBe(404)
  })

  test('a sender that leaves in the middle of its body is counted and forgotten', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver()
    const socket = open(port)
    await new Promise<void>((resolve) =>
      socket.write(`POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\nab`, () => resolve()),
    )
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await until(() => turnedAway.length > 0)
    expect(turnedAway).toEqual(['cut-off'])
    expect(deliveries).toHaveLength(0)
  })
})

describe('number', () => {
  test('128 connections at once and not one more', async () => {
    const { port, host, turnedAway, deliveries } = await listeningReceiver()
    const sockets = Array.from({ length: 128 }, () => open(port))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    await closed(open(port))
    expect(turnedAway).toEqual(['connections'])
    for (const socket of sockets) socket.write(postText(host, 'x'))
    await until(() => deliveries.length === 128)
  })

  test('bodies in flight have a budget together: beyond it 503 with Retry-After, and room again afterwards', async () => {
    const commits: ((outcome: Outcome) => void)[] = []
    const { port, host, turnedAway } = await listeningReceiver({
      limits: { bodyBytes: 50_000, headerBytes: 1024, inFlightBytes: 100_000 },
      ingest: () => new Promise((resolve) => commits.push(resolve)),
    })
    const body = 'x'.repeat(40_000)
    const first = [sendRaw(port, postText(host, body), 1), sendRaw(port, postText(host, body), 1)]
    await until(() => commits.length === 2)

    const declared = await sendRaw(port, postText(host, body), 1)
    const chunked = await sendRaw(
      port,
      requestText({ headers: [`Host: ${host}`, 'Transfer-Encoding: chunked'], body: `9c40\r\n${body}\r\n0\r\n\r\n` }),
    )
    for (const answer of [declared, chunked]) {
      expect(statusOf(answer)).toBe(503)
      expect(answer).toMatch(/^Retry-After: \d+\r$/m)
    }
    expect(turnedAway).toEqual(['overloaded', 'overloaded'])

    for (const commit of commits.splice(0)) commit(kept)
    expect((await Promise.all(first)).map(statusOf)).toEqual([200, 200])
    const again = sendRaw(port, postText(host, body), 1)
    await until(() => commits.length === 1)
    commits[0]!(kept)
    expect(statusOf(await again)).toBe(200)
  })

  test('many deliveries without a body are bounded as well', async () => {
    const { port, host, turnedAway } = await listeningReceiver({
      limits: { headerBytes: 1024, inFlightBytes: 32 * 1024 },
      ingest: () => new Promise(() => {}),
    })
    const sockets = Array.from({ length: 40 }, () => open(port))
    for (const socket of sockets) socket.write(postText(host, ''))
    await until(() => turnedAway.length > 0)
    expect(new Set(turnedAway)).toEqual(new Set(['overloaded']))
  })
})

describe('protocol', () => {
  test('100 Continue is said to the right sender only', async () => {
    const { port, host, deliveries } = await listeningReceiver({ limits: { lingerMs: 20 } })
    const expecting = ['Expect: 100-continue', 'Content-Length: 3']
    const wrong = await sendRaw(port, requestText({ path: '/in/wrong', headers: [`Host: ${host}`, ...expecting] }))
    expect(statusOf(wrong)).toBe(404)
    const large = await sendRaw(port, requestText({ headers: [`Host: ${host}`, 'Expect: 100-continue', 'Content-Length: 999999'] }))
    expect(statusOf(large)).toBe(413)
    const odd = await sendRaw(port, requestText({ headers: [`Host: ${host}`, 'Expect: a-miracle', 'Content-Length: 3'] }))
    expect(statusOf(odd)).toBe(400)

    const socket = open(port)
    socket.write(requestText({ headers: [`Host: ${host}`, ...expecting, 'Connection: close'] }))
    let received = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      if (received === '') socket.write('a.b')
      received += part
    })
    await closed(socket)
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(deliveries).toHaveLength(1)
  })

  test.each([
    ['both lengths', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'],
    ['a folded header', 'Content-Length: 3\r\nX-A: b\r\n c\r\n', 'abc'],
    ['a space before the colon', 'Content-Length : 3\r\n', 'abc'],
    ['an unknown transfer coding', 'Transfer-Encoding: xchunked\r\n', 'abc'],
    ['a negative length', 'Content-Length: -3\r\n', 'abc'],
    ['a chunk size that is no number', 'Transfer-Encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n'],
  ])('%s is 400 or a reset, never a delivery', async (_, lines, body) => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver()
    const answer = await sendRaw(port, `POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n${body}`)
    expect([400, null]).toContain(statusOf(answer))
    expect(deliveries).toHaveLength(0)
    expect(turnedAway).toEqual(['malformed'])
  })

  test('bytes that are no HTTP get one constant answer and the socket back', async () => {
    const { port, turnedAway } = await listeningReceiver()
    const tls = String.fromCharCode(22, 3, 1, 2, 0, 1, 0, 1, 0xfc)
    const answers = await Promise.all([sendRaw(port, 'hello\r\n\r\n'), sendRaw(port, tls), sendRaw(port, 'GET / HTTP/9.9\r\n\r\n')])
    for (const answer of answers) expect(bodyOf(answer)).toBe('{"error":"bad request"}')
    expect(turnedAway).toEqual(['malformed', 'malformed', 'malformed'])
  })

  test('malformed bytes behind a delivery in flight never pass for its answer', async () => {
    const { port, host, deliveries } = await listeningReceiver({ ingest: () => new Promise(() => {}) })
    const answer = await sendRaw(port, `${postText(host, 'a.b.c')}garbage\r\n\r\n`)
    expect(answer).toBe('')
    expect(deliveries).toHaveLength(1)
  })

  test('10,000 hostile requests leave memory and good senders alone', async () => {
    const { port, host, deliveries } = await listeningReceiver({ limits: { lingerMs: 20 } })
    const hostile = [
      'hello\r\n\r\n',
      'POST / HTTP/1.1\r\n\r\n',
      `POST /in/${secret} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
      `GET /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      `POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nContent-Encoding: br\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
      `POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ].map((text) => (text.includes('Connection') ? text : text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')))
    const storm = async (requests: number): Promise<number> => {
      let odd = 0
      const worker = async (first: number): Promise<void> => {
        for (let i = first; i < requests; i += 16) {
          const status = statusOf(await sendRaw(port, hostile[i % hostile.length]!))
          if (status !== null && (status < 400 || status > 499)) odd++
        }
      }
      await Promise.all(Array.from({ length: 16 }, (_, first) => worker(first)))
      return odd
    }
    expect(await storm(2_000)).toBe(0)
    const before = process.memoryUsage().rss
    expect(await storm(8_000)).toBe(0)
    // Sender and receiver share this process, so the bound is wider than the receiver's own 20 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect(deliveries).toHaveLength(0)
    expect(statusOf(await sendRaw(port, postText(host, 'a.b.c', ['Connection: close'])))).toBe(200)
  })
})

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

function closed(socket: Socket): Promise<void> {
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
