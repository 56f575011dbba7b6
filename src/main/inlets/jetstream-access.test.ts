import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { inletOf, setUpOf, temporaryFolder } from './jetstream-test-support.ts'
import { greeting, startNats } from './nats-test-support.ts'
import { until } from './test-support.ts'

describe('being let in', () => {
  const user = nkeys.createUser()
  const seed = Buffer.from(user.getSeed()).toString()

  test.each([
    ['password', 'authorization { user: tocsin, password: "right" }', { kind: 'password', user: 'tocsin' }, 'right'],
    ['token', 'authorization { token: "right" }', { kind: 'token' }, 'right'],
    ['nkey', `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`, { kind: 'nkey' }, `${seed}\n`],
  ] as const)('with a %s; a wrong one is said in words and not tried again and again', async (_, config, login, secret) => {
    const server = await startNats(config)
    const right = inletOf(setUpOf(server.url, { login }), { secret })
    right.inlet.start()
    await until(() => right.states.length > 1)
    expect(right.last()).toMatchObject({ kind: 'live' })
    await right.inlet.stop()
    const other = login.kind === 'nkey' ? Buffer.from(nkeys.createUser().getSeed()).toString() : 'wrong'
    for (const wrong of [other, null]) {
      const one = inletOf(setUpOf(server.url, { login }), { secret: wrong })
      one.inlet.start()
      await until(() => one.last()?.kind === 'waiting')
      expect(one.last()).toMatchObject({
        because: 'refused',
        detail: expect.stringContaining(wrong === null ? 'Enter it' : 'does not accept the credentials') as string,
      })
      expect(one.waits.at(-1), 'the next try is minutes away').toBe(300_000)
      await one.inlet.stop()
    }
  })

  test('credentials of a .creds file are sent as its two blocks; what is none is said before anything is sent', async () => {
    const said = await firstConnect()
    const text = `-----BEGIN NATS USER JWT-----\nthe.jwt.itself\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`
    const one = inletOf(setUpOf(said.url, { login: { kind: 'creds' } }), { secret: text })
    one.inlet.start()
    const sent = JSON.parse(await said.connect) as { jwt: string; sig: string; nkey: string }
    expect(sent.jwt).toBe('the.jwt.itself')
    expect(user.verify(Buffer.from('nonce'), Buffer.from(sent.sig, 'base64url'))).toBe(true)
    await one.inlet.stop()
    for (const kind of ['creds', 'nkey'] as const) {
      const wrong = inletOf(setUpOf(said.url, { login: { kind } }), { secret: 'something else' })
      wrong.inlet.start()
      await until(() => wrong.last()?.kind === 'waiting')
      expect(wrong.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('cannot be read') as string })
      expect(JSON.stringify(wrong.last())).not.toContain('something else')
      await wrong.inlet.stop()
    }
  })

  test('what the server forbids this user is said in words, although it answers nothing', async () => {
    const denied = 'publish: { deny: ["$JS.API.CONSUMER.MSG.NEXT.>"] }'
    const server = await startNats(`authorization { users: [{ user: few, password: p, permissions: { ${denied} } }] }`)
    const one = inletOf(setUpOf(server.url, { login: { kind: 'password', user: 'few' } }), { secret: 'p' })
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({
      because: 'refused',
      detail: expect.stringContaining('does not allow this user a publish') as string,
    })
  })

  test('a server without JetStream, or one that is none at all, is said in words', async () => {
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((listening) => plain.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void plain.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(plain.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('does not speak NATS') as string })
    const server = await startNats('accounts { A: { users: [{ user: a, password: b }] } }')
    const two = inletOf(setUpOf(server.url, { login: { kind: 'password', user: 'a' } }), { secret: 'b' })
    two.inlet.start()
    await until(() => two.last()?.kind === 'waiting')
    expect(two.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('has no JetStream') as string })
  })
})

describe('TLS', () => {
  test('is required beyond this computer: a server that offers none gets no credential', async () => {
    const said = await firstConnect()
    // A name, and be it that of this computer, can be made to lead anywhere.
    const one = inletOf(setUpOf(said.url.replace('127.0.0.1', 'localhost'), { login: { kind: 'token' } }), { secret: 'secret token' })
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('does not offer TLS') as string })
    expect(said.received()).toBe('')
  })

  test('with a certificate of a private authority works by its file, and is refused in words otherwise', async () => {
    const { folder, certificate, key } = createCertificate('localhost')
    const server = await startNats(`tls { cert_file: "${certificate}", key_file: "${key}" }`)
    const named = `tls://localhost:${server.port}`
    const good = inletOf(setUpOf(named, { caFile: certificate }))
    good.inlet.start()
    await until(() => good.states.length > 1)
    expect(good.last()).toMatchObject({ kind: 'live' })
    await good.inlet.stop()
    const notPem = join(folder, 'not.pem')
    writeFileSync(notPem, 'no certificate')
    for (const [url, caFile, words] of [
      [named, null, 'nobody this computer trusts'],
      [`tls://127.0.0.1:${server.port}`, certificate, 'for another name'],
      [named, createCertificate('localhost').certificate, 'nobody this computer trusts'],
      [named, join(folder, 'nowhere.pem'), 'cannot be read'],
      [named, notPem, 'no certificate'],
      [named, folder, 'no file'],
    ] as const) {
      const one = inletOf(setUpOf(url, { caFile }))
      one.inlet.start()
      await until(() => one.last()?.kind === 'waiting')
      expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) as string })
      await one.inlet.stop()
    }
  })
})

/** A server without TLS that keeps what it is told first. */
async function firstConnect() {
  let received = ''
  let resolveConnect = (_: string): void => {}
  const connect = new Promise<string>((resolve) => (resolveConnect = resolve))
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (part: string) => {
      received += part
      const match = /CONNECT (\{.*\})\r\n/.exec(received)
      if (match !== null) resolveConnect(match[1]!)
    })
    socket.write(greeting)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, connect, received: () => received }
}

function createCertificate(name: string) {
  const folder = temporaryFolder()
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync(
    'openssl',
    [...request, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-out', certificate, '-keyout', key],
    {
      stdio: 'ignore',
    },
  )
  return { folder, certificate, key }
}
