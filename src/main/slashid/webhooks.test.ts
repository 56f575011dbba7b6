import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { ApiRequest } from '../../shared/registration.ts'
import { createApi } from './api.ts'
import { millisOfDuration } from './duration.ts'
import { createWebhooks, type Wanted } from './webhooks.ts'

// A SlashID that answers what each test scripts: failures, and answers that no document allows.

type Script = (request: IncomingMessage & { text: string }, response: ServerResponse) => void
const says =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Script =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
const envelope = (result: unknown) => ({ meta: {}, errors: [], result })
const error = (message: string) => ({ errors: [{ message }] })

const apiKey = 'key-canary-71c0'
const pathSecret = 'path-canary-22ab'
const headerValue = 'header-canary-90fe'
const wanted: Wanted = {
  targetUrl: `https://example.ngrok.app/in/${pathSecret}`,
  header: { name: 'X-Tocsin-Secret', isRight: (value) => value === headerValue, next: () => headerValue },
}
const ours = {
  id: 'wh-1',
  name: 'Tocsin',
  target_url: wanted.targetUrl,
  custom_headers: { 'X-Tocsin-Secret': [headerValue] },
  timeout: '10s',
}
const bothTriggers = ['threat_detection', 'posture_detection'].map((name) => ({ trigger_type: 'sync_hook', trigger_name: name }))

let server: Server
let script: Script
let asked: string[]
let bodies: string[]
let requests: ApiRequest[]
let pauses: number[]
let stopper: AbortController
let issuer: string

