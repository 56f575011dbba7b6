import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ReceiverHealth } from '../../shared/health.ts'
import type { Outcome } from '../ingest/delivery.ts'
import { createPathSecret, createReceiver } from './receiver.ts'
import { bodyOf, kept, listeningReceiver, postText, requestText, secret, sendRaw, statusOf, until } from './test-support.ts'

const constantRefusal = '{"error":"unauthorized"}'

describe('a delivery', () => {
  test('reaches ingest with its exact bytes, its headers and the time it was accepted', async () => {
    const { port, deliveries } = await listeningReceiver()
    const body = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256))

    expect(await post(port, body, { 'X-Colour': 'Orange' })).toMatchObject({ status: 200, text: '{}', type: 'application/json' })

    expect(deliveries).toHaveLength(1)
    expect(Buffer.from(deliveries[0]!.body).equals(body)).toBe(true)
    expect(deliveries[0]).toMatchObject({ inlet: 'receiver', receivedAt: '2025-01-02T03:04:05.006Z', headers: { 'x-colour': 'Orange' } })
  })

  test.each<[Outcome, number, string]>([
    [kept, 200, '{}'],
    [{ kind: 'duplicate' }, 200, '{}'],
    [{ ...kept, kind: 'quarantined' } as Outcome, 200, '{}'],
    [{ kind: 'refused', because: 'expired' }, 401, constantRefusal],
    [{ kind: 'refused', because: 'not-a-token' }, 401, constantRefusal],
    [{ kind: 'failed', because: 'not-committed' }, 503, '{"error":"unavailable"}'],
  ])('that comes out as %o is answered %i', async (outcome, status, text) => {
    const { port } = await listeningReceiver({ ingest: () => Promise.resolve(outcome) })
    const answer = await post(port, 'a.b.c')
    expect(answer).toMatchObject({ status, text })
    expect(answer.retryAfter !== undefined).toBe(status === 503)
  })

  test('is answered 503 when ingest throws, and the bug is told', async () => {
    const bug = new Error('unexpected')
    const { port, bugs } = await listeningReceiver({ ingest: () => Promise.reject(bug) })
    expect(await post(port, 'a.b.c')).toMatchObject({ status: 503 })
    expect(bugs).toEqual([bug])
  })

  test('is answered only after ingest has said what became of it', async () => {
    let commit = (_: Outcome): void => {}
    const { port, deliveries } = await listeningReceiver({ ingest: () => new Promise((resolve) => (commit = resolve)) })
    let isAnswered = false
    const answered = post(port, 'a.b.c').then((answer) => ((isAnswered = true), answer))
    await until(() => deliveries.length === 1)
    await post(port, 'x', {}, '/elsewhere')
    expect(isAnswered).toBe(false)
    commit(kept)
    expect(await answered).toMatchObject({ status: 200 })
  })

  test.each([true, false])(
    'carries neither the path secret nor the secret header, whatever a tunnel adds (required: %s)',
    async (required) => {
      const { port, deliveries } = await listeningReceiver(required ? { secretHeader: () => accepting('correct horse') } : {})
      const answer = await post(port, 'a.b.c', {
        'x-tocsin-secret': 'correct horse',
        'X-Original-Url': `https://t.example/in/${secret}`,
        'X-Copy': 'is correct horse.',
        'X-Kept': 'yes',
      })
      expect(answer.status).toBe(200)
      expect(deliveries[0]!.headers).toMatchObject({ 'x-kept': 'yes' })
      expect(JSON.stringify(deliveries[0]!.headers)).not.toMatch(/correct horse|AAECAwQFBgc/)
    },
  )

  test('keeps the first value of a repeated header, and a header named like a prototype is only a header', async () => {
    const { port, host, deliveries } = await listeningReceiver()
    await sendRaw(port, postText(host, 'a.b.c', ['X-Twice: one', 'X-Twice: two', '__proto__: polluted', 'Connection: close']))
    const headers = deliveries[0]!.headers
    expect(headers['x-twice']).toBe('one')
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
    expect(Object.hasOwn(headers, '__proto__')).toBe(true)
  })

  test('may be pipelined and share its connection, and each is answered in turn', async () => {
    const { port, host, deliveries } = await listeningReceiver()
    const wrong = requestText({ path: '/in/wrong', headers: [`Host: ${host}`, 'Content-Length: 3'], body: 'xyz' })
    const answers = await sendRaw(port, postText(host, 'one') + wrong + postText(host, 'two'), 3)
    expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '404', '200'])
    expect(deliveries.map((delivery) => Buffer.from(delivery.body).toString())).toEqual(['one', 'two'])
  })

  test('in chunks arrives whole', async () => {
    const { port, host, deliveries } = await listeningReceiver()
    const chunks = Array.from('hello world', (letter) => `1\r\n${letter}\r\n`).join('')
    const answer = await sendRaw(
      port,
      requestText({ headers: [`Host: ${host}`, 'Transfer-Encoding: chunked', 'Connection: close'], body: `${chunks}0\r\n\r\n` }),
    )
    expect(statusOf(answer)).toBe(200)
    expect(Buffer.from(deliveries[0]!.body).toString()).toBe('hello world')
  })

  test('with an identity encoding is taken, and empty bodies are for ingest to judge', async () => {
    const { port, deliveries } = await listeningReceiver()
    expect(await post(port, '', { 'Content-Encoding': 'Identity' })).toMatchObject({ status: 200 })
    expect(deliveries[0]!.body).toHaveLength(0)
  })
})

