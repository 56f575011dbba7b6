import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { relayCloses, relayLimits } from '../shared/relay.ts'
import { connectReader, hashOf, newSecret, newToken, testRelay } from './test-support.ts'

type Ask = { readonly method: string; readonly path: string; readonly headers?: Record<string, string>; readonly body?: string }

/** As raw as node sends it: fetch would tidy the path and refuse the upgrade. */
function ask(origin: string, { method, path, headers = {}, body = '' }: Ask): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(origin)
    const asking = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
    })
    asking.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve({ status: answer.statusCode ?? 0, body: 'upgraded' })
    })
    asking.on('error', reject)
    asking.end(method === 'GET' ? undefined : body)
  })
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
}
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

describe('what comes in', () => {
  test('is answered once it is kept, and told with what it came with, without secrets', async () => {
    const header = newSecret()
    const relay = await testRelay({ SECRET_HEADER_SHA256: hashOf(header) })
    const before = Date.now()
    const reader = await connectReader(relay.origin, await relay.addReader('laptop'))
    reader.say({ after: 0 })
    expect(await reader.next()).toEqual({ mailbox: expect.stringMatching(/^[\w-]{36}$/), after: 0, backlog: 0, last: 0 })
    const given = { 'X-Tocsin-Secret': header, Cookie: 'a=b', Authorization: 'Bearer x', 'X-Copy': `a ${relay.secret}`, 'X-Kept': 'yes' }
    expect(await relay.post('a.b.c', given)).toBe(200)
    const entry = await reader.next()
    if (!('seq' in entry)) throw new Error('no entry')
    expect(entry).toMatchObject({ seq: 1, path: '/in', body: Buffer.from('a.b.c').toString('base64'), headers: { 'x-kept': 'yes' } })
    expect(Object.keys(entry.headers)).not.toEqual(expect.arrayContaining(['cookie']))
    expect(JSON.stringify(entry)).not.toContain(relay.secret)
    expect(JSON.stringify(entry)).not.toContain(header)
    for (const name of ['cookie', 'authorization', 'x-tocsin-secret', 'x-copy']) expect(entry.headers).not.toHaveProperty(name)
    expect(Date.parse(entry.receivedAt)).toBeGreaterThanOrEqual(before - 1)
    expect(Date.parse(entry.receivedAt)).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('keeps at most 64 headers and 8 KiB of them', async () => {
    const relay = await testRelay()
    const reader = await connectReader(relay.origin, await relay.addReader('laptop'))
    reader.say({ after: 0 })
    await reader.next()
    await relay.post('x', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a-${i}`, 'v'])))
    await relay.post('x', { 'a-long': 'v'.repeat(7_000), 'b-long': 'v'.repeat(7_000) })
    for (let i = 0; i < 2; i++) {
      const entry = await reader.next()
      if (!('seq' in entry)) throw new Error('no entry')
      expect(Object.keys(entry.headers).length).toBeLessThanOrEqual(relayLimits.headers)
      expect(Object.entries(entry.headers).join('').length).toBeLessThanOrEqual(relayLimits.headerBytes + relayLimits.headers)
      expect(Object.keys(entry.headers).some((name) => name.startsWith('a-'))).toBe(true)
    }
  })

  test('may be as large as 256 KiB, declared or not, and no larger', async () => {
    const relay = await testRelay()
    const chunked = (size: number): Promise<{ status: number }> =>
      ask(relay.origin, {
        method: 'POST',
        path: `/in/${relay.secret}`,
        headers: { 'transfer-encoding': 'chunked' },
        body: 'x'.repeat(size),
      })
    expect(await relay.post(new Uint8Array(relayLimits.bodyBytes))).toBe(200)
    expect(await relay.post(new Uint8Array(relayLimits.bodyBytes + 1))).toBe(413)
    expect((await chunked(relayLimits.bodyBytes)).status).toBe(200)
    expect((await chunked(relayLimits.bodyBytes + 1)).status).toBe(413)
    await relay.addReader('laptop')
    expect((await relay.readers()).map(({ waiting }) => waiting)).toEqual([2])
  })
})

describe('what is refused', () => {
  test('looks the same whatever was wrong with it, and keeps nothing', async () => {
    const header = newSecret()
    const relay = await testRelay({ SECRET_HEADER_SHA256: hashOf(header) })
    const token = await relay.addReader('laptop')
    const path = `/in/${relay.secret}`
    const right = { 'x-tocsin-secret': header }
    const asked: Ask[] = [
      { method: 'GET', path: '/' },
      { method: 'POST', path: '/in/' },
      { method: 'POST', path: '/in' },
      { method: 'POST', path: `/in/${newSecret()}`, headers: right },
      { method: 'POST', path: `/in/${relay.secret.slice(0, -1)}`, headers: right },
      { method: 'POST', path: `${path}/`, headers: right },
      { method: 'POST', path: `${path}?a=b`, headers: right },
      { method: 'POST', path: `/in/${hashOf(relay.secret)}`, headers: right },
      { method: 'POST', path: `/in/%${relay.secret.charCodeAt(0).toString(16)}${relay.secret.slice(1)}`, headers: right },
      { method: 'POST', path },
      { method: 'POST', path, headers: { 'x-tocsin-secret': newSecret() } },
      { method: 'POST', path, headers: { 'x-tocsin-secret': '' } },
      { method: 'POST', path, headers: { 'x-tocsin-secret': newSecret() }, body: 'x'.repeat(relayLimits.bodyBytes + 1) },
      ...['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map((method) => ({ method, path, headers: right })),
      { method: 'GET', path: '/mailbox' },
      { method: 'GET', path: '/mailbox', headers: bearer(token) },
      { method: 'POST', path: '/mailbox', headers: bearer(token) },
      { method: 'GET', path: '/mailbox', headers: upgrade },
      { method: 'GET', path: '/mailbox', headers: { ...upgrade, ...bearer(newToken()) } },
      { method: 'GET', path: '/mailbox', headers: { ...upgrade, ...bearer(hashOf(token)) } },
      { method: 'GET', path: '/mailbox', headers: { ...upgrade, ...bearer(relay.admin) } },
      { method: 'GET', path: '/mailbox', headers: { ...upgrade, authorization: token } },
      { method: 'GET', path: '/mailbox', headers: { ...upgrade, authorization: `Basic ${token}` } },
      { method: 'GET', path: `/mailbox?token=${token}`, headers: { ...upgrade, ...bearer(token) } },
      { method: 'GET', path: '/readers' },
      { method: 'GET', path: '/readers', headers: bearer(token) },
      { method: 'GET', path: '/readers', headers: bearer(relay.secret) },
      { method: 'PUT', path: '/readers/me', headers: bearer(token), body: hashOf(newToken()) },
      { method: 'DELETE', path: '/readers/laptop', headers: bearer(newToken()) },
    ]
    for (const one of asked) {
      expect({ one, answer: await ask(relay.origin, one) }).toEqual({ one, answer: { status: 404, body: '{"error":"refused"}' } })
    }
    expect(await ask(relay.origin, { method: 'GET', path: '/mailbox', headers: { ...upgrade, ...bearer(token) } })).toEqual({
      status: 101,
      body: 'upgraded',
    })
    expect(await relay.post('x', right)).toBe(200)
    expect((await relay.readers()).map(({ name, waiting }) => [name, waiting])).toEqual([['laptop', 1]])
  })

  test('is everything where no secret was set', async () => {
    const relay = await testRelay({ MAILBOX_SHA256: '', ADMIN_SHA256: '' })
    expect(await relay.post('x')).toBe(404)
    expect((await relay.administer('GET', '/readers')).status).toBe(404)
    expect((await ask(relay.origin, { method: 'POST', path: '/in/' })).status).toBe(404)
    expect((await ask(relay.origin, { method: 'GET', path: '/readers', headers: { authorization: 'Bearer ' } })).status).toBe(404)
  })
})

describe('readers', () => {
  test('each have their own position, and what all have is let go', async () => {
    const relay = await testRelay()
    const [one, other] = [await relay.addReader('one'), await relay.addReader('other')]
    for (let i = 1; i <= 5; i++) await relay.post(`body ${i}`)
    const first = await connectReader(relay.origin, one)
    first.say({ after: 0 })
    expect(await first.next()).toMatchObject({ backlog: 5, last: 5 })
    for (let seq = 1; seq <= 5; seq++) expect(await first.nextEntry()).toEqual({ seq, body: `body ${seq}` })
    first.say({ ack: 4 })
    await relay.post('body 6')
    expect(await first.nextEntry()).toEqual({ seq: 6, body: 'body 6' })
    expect((await relay.readers()).map(({ name, waiting }) => [name, waiting])).toEqual([
      ['one', 2],
      ['other', 6],
    ])
    const second = await connectReader(relay.origin, other)
    second.say({ after: 0 })
    expect(await second.next()).toMatchObject({ backlog: 6, last: 6 })
    for (let seq = 1; seq <= 6; seq++) expect(await second.nextEntry()).toEqual({ seq, body: `body ${seq}` })
    second.say({ ack: 6 })
    while ((await relay.readers())[1]?.waiting !== 0) await new Promise(setImmediate)
    const third = await connectReader(relay.origin, await relay.addReader('third'))
    third.say({ after: 0 })
    // What both had is gone, and no loss of who came later.
    expect(await third.next()).toMatchObject({ after: 4, backlog: 2, last: 6 })
    expect(await third.nextEntry()).toEqual({ seq: 5, body: 'body 5' })
  })

  test('who is revoked is hung up on at once, let in no more, and holds nothing back', async () => {
    const relay = await testRelay()
    const token = await relay.addReader('lost-laptop')
    await relay.addReader('other')
    const reader = await connectReader(relay.origin, token)
    reader.say({ after: 0 })
    await reader.next()
    expect((await relay.administer('DELETE', '/readers/lost-laptop')).status).toBe(200)
    expect(await reader.closed).toBe(relayCloses.revoked)
    await relay.post('secret of the others')
    expect(reader.count()).toBe(0)
    await expect(connectReader(relay.origin, token)).rejects.toThrow('404')
    expect((await relay.administer('DELETE', '/readers/lost-laptop')).status).toBe(404)
    expect((await relay.readers()).map(({ name }) => name)).toEqual(['other'])
  })

  test('a name is given once, and so is a token; names and hashes have their form; there are at most 32', async () => {
    const relay = await testRelay()
    const hash = hashOf(newToken())
    const put = async (name: string, body: string): Promise<number> => (await relay.administer('PUT', `/readers/${name}`, body)).status
    expect(await put('one', hash)).toBe(200)
    expect(await put('one', hashOf(newToken()))).toBe(409)
    expect(await put('two', hash)).toBe(409)
    expect(await put('.two', hashOf(newToken()))).toBe(400)
    expect(await put('a%20b', hashOf(newToken()))).toBe(400)
    expect(await put('two', hash.toUpperCase())).toBe(400)
    expect(await put('two', 'x'.repeat(65))).toBe(400)
    for (let i = 2; i <= relayLimits.readers; i++) await relay.addReader(`reader-${i}`)
    expect(await put('one-more', hashOf(newToken()))).toBe(507)
  })

  test('a second connection with the same token ends the first', async () => {
    const relay = await testRelay()
    const token = await relay.addReader('laptop')
    const before = await connectReader(relay.origin, token)
    before.say({ after: 0 })
    await before.next()
    const reader = await connectReader(relay.origin, token)
    expect(await before.closed).toBe(relayCloses.replaced)
    reader.say({ after: 0 })
    await reader.next()
    await relay.post('x')
    expect(await reader.nextEntry()).toEqual({ seq: 1, body: 'x' })
  })

  test('who says what no reader says is hung up on', async () => {
    const relay = await testRelay()
    const token = await relay.addReader('laptop')
    await relay.post('x')
    const said = ['', 'x', '{}', 'null', '[]', '{"after":-1}', '{"after":1.5}', '{"after":"1"}', '{"ack":1}', `{"after":0,"mailbox":1}`]
    for (const text of [...said, JSON.stringify({ after: 0, mailbox: 'x'.repeat(300) }), new Uint8Array([1])]) {
      const reader = await connectReader(relay.origin, token)
      reader.sayText(text)
      expect(await reader.closed).toBe(relayCloses.malformed)
    }
    for (const text of ['{"after":0}', '{"ack":2}', '{"ack":1,"after":1}']) {
      const reader = await connectReader(relay.origin, token)
      reader.say({ after: 0 })
      await reader.next()
      reader.sayText(text)
      expect(await reader.closed).toBe(relayCloses.malformed)
    }
    expect((await relay.readers())[0]?.waiting).toBe(1)
  })

  test('who acknowledges nothing is sent no more than so much, and the rest as it acknowledges', async () => {
    const relay = await testRelay()
    const reader = await connectReader(relay.origin, await relay.addReader('laptop'))
    for (let i = 0; i < 12; i++) await relay.post(new Uint8Array(relayLimits.bodyBytes))
    reader.say({ after: 0 })
    await reader.next()
    for (let i = 1; i <= 8; i++) await reader.nextEntry()
    await relay.post('one more')
    expect(reader.count()).toBe(0)
    reader.say({ ack: 8 })
    for (let i = 9; i <= 13; i++) expect((await reader.nextEntry()).seq).toBe(i)
  })

  test('are heard and told after the mailbox slept', async () => {
    const relay = await testRelay()
    const reader = await connectReader(relay.origin, await relay.addReader('laptop'))
    reader.say({ after: 0 })
    await reader.next()
    await relay.post('before')
    await reader.nextEntry()
    await relay.hibernate()
    await relay.post('after')
    expect(await reader.nextEntry()).toEqual({ seq: 2, body: 'after' })
    await relay.hibernate()
    reader.say({ ack: 2 })
    await relay.post('again')
    expect(await reader.nextEntry()).toEqual({ seq: 3, body: 'again' })
    expect((await relay.readers())[0]).toMatchObject({ waiting: 1, isConnected: true })
  })
})

describe('what had to go', () => {
  test('beyond the number is told as a gap to each who missed it, and to nobody else', async () => {
    const relay = await testRelay({ KEEP_ENTRIES: '10' })
    const [quick, slow] = [await relay.addReader('quick'), await relay.addReader('slow')]
    const reader = await connectReader(relay.origin, quick)
    reader.say({ after: 0 })
    const hello = await reader.next()
    if (!('mailbox' in hello)) throw new Error('no hello')
    for (let i = 1; i <= 15; i++) {
      await relay.post(`${i}`)
      expect(await reader.nextEntry()).toEqual({ seq: i, body: `${i}` })
      reader.say({ ack: i })
    }
    const other = await connectReader(relay.origin, slow)
    other.say({ after: 2, mailbox: hello.mailbox })
    expect(await other.next()).toMatchObject({ backlog: 10, last: 15 })
    expect(await other.next()).toEqual({ gap: { from: 3, to: 5, count: 3 } })
    expect(await other.nextEntry()).toEqual({ seq: 6, body: '6' })
  })

  test('while a reader that acknowledges nothing is connected is told to it once it goes on', { timeout: 60_000 }, async () => {
    const relay = await testRelay({ KEEP_ENTRIES: '300' })
    const reader = await connectReader(relay.origin, await relay.addReader('stuck'))
    reader.say({ after: 0 })
    await reader.next()
    // What they say does not matter here, so they come several at a time.
    for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 20 }, (_, k) => relay.post(`${i} ${k}`)))
    for (let i = 1; i <= relayLimits.unacknowledged.entries; i++) await reader.nextEntry()
    expect(reader.count()).toBe(0)
    expect((await relay.readers())[0]?.waiting).toBe(300)
    reader.say({ ack: 256 })
    expect(await reader.next()).toEqual({ gap: { from: 257, to: 300, count: 44 } })
    expect((await reader.nextEntry()).seq).toBe(301)
  })

  test('by its age goes although nobody acknowledged it', async () => {
    const relay = await testRelay({ KEEP_SECONDS: '1' })
    const token = await relay.addReader('never-there')
    await relay.post('old')
    while ((await relay.readers())[0]?.waiting !== 0) await new Promise((resolve) => setTimeout(resolve, 50))
    const reader = await connectReader(relay.origin, token)
    reader.say({ after: 0 })
    expect(await reader.next()).toMatchObject({ backlog: 0, last: 1 })
    expect(await reader.next()).toEqual({ gap: { from: 1, to: 1, count: 1 } })
  })

  test('a reader that knows more than the relay ever gave out begins anew under another name', async () => {
    const relay = await testRelay()
    const token = await relay.addReader('laptop')
    await relay.post('x')
    const before = await connectReader(relay.origin, token)
    before.say({ after: 0 })
    const hello = await before.next()
    if (!('mailbox' in hello)) throw new Error('no hello')
    const reader = await connectReader(relay.origin, token)
    reader.say({ after: 7, mailbox: hello.mailbox })
    const anew = await reader.next()
    expect(anew).toMatchObject({ after: 0, backlog: 1, last: 1 })
    expect(anew).not.toMatchObject({ mailbox: hello.mailbox })
    expect(await reader.nextEntry()).toEqual({ seq: 1, body: 'x' })
    const stranger = await connectReader(relay.origin, token)
    stranger.say({ after: 1, mailbox: 'of-another-relay' })
    expect(await stranger.next()).toMatchObject({ after: 0, backlog: 1 })
    expect(await stranger.nextEntry()).toEqual({ seq: 1, body: 'x' })
  })
})
