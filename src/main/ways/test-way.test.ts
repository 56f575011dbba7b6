import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Instant, JsonObject, Sequence } from '../../shared/detection.ts'
import type { InletId, Tested, TestStep } from '../../shared/inlets.ts'
import type { Ingest, Outcome } from '../ingest/delivery.ts'
import { listeningReceiver, secret } from '../inlets/test-support.ts'
import { loadDemoSigner } from '../sample/demo.ts'
import { schedule } from '../schedule.ts'
import { createTestAuthority, selfSigned } from './test-certificates.ts'
import { testWay, type WayToTest } from './test-way.ts'
import { createWitness, type Witness } from './witness.ts'

const host = 'in.example.net'
const address = `https://${host}/in/${secret}`
const authority = createTestAuthority()
const trusted = authority.issue(host)

const folder = mkdtempSync(join(tmpdir(), 'tocsin-test-way-'))
const signer = loadDemoSigner(folder)
rmSync(folder, { recursive: true })
const token = signer.sign({ aud: 'tocsin-demo-organization', jti: 'a', trigger_content: { id: 'x', metadata: 'ü' } } as JsonObject)
const key = createPublicKey({ key: { ...signer.publicKey }, format: 'jwk' })

/** Believes what the sample's signer signed, as the pipeline does. */
const checking: Ingest = ({ body }) => {
  const text = Buffer.from(body).toString()
  const [head, claims, signature = ''] = text.split('.')
  const isGood =
    /^[\w.-]+$/.test(text) &&
    verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  return Promise.resolve<Outcome>(isGood ? { kind: 'kept', sequence: 1 as Sequence } : { kind: 'refused', because: 'signature-invalid' })
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    ;(server as { closeAllConnections?: () => void }).closeAllConnections?.()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

type Handler = (message: IncomingMessage, response: ServerResponse) => void
const overTls = (handler: Handler, certificate = trusted) => listening(createTlsServer(certificate, handler))

/** What a tunnel does, with what it does to the bytes, to the head, and to the answer. */
function passOn(
  port: number,
  alter: {
    body?: (body: Buffer) => Buffer
    headers?: (headers: IncomingMessage['headers']) => IncomingMessage['headers']
    status?: number
  } = {},
): Handler {
  return (message, response) => {
    const pieces: Buffer[] = []
    message.on('data', (piece: Buffer) => pieces.push(piece))
    message.on('end', () => {
      const body = (alter.body ?? ((same) => same))(Buffer.concat(pieces))
      const headers = (alter.headers ?? ((same) => same))({ ...message.headers, 'content-length': String(body.length) })
      const passed = request({ port, host: '127.0.0.1', method: message.method, path: message.url, headers }, (answer) => {
        response.writeHead(alter.status ?? answer.statusCode ?? 0, answer.headers)
        answer.pipe(response)
      })
      passed.end(body)
    })
  }
}

/** A test with a tunnel at a public address that stands on a port here. Its deadline of 15 s takes 300 ms. */
function testing(port: number, parts: Partial<WayToTest> = {}): Promise<Tested> {
  return testWay({
    address,
    headers: {},
    sample: { token },
    inlet: 'receiver',
    witness: createWitness(),
    localOrigins: [],
    now: Date.now,
    schedule: (task, afterMs) => schedule(task, afterMs / 50),
    network: { resolve: () => Promise.resolve(['203.0.113.7']), dial: () => ({ host: '127.0.0.1', port }), ca: authority.ca },
    ...parts,
  })
}

async function receiving(parts: { ingest?: Ingest; witness?: Witness; requires?: Buffer } = {}) {
  const witness = parts.witness ?? createWitness()
  const { requires } = parts
  const receiver = await listeningReceiver({
    ingest: witness.wrap(parts.ingest ?? checking),
    publicHosts: () => [host],
    ...(requires ? { secretHeader: () => ({ hashes: [requires] }) } : {}),
  })
  return { ...receiver, witness }
}

/** The steps as `step kind`, up to the first that did not pass; and what that one says. */
function firstFailure({ steps, isWhole }: Tested): { step: TestStep | null; detail: string; passed: readonly TestStep[] } {
  const passed = steps.filter(({ kind }) => kind === 'passed').map(({ step }) => step)
  const failed = steps.find((one) => one.kind === 'failed')
  expect(isWhole).toBe(failed === undefined)
  expect(steps.map(({ step }) => step)).toEqual(['resolved', 'connected', 'accepted', 'bytes-intact', 'signature-intact', 'arrived'])
  return { step: failed?.step ?? null, detail: failed?.kind === 'failed' ? failed.detail : '', passed }
}

describe('a way in that works', () => {
  it('passes every step, through TLS and a tunnel, and says what each saw', async () => {
    const { port, witness, deliveries } = await receiving()
    const tested = await testing(await overTls(passOn(port)), { witness })
    expect(firstFailure(tested).step).toBeNull()
    const details = tested.steps.map((one) => (one.kind === 'passed' ? one.detail : ''))
    expect(details[0]).toBe('in.example.net is 203.0.113.7')
    expect(details[1]).toMatch(/^203\.0\.113\.7, port 443, TLSv1\.3, certificate by Tocsin test authority until \d{4}-\d\d-\d\d$/)
    expect(details[2]).toBe('HTTP 200')
    expect(details[3]).toMatch(new RegExp(`^${token.length} bytes, SHA-256 [0-9a-f]{12}…$`))
    expect(details[5]).toMatch(/^\d+ ms after it was sent$/)
    expect(Buffer.from(deliveries[0]!.body).toString()).toBe(token)
  })

  it('may be the receiver itself, where the address says so, and no other place on this computer', async () => {
    const { port, witness } = await receiving()
    const local = {
      address: `http://127.0.0.1:${port}/in/${secret}`,
      witness,
      network: { resolve: () => Promise.reject(new Error()), dial: (to: string) => ({ host: to, port }) },
    }
    expect(firstFailure(await testing(0, { ...local, localOrigins: [`http://127.0.0.1:${port}`] })).step).toBeNull()
    expect(firstFailure(await testing(0, local))).toMatchObject({ step: 'resolved', detail: expect.stringMatching(/host name only/) })
  })

  it('may bring the sample later, and without the headers it was sent with', async () => {
    const witness = createWitness()
    const ingest = witness.wrap(checking)
    const port = await overTls((message, response) => {
      const pieces: Buffer[] = []
      message.on('data', (piece: Buffer) => pieces.push(piece))
      message.on('end', () => {
        response.end('{}')
        setTimeout(() => void ingest({ body: Buffer.concat(pieces), headers: {}, inlet: 'relay:abcdefgh', receivedAt: '' as Instant }), 60)
      })
    })
    const tested = await testing(port, { witness, inlet: 'relay:abcdefgh' as InletId })
    expect(firstFailure(tested).step).toBeNull()
    const elsewhere = firstFailure(await testing(port, { witness, inlet: 'relay:zzzzzzzz' as InletId }))
    expect(elsewhere).toMatchObject({ step: 'arrived', detail: expect.stringMatching(/by another way in \(relay:abcdefgh\)/) })
  })
})

describe('the first failure is explained:', () => {
  const refusing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
  it.each<[string, Partial<WayToTest>, RegExp]>([
    [
      'a name that nobody knows',
      { network: { resolve: refusing('ENOTFOUND'), dial: () => ({ host: '', port: 0 }) } },
      /No address is known for in\.example\.net.*a minute/,
    ],
    ['no network', { network: { resolve: refusing('EAI_AGAIN'), dial: () => ({ host: '', port: 0 }) } }, /Is this computer online/],
    [
      'a name that leads to this computer',
      { network: { resolve: () => Promise.resolve(['127.0.0.1', '::1']), dial: () => ({ host: '', port: 0 }) } },
      /which is this computer itself/,
    ],
    [
      'a look-up that hangs',
      { network: { resolve: () => new Promise(() => {}), dial: () => ({ host: '', port: 0 }) } },
      /within 15 seconds/,
    ],
    ['an IP address', { address: 'https://203.0.113.7/in/x' }, /is an IP address/],
    ['another scheme', { address: 'file:///etc/passwd' }, /must begin with https/],
    ['no address', { address: 'in.example.net' }, /no address/],
  ])('%s', async (_, parts, detail) => {
    expect(firstFailure(await testing(0, parts))).toMatchObject({ step: 'resolved', detail: expect.stringMatching(detail), passed: [] })
  })

  it('a port where nothing listens', async () => {
    const server = createTcpServer()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    expect(firstFailure(await testing(port))).toMatchObject({
      step: 'connected',
      detail: expect.stringMatching(/Nothing listens at 203\.0\.113\.7, port 443/),
    })
  })

  it.each([
    ['self-signed', selfSigned(host), /self-signed/],
    ['expired', authority.issue(host, Date.now() - 7 * 86_400_000), /it has expired/],
    ['not valid yet', authority.issue(host, Date.now() + 7 * 86_400_000), /not valid yet/],
    ['for another name', authority.issue('other.example.net'), /for another name/],
    ['by somebody under the name of another', createTestAuthority().issue(host), /did not come from the authority that it names/],
    ['by an authority nobody knows', createTestAuthority('Nobody').issue(host), /no authority that computers know/],
  ])('a certificate that is %s', async (_, certificate, detail) => {
    const port = await overTls((_message, response) => response.end('{}'), certificate)
    expect(firstFailure(await testing(port))).toMatchObject({
      step: 'connected',
      detail: expect.stringMatching(detail),
      passed: ['resolved'],
    })
  })

  it('no TLS where https is asked for, silence, and no https at all', async () => {
    const plainPort = await listening(createHttpServer((_, response) => response.end('{}')))
    expect(firstFailure(await testing(plainPort))).toMatchObject({
      step: 'connected',
      detail: expect.stringMatching(/may not speak https/),
    })
    const silent = await listening(createTcpServer(() => {}))
    expect(firstFailure(await testing(silent))).toMatchObject({
      step: 'connected',
      detail: expect.stringMatching(/did not answer in time/),
    })
    const tested = await testing(plainPort, { address: `http://${host}/in/${secret}` })
    expect(firstFailure(tested)).toMatchObject({ step: 'connected', detail: expect.stringMatching(/SlashID sends to https/) })
  })

  it.each<[string, number, Record<string, string>, string, RegExp]>([
    ['a redirect to a login', 302, { location: 'https://login.example.com/x?y' }, '', /redirects to https:\/\/login\.example\.com\./],
    ['a redirect without a usable goal', 308, { location: 'http://[' }, '', /redirects\. A redirected/],
    ['a page with 200', 200, { 'content-type': 'text/html; charset=utf-8' }, '<html>warning</html>', /A web page answered 200/],
    ['a login', 401, { 'www-authenticate': 'Basic' }, 'login', /asks senders to log in/],
    ['an unknown path elsewhere', 404, {}, 'nope', /Nothing is known at in\.example\.net/],
    ['a way in that insists on JSON', 415, {}, '', /such as smee/],
    [
      'an ngrok tunnel that is gone',
      404,
      { 'ngrok-error-code': 'ERR_NGROK_3200' },
      '<html>',
      /no tunnel runs for this address \(ERR_NGROK_3200\)/,
    ],
    ['an ngrok tunnel to nowhere', 502, {}, '<html>… ERR_NGROK_8012 …', /cannot reach the receiver \(ERR_NGROK_8012\)/],
    ['another error of ngrok', 403, {}, 'x ERR_NGROK_3004 y', /answered 403 by itself \(ERR_NGROK_3004\)/],
    ['a cloudflared that is not connected', 530, { server: 'cloudflare' }, 'error code: 1033', /no tunnel is connected.*error 1033/],
    ['a cloudflared to nowhere', 502, { 'cf-ray': '1' }, '<html>Bad gateway', /the tunnel could not reach the receiver/],
    ['Cloudflare without its origin', 522, { server: 'cloudflare' }, '', /could not reach what stands behind it \(522\)/],
    ['a proxy to nowhere', 502, {}, 'Bad Gateway', /cannot reach it \(502\)/],
    ['too many requests', 429, {}, '', /too many requests/],
    ['an answer nobody foresaw', 418, {}, '', /answered 418 instead of 200/],
  ])('%s', async (_, status, headers, body, detail) => {
    const port = await overTls((message, response) => {
      message.resume()
      response.writeHead(status, headers).end(body)
    })
    expect(firstFailure(await testing(port))).toMatchObject({
      step: 'accepted',
      detail: expect.stringMatching(detail),
      passed: ['resolved', 'connected'],
    })
  })

  it('a receiver that knows neither the host nor the path, or misses its header', async () => {
    const { port, witness } = await receiving()
    const tunnel = await overTls(passOn(port))
    const wrongPath = await testing(tunnel, { witness, address: `https://${host}/in/AAAAAAAAAAAAAAAAAAAAAA` })
    expect(firstFailure(wrongPath).detail).toMatch(/The way in answered 404: it does not know this path/)
    const other = await overTls(passOn(port, { headers: (headers) => ({ ...headers, host: 'other.example.net' }) }))
    expect(firstFailure(await testing(other, { witness })).detail).toMatch(/does not expect requests for this host/)
    const guarded = await receiving({ requires: Buffer.alloc(32) })
    expect(firstFailure(await testing(await overTls(passOn(guarded.port)), { witness: guarded.witness })).detail).toMatch(
      /secret header is missing/,
    )
  })

  it('no answer in time, a hang-up, and what is no HTTP', async () => {
    const slow = await overTls((message) => message.resume())
    expect(firstFailure(await testing(slow))).toMatchObject({ step: 'accepted', detail: expect.stringMatching(/gave no answer in time/) })
    const rude = await overTls((message) => message.socket.destroy())
    expect(firstFailure(await testing(rude))).toMatchObject({
      step: 'accepted',
      detail: expect.stringMatching(/closed before an answer came/),
    })
    const odd = await overTls((message) => message.socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'))
    expect(firstFailure(await testing(odd))).toMatchObject({ step: 'accepted', detail: expect.stringMatching(/does not speak HTTP/) })
  })

  it('an answer without an end is read no further than it says what it is', async () => {
    const port = await overTls((message, response) => {
      message.resume()
      response.writeHead(502)
      const pour = (): void => void (response.writable && response.write(Buffer.alloc(65_536, '<'), () => setImmediate(pour)))
      pour()
    })
    expect(firstFailure(await testing(port)).detail).toMatch(/cannot reach it \(502\)/)
  })

  it('an answer that was replaced, or lost, on its way back', async () => {
    const { port, witness } = await receiving()
    const replaced = await testing(await overTls(passOn(port, { status: 500 })), { witness })
    expect(firstFailure(replaced)).toMatchObject({
      step: 'accepted',
      detail: expect.stringMatching(/kept the sample and answered 200, but 500 came back/),
    })
    const lost = await overTls((message, response) => {
      passOn(port)(message, Object.assign(Object.create(response), { writeHead: () => message.socket.destroy() }) as ServerResponse)
    })
    expect(firstFailure(await testing(lost, { witness })).detail).toMatch(/^The sample arrived here, but no answer came back/)
  })

  it.each([
    [
      'a line break more',
      (body: Buffer) => Buffer.concat([body, Buffer.from('\r\n')]),
      /sent, \d+ arrived, with blanks or line breaks around them/,
    ],
    ['wrapped as JSON', (body: Buffer) => Buffer.from(JSON.stringify({ body: body.toString() })), /wrapped in something else/],
    [
      'one bit',
      (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.from('~')]),
      /\d+ bytes were sent, \d+ arrived\. SlashID’s signature does not survive/,
    ],
    ['emptied', () => Buffer.alloc(0), /, 0 arrived\./],
  ])('bytes that were changed on the way: %s', async (_, body, detail) => {
    const { port, witness } = await receiving()
    const tested = await testing(await overTls(passOn(port, { body })), { witness })
    expect(firstFailure(tested)).toMatchObject({
      step: 'bytes-intact',
      detail: expect.stringMatching(detail),
      passed: ['resolved', 'connected', 'accepted'],
    })
  })

  it.each<[Outcome, TestStep, RegExp]>([
    [{ kind: 'refused', because: 'organization-unknown' }, 'signature-intact', /refused the sample \(organization-unknown\)/],
    [{ kind: 'refused', because: 'expired' }, 'signature-intact', /clock of this computer/],
    [{ kind: 'quarantined', sequence: 1 as Sequence }, 'signature-intact', /quarantine/],
    [{ kind: 'failed', because: 'not-committed' }, 'arrived', /could not be kept/],
  ])('what became of it here: %j', async (outcome, step, detail) => {
    const { port, witness } = await receiving({ ingest: () => Promise.resolve(outcome) })
    const tested = await testing(await overTls(passOn(port)), { witness })
    expect(firstFailure(tested)).toMatchObject({ step, detail: expect.stringMatching(detail) })
  })

  it('a sample that was taken and never arrives', async () => {
    const port = await overTls((message, response) => {
      message.resume()
      response.end('{}')
    })
    expect(firstFailure(await testing(port))).toMatchObject({
      step: 'arrived',
      detail: expect.stringMatching(/Nothing arrived within 15 seconds/),
      passed: ['resolved', 'connected', 'accepted'],
    })
  })
})

describe('the witness', () => {
  it('changes neither what the door answers nor what it throws, and sees only what it is asked for', async () => {
    const witness = createWitness()
    const delivery = (inlet: string) => ({ body: Buffer.from('x'), headers: {}, inlet, receivedAt: '' as Instant })
    const outcome: Outcome = { kind: 'duplicate' }
    const door = witness.wrap(() => Promise.resolve(outcome))
    const closed = witness.wrap(() => Promise.reject(new Error('closed')))
    const watches = ['a', 'b', 'c'].map((name) => witness.watch(({ inlet }) => inlet === name))
    expect(await door(delivery('a'))).toBe(outcome)
    await expect(closed(delivery('b'))).rejects.toThrow('closed')
    expect(await watches[0]!.seen).toMatchObject({ outcome: { kind: 'duplicate' }, delivery: { inlet: 'a' } })
    expect(await watches[1]!.seen).toMatchObject({ outcome: { kind: 'failed' } })
    watches[2]!.stop()
    await door(delivery('c'))
    expect(await Promise.race([watches[2]!.seen, Promise.resolve('unseen')])).toBe('unseen')
  })
})