describe('turned away', () => {
  test('every wrong path is 404 whatever the method, and only the right one names its method', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver()
    const wrong = [
      '/',
      '/in/',
      `/in/${secret}/`,
      `/in/${secret}?a=1`,
      `/in/${secret.toLowerCase()}`,
      `/in/${secret.slice(1)}`,
      `//in/${secret}`,
    ]
    const bodies = new Set<string>()
    for (const path of [...wrong, `http://${host}/in/${secret}`]) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const answer = await sendRaw(port, requestText({ method, path, headers: [`Host: ${host}`, 'Connection: close'] }))
        expect(statusOf(answer)).toBe(404)
        bodies.add(answer)
      }
    }
    expect(bodies.size).toBe(1)
    const get = await sendRaw(port, requestText({ method: 'GET', headers: [`Host: ${host}`, 'Connection: close'] }))
    expect(statusOf(get)).toBe(405)
    expect(get).toContain('Allow: POST')
    expect(deliveries).toHaveLength(0)
    expect(new Set(turnedAway)).toEqual(new Set(['path', 'method']))
  })

  test.each([
    ['no Host', []],
    ['two Hosts', ['Host: HOST', 'Host: HOST']],
    ['a rebound name', ['Host: evil.example:PORT']],
    ['another port', ['Host: 127.0.0.1:1']],
    ['a loopback name without its port', ['Host: localhost']],
    ['a name that only starts like ours', ['Host: demo.ngrok.app.evil.example']],
    ['a name that only ends like ours', ['Host: evil-demo.ngrok.app']],
    ['a public host at another port', ['Host: demo.ngrok.app:8443']],
    ['an empty Host', ['Host:']],
    ['an Origin', ['Host: HOST', 'Origin: https://evil.example']],
    ['an opaque Origin', ['Host: HOST', 'Origin: null']],
    ['a Sec-Fetch header', ['Host: HOST', 'Sec-Fetch-Mode: no-cors']],
    ['another Sec-Fetch header', ['Host: HOST', 'sec-fetch-future: x']],
  ])('a request with %s is answered like a wrong path', async (_, lines) => {
    const { port, host, deliveries } = await listeningReceiver({ publicHosts: () => ['demo.ngrok.app'] })
    const headers = lines.map((line) => line.replace('HOST', host).replace('PORT', String(port)))
    const wrongPath = await sendRaw(
      port,
      requestText({ path: '/', headers: [`Host: ${host}`, 'Content-Length: 1', 'Connection: close'], body: 'x' }),
    )
    const answer = await sendRaw(port, requestText({ headers: [...headers, 'Content-Length: 1', 'Connection: close'], body: 'x' }))
    expect(answer).toBe(wrongPath)
    expect(deliveries).toHaveLength(0)
  })

  test('the hosts that lead here are taken in any case, and a new public host at once', async () => {
    const publicHosts = ['Demo.Ngrok.app']
    const { port, deliveries } = await listeningReceiver({ publicHosts: () => publicHosts })
    const hosts = [`127.0.0.1:${port}`, `LocalHost:${port}`, `[::1]:${port}`, 'demo.ngrok.APP', 'demo.ngrok.app:443']
    for (const host of hosts) expect(statusOf(await sendRaw(port, postText(host, 'x', ['Connection: close'])))).toBe(200)
    expect(statusOf(await sendRaw(port, postText('new.example', 'x', ['Connection: close'])))).toBe(404)
    publicHosts.push('new.example')
    expect(statusOf(await sendRaw(port, postText('new.example', 'x', ['Connection: close'])))).toBe(200)
    expect(deliveries).toHaveLength(hosts.length + 1)
  })

  test('a wrong secret header is answered byte for byte like a token that is not believed', async () => {
    const { port, host, deliveries, turnedAway } = await listeningReceiver({
      secretHeader: () => accepting('correct horse'),
      ingest: () => Promise.resolve({ kind: 'refused', because: 'signature-invalid' }),
    })
    const answers = new Set<string>()
    const right = 'X-Tocsin-Secret: correct horse'
    for (const lines of [
      [right],
      [],
      ['X-Tocsin-Secret: wrong'],
      ['X-Tocsin-Secret:'],
      [right, right],
      ['X-Tocsin-Secret: correct horse!'],
    ]) {
      answers.add(await sendRaw(port, postText(host, 'a.b.c', [...lines, 'Connection: close'])))
    }
    expect(answers.size).toBe(1)
    expect(bodyOf([...answers][0]!)).toBe(constantRefusal)
    expect(deliveries).toHaveLength(1)
    expect(turnedAway).toEqual(Array(5).fill('secret-header'))
  })

  test('each of several secret headers lets in, and requiring one can begin while it listens', async () => {
    let required: readonly string[] | null = null
    const { port } = await listeningReceiver({ secretHeader: () => required && accepting(...required) })
    const statusWith = async (value: string | null) =>
      (await post(port, 'a.b.c', value === null ? {} : { 'X-Tocsin-Secret': value })).status
    expect(await statusWith(null)).toBe(200)
    expect(await statusWith('anything')).toBe(200)
    required = ['one', 'two', 'three']
    for (const right of required) expect(await statusWith(right), right).toBe(200)
    for (const wrong of [null, 'anything', 'one, two']) expect(await statusWith(wrong), String(wrong)).toBe(401)
    required = []
    expect(await statusWith('one'), 'nothing is accepted where nothing is known').toBe(401)
  })

  test('a compressed body is refused unread', async () => {
    const { port, deliveries, turnedAway } = await listeningReceiver()
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    expect(await post(port, bomb, { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 415 })
    expect(await post(port, 'x', { 'Content-Encoding': 'identity, gzip' })).toMatchObject({ status: 415 })
    expect(deliveries).toHaveLength(0)
    expect(turnedAway).toEqual(['encoding', 'encoding'])
  })

  test('no answer tells the time or what answers, and the secret is in none', async () => {
    const { port, host } = await listeningReceiver()
    for (const path of [`/in/${secret}`, '/']) {
      const answer = await sendRaw(
        port,
        requestText({ path, headers: [`Host: ${host}`, 'Content-Length: 1', 'Connection: close'], body: 'x' }),
      )
      expect(answer).not.toMatch(/date:|server:|x-powered|AAECAwQFBgc/i)
    }
  })
})