beforeEach(async () => {
  asked = []
  bodies = []
  requests = []
  pauses = []
  stopper = new AbortController()
  server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`)
      bodies.push(text)
      script(Object.assign(request, { text }), response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

/** Pauses are noted and over at once. */
function webhooks(more: { issuer?: string; deadlineMs?: number } = {}) {
  return createWebhooks(
    createApi({
      issuer,
      organizationId: 'org-1' as OrganizationId,
      apiKey,
      secrets: () => [pathSecret, headerValue],
      onRequest: (request) => requests.push(request),
      now: Date.now,
      schedule(task, afterMs) {
        pauses.push(afterMs)
        const turn = setImmediate(task)
        return () => clearImmediate(turn)
      },
      signal: stopper.signal,
      ...more,
    }),
  )
}

/** Answers by method and path, and 404 to everything else. */
const routes =
  (table: Readonly<Record<string, Script>>): Script =>
  (request, response) =>
    (table[`${request.method} ${request.url}`] ?? says(404, error('not found')))(request, response)
const base = '/organizations/webhooks'

describe('what SlashID answers', () => {
  const failures: readonly (readonly [string, Script, string, string])[] = [
    ['401', says(401, error('bad key')), 'key-refused', 'does not accept this API key'],
    ['403', says(403, error('rbac')), 'not-allowed', 'key of an admin'],
    ['404', says(404, error('no such organization')), 'not-found', '404'],
    ['408', says(408), 'not-in-time', 'may do so yet'],
    ['400', says(400, error('invalid name')), 'rejected', 'invalid name'],
    ['409', says(409), 'rejected', 'did not say why'],
    ['429', says(429), 'rate-limited', 'asked too often'],
    ['500', says(500), 'server-failing', 'trouble of its own'],
    ['503 as a web page', says(503, '<html>down</html>', { 'content-type': 'text/html' }), 'server-failing', '503'],
    ['418', says(418), 'answered-otherwise', '418'],
    ['a web page', says(200, '<!doctype html>', { 'content-type': 'text/html' }), 'broken-answer', 'not in a form'],
    ['half of an answer', says(200, '{"meta":{},"result":[{"id":'), 'broken-answer', 'not in a form'],
    ['nothing', says(200), 'broken-answer', 'not in a form'],
    ['another shape', says(200, envelope([{ id: 7 }])), 'broken-answer', 'not in a form'],
    ['an id that leads elsewhere', says(200, envelope([{ ...ours, id: '../test-events' }])), 'broken-answer', 'not in a form'],
    ['64 KiB and more', says(200, JSON.stringify(envelope([])).padEnd(65_537)), 'too-large', '64 KiB'],
    ['a redirect', says(302, '', { location: 'https://evil.example/' }), 'redirected', 'not followed'],
    ['a redirect that keeps the method', says(307, '', { location: 'https://evil.example/' }), 'redirected', 'not followed'],
    ['a broken connection', (request) => request.socket.destroy(), 'unreachable', 'cannot be reached'],
    [
      'half of a body',
      (_, response) => (response.writeHead(200, { 'content-length': 99 }).write('{'), response.destroy()),
      'unreachable',
      'reached',
    ],
  ]
  test.each(failures)('%s is a failure with a name, in words, and without a secret', async (_, answer, because, words) => {
    script = answer
    const result = await webhooks().list()
    expect(result).toMatchObject({ kind: 'failed', because, detail: expect.stringContaining(words), mayHaveHappened: false })
    expect(JSON.stringify(result)).not.toMatch(/canary/)
  })

  test('a quoted secret is hidden, and what is quoted is short and plain', async () => {
    script = says(400, error(`bad ${wanted.targetUrl}\u202e\n${apiKey} ${headerValue} ${'x'.repeat(900)}`))
    const result = await webhooks().list()
    if (result.kind !== 'failed') throw new Error('not failed')
    expect(result.detail).not.toMatch(/canary|[\n\u202e]/)
    expect(result.detail).toContain('bad https://example.ngrok.app/in/•••')
    expect(result.detail.length).toBeLessThan(350)
  })

  test('an answer that is slow, or drips, is given up at the deadline', async () => {
    script = () => undefined
    expect(await webhooks({ deadlineMs: 60 }).list()).toMatchObject({ because: 'too-slow' })
    script = (_, response) => {
      const drip = setInterval(() => response.write(' '), 5)
      response.on('close', () => clearInterval(drip))
    }
    expect(await webhooks({ deadlineMs: 60 }).list()).toMatchObject({ because: 'too-slow' })
    expect(requests.map(({ status }) => status)).toEqual([null, null])
  })

  test.each(['http://api.slashid.com', 'http://localhost:1', 'https://user@api.slashid.com', 'ftp://127.0.0.1'])(
    '%s is never asked',
    async (from) => {
      expect(await webhooks({ issuer: from }).list()).toMatchObject({ because: 'issuer-not-allowed' })
      expect(requests).toEqual([])
    },
  )

  test('stopping ends a request under way, and a pause', async () => {
    script = () => stopper.abort()
    expect(await webhooks().list()).toMatchObject({ because: 'stopped' })
    expect(asked.length).toBe(1)
  })
})

describe('a request', () => {
  test('names the organization, carries the key, and is told without secrets', async () => {
    let headers: IncomingMessage['headers'] = {}
    script = (request, response) => {
      headers = request.headers
      says(200, envelope([ours]))(request, response)
    }
    expect(await webhooks().list()).toEqual({ kind: 'answered', result: [ours] })
    expect(headers).toMatchObject({ 'slashid-orgid': 'org-1', 'slashid-api-key': apiKey })
    expect(requests).toEqual([{ method: 'GET', path: base, status: 200, at: expect.stringMatching(/Z$/), ms: expect.any(Number) }])
    expect(JSON.stringify(requests)).not.toMatch(/canary/)
  })

  test('has a base path of the issuer in front of it', async () => {
    script = says(200, envelope([]))
    await webhooks({ issuer: `${issuer}/region/` }).list()
    expect(asked).toEqual([`GET /region${base}`])
  })
})

describe('trying again', () => {
  const fails = (times: number, failure: Script, then: Script): Script => {
    let left = times
    return (request, response) => (left-- > 0 ? failure : then)(request, response)
  }

  test('after 429, as long after as it says, for a write as well', async () => {
    script = routes({
      [`GET ${base}`]: says(200, envelope([])),
      [`POST ${base}`]: fails(2, says(429, '', { 'retry-after': '7' }), says(201, envelope(ours))),
      [`POST ${base}/wh-1/triggers`]: says(201, {}),
      [`GET ${base}/wh-1`]: says(200, envelope(ours)),
      [`GET ${base}/wh-1/triggers`]: says(200, envelope(bothTriggers)),
    })
    expect(await webhooks().register('Tocsin', wanted, () => undefined)).toMatchObject({ kind: 'found', differences: [] })
    expect(pauses).toEqual([7_000, 7_000])
    expect(requests.map(({ status }) => status)).toContain(429)
  })

  test('is not worth it when SlashID wants more than half a minute, and a date counts as well', async () => {
    script = says(429, '', { 'retry-after': '31' })
    expect(await webhooks().list()).toMatchObject({ because: 'rate-limited', detail: expect.stringContaining('in 31 s') })
    script = says(429, '', { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() })
    expect(await webhooks().list()).toMatchObject({ because: 'rate-limited' })
    expect(asked.length).toBe(2)
    expect(pauses).toEqual([])
  })

  test('ends after three tries', async () => {
    script = says(429)
    expect(await webhooks().list()).toMatchObject({ because: 'rate-limited' })
    script = says(502)
    expect(await webhooks().list()).toMatchObject({ because: 'server-failing' })
    expect(pauses).toEqual([1_000, 2_000, 1_000, 2_000])
    expect(asked.length).toBe(6)
  })

  test.each(['401', '403', '404', '408', '400', 'redirect'])('is not done after %s', async (what) => {
    script = says(what === 'redirect' ? 301 : Number(what))
    await webhooks().list()
    expect(asked.length).toBe(1)
  })

  test('removing is repeated, and what is gone is removed', async () => {
    script = fails(1, says(500), says(404))
    expect(await webhooks().remove('wh-1')).toEqual({ kind: 'removed' })
    expect(asked).toEqual([`DELETE ${base}/wh-1`, `DELETE ${base}/wh-1`])
  })

  test.each([
    ['500', says(500)],
    ['408', says(408)],
    ['a lost answer', ((request) => request.socket.destroy()) satisfies Script],
    ['half an answer', says(201, '{')],
  ] as const)('a webhook is not created twice: after %s it is looked for', async (_, failure) => {
    let isThere = false
    script = routes({
      [`GET ${base}`]: (...call) => says(200, envelope(isThere ? [ours] : []))(...call),
      [`POST ${base}`]: (...call) => ((isThere = true), failure(...call)),
      [`GET ${base}/wh-1`]: says(200, envelope(ours)),
      [`GET ${base}/wh-1/triggers`]: says(200, envelope(bothTriggers)),
    })
    const known: string[] = []
    expect(await webhooks().register('Tocsin', wanted, ({ id }) => known.push(id))).toMatchObject({ kind: 'found', differences: [] })
    expect(known).toEqual(['wh-1'])
    expect(asked.filter((one) => one === `POST ${base}`).length).toBe(1)
  })

  test('a webhook that is not there after a failure is a failure', async () => {
    script = routes({ [`GET ${base}`]: says(200, envelope([])), [`POST ${base}`]: says(500, error('out of order')) })
    const result = await webhooks().register('Tocsin', wanted, () => undefined)
    expect(result).toMatchObject({ because: 'server-failing', mayHaveHappened: true, detail: expect.stringContaining('out of order') })
    expect(asked).toEqual([`GET ${base}`, `POST ${base}`, `GET ${base}`])
  })

  test('a trigger is not asked for twice: after a failure it is looked for', async () => {
    const present = [bothTriggers[0]]
    script = routes({
      [`GET ${base}`]: says(200, envelope([ours])),
      [`GET ${base}/wh-1`]: says(200, envelope(ours)),
      [`GET ${base}/wh-1/triggers`]: (...call) => says(200, envelope(present))(...call),
      [`POST ${base}/wh-1/triggers`]: (...call) => (present.push(bothTriggers[1]), says(504)(...call)),
    })
    expect(await webhooks().register('Tocsin', wanted, () => undefined)).toMatchObject({ kind: 'found', differences: [] })
    expect(asked.filter((one) => one.startsWith('POST')).length).toBe(1)
  })

  test('a trigger that cannot be added leaves the webhook known', async () => {
    script = routes({
      [`GET ${base}`]: says(200, envelope([])),
      [`POST ${base}`]: says(201, envelope(ours)),
      [`POST ${base}/wh-1/triggers`]: says(403),
    })
    const known: string[] = []
    expect(await webhooks().register('Tocsin', wanted, ({ id }) => known.push(id))).toMatchObject({ because: 'not-allowed' })
    expect(known).toEqual(['wh-1'])
  })
})

describe('what is compared', () => {
  const inspected = async (webhook: object, present: readonly object[] = bothTriggers) => {
    script = routes({
      [`GET ${base}/wh-1`]: says(200, envelope({ ...ours, ...webhook })),
      [`GET ${base}/wh-1/triggers`]: says(200, envelope(present)),
    })
    const result = await webhooks().inspect('wh-1', wanted)
    return result.kind === 'found' ? result.differences.map(({ name }) => name) : result
  }

  test.each([
    [{}, []],
    [{ timeout: '10000ms' }, []],
    [{ timeout: '0s' }, ['timeout']],
    [{ timeout: '2s' }, ['timeout']],
    [{ timeout: null }, ['timeout']],
    [{ timeout: 'soon' }, ['timeout']],
    [{ target_url: 'https://example.ngrok.app/in/other' }, ['target-url']],
    [{ custom_headers: { 'x-tocsin-secret': [headerValue] } }, []],
    [{ custom_headers: { 'X-Tocsin-Secret': ['another'] } }, ['secret-header']],
    [{ custom_headers: { 'X-Tocsin-Secret': [headerValue, 'another'] } }, ['secret-header']],
    [{ custom_headers: { 'X-Tocsin-Secret': [] } }, ['secret-header']],
    [{ custom_headers: {} }, ['secret-header']],
    [{ custom_headers: null }, ['secret-header']],
    [{ custom_headers: { 'X-Tocsin-Secret': ['********'] } }, []],
  ] as const)('%j differs in %j', async (webhook, names) => {
    expect(await inspected(webhook)).toEqual(names)
  })

  test('a trigger counts with its type', async () => {
    expect(await inspected({}, [])).toEqual(['threat-trigger', 'posture-trigger'])
    expect(await inspected({}, [bothTriggers[1]!])).toEqual(['threat-trigger'])
    expect(await inspected({}, [bothTriggers[0]!, { trigger_type: 'event', trigger_name: 'posture_detection' }])).toEqual([
      'posture-trigger',
    ])
    expect(await inspected({}, [...bothTriggers, { trigger_type: 'event', trigger_name: 'MitmAttackDetected_v1' }])).toEqual([])
  })

  test('a webhook that is not there is missing', async () => {
    script = says(404)
    expect(await webhooks().inspect('wh-1', wanted)).toEqual({ kind: 'missing' })
  })
})

test.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1.5s', 1_500],
  ['500ms', 500],
  ['0', 0],
  ['0s', 0],
  ['', null],
  ['10', null],
  ['10 s', null],
  ['10sx', null],
  ['s', null],
])('the duration %j is %j ms', (text, ms) => expect(millisOfDuration(text)).toBe(ms))