describe('starting and stopping', () => {
  test('a port that is taken is said and never moved', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const port = (other.address() as { port: number }).port
    const healths: ReceiverHealth[] = []
    const receiver = createReceiver({
      port,
      secret,
      publicHosts: () => [],
      ingest: () => Promise.resolve(kept),
      onTurnedAway: () => {},
      onHealth: (health) => healths.push(health),
      onBug: () => {},
      now: Date.now,
    })
    expect(await receiver.start()).toMatchObject({ kind: 'port-taken', port, detail: expect.stringContaining(String(port)) })
    await new Promise((resolve) => other.close(resolve))
    expect(await receiver.start()).toEqual({ kind: 'listening', port })
    await receiver.stop()
    expect(healths.map((health) => health.kind)).toEqual(['starting', 'port-taken', 'starting', 'listening', 'stopped'])
  })

  test('stopping lets a delivery in flight be answered, and turns away what follows it', async () => {
    let commit = (_: Outcome): void => {}
    const { port, host, receiver, deliveries, turnedAway } = await listeningReceiver({
      ingest: () => new Promise((resolve) => (commit = resolve)),
    })
    const socket = connect({ port, host: '127.0.0.1' })
    let received = ''
    socket.setEncoding('latin1').on('data', (part: string) => (received += part))
    socket.write(postText(host, 'a.b.c'))
    await until(() => deliveries.length === 1)
    const stopped = receiver.stop()
    socket.write(postText(host, 'd.e.f'))
    await until(() => turnedAway.length + deliveries.length === 2)
    commit(kept)
    await stopped
    await until(() => socket.destroyed)
    expect(statusOf(received)).toBe(200)
    expect(deliveries).toHaveLength(1)
    expect(turnedAway).toEqual(['overloaded'])
    await expect(post(port, 'x')).rejects.toThrow(/ECONNREFUSED/)
  })

  test('stopping does not wait for ever for those who never finish', async () => {
    const { port, host, receiver } = await listeningReceiver({ limits: { stopMs: 50 }, ingest: () => new Promise(() => {}) })
    const idle = sendRaw(port, '')
    const halfway = sendRaw(port, `POST /in/${secret} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nab`)
    const waiting = sendRaw(port, postText(host, 'a.b.c'))
    await post(port, 'x', {}, '/elsewhere')
    await receiver.stop()
    expect(await Promise.all([idle, halfway, waiting])).toEqual(['', '', ''])
  })

  test('a path secret has 128 bits in 22 characters, and a weaker one is not accepted', () => {
    const secrets = new Set(Array.from({ length: 100 }, createPathSecret))
    expect(secrets.size).toBe(100)
    for (const one of secrets) expect(one).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const parts = {
      port: 0,
      publicHosts: () => [],
      ingest: () => Promise.resolve(kept),
      onTurnedAway: () => {},
      onBug: () => {},
      now: Date.now,
    }
    expect(() => createReceiver({ ...parts, secret: 'short' })).toThrow(/128 bits/)
  })
})

function accepting(...values: readonly string[]) {
  return { hashes: values.map((value) => createHash('sha256').update(value).digest()) }
}

type Answered = { status: number; text: string; type: string | undefined; retryAfter: string | undefined }

function post(port: number, body: string | Uint8Array, headers: Record<string, string> = {}, path = `/in/${secret}`): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          text,
          type: response.headers['content-type'],
          retryAfter: response.headers['retry-after'],
        }),
      )
    })
    request.on('error', reject).end(body)
  })
}
