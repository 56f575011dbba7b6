import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { FromReader, FromRelay, RelayReader } from '../shared/relay.ts'
import { startLocalRelay, type LocalRelay, type RelayConfiguration } from './local.ts'

export type TestRelay = Awaited<ReturnType<typeof testRelay>>

export const newSecret = (): string => randomBytes(16).toString('base64url')
export const newToken = (): string => randomBytes(32).toString('base64url')
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** A relay in the real runtime that is gone when the test ends. It can be stopped and started again, on the same port. */
export async function testRelay(configuration: Partial<RelayConfiguration> = {}) {
  const secret = newSecret()
  const admin = newToken()
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-'))
  const whole = { MAILBOX_SHA256: hashOf(secret), ADMIN_SHA256: hashOf(admin), ...configuration }
  const start = (port: number): Promise<LocalRelay> => startLocalRelay({ folder, port, configuration: whole })
  let running: LocalRelay | null = await start(0)
  const { origin } = running
  onTestFinished(async () => {
    await running?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function administer(method: string, path: string, body?: string): Promise<Response> {
    return fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${admin}` }, ...(body === undefined ? {} : { body }) })
  }

  return {
    origin,
    secret,
    admin,
    folder,
    address: `${origin}/in/${secret}`,
    administer,
    async stop() {
      await running?.stop()
      running = null
    },
    async start() {
      running = await start(Number(new URL(origin).port))
    },
    async hibernate() {
      await running?.hibernate()
    },
    async post(body: Uint8Array | string, headers: Record<string, string> = {}): Promise<number> {
      const answer = await fetch(`${origin}/in/${secret}`, { method: 'POST', body: body as Uint8Array<ArrayBuffer>, headers })
      await answer.arrayBuffer()
      return answer.status
    },
    /** The token of a new reader. */
    async addReader(name: string): Promise<string> {
      const token = newToken()
      const answer = await administer('PUT', `/readers/${name}`, hashOf(token))
      if (answer.status !== 200) throw new Error(`no reader ${name}: ${answer.status}`)
      return token
    },
    async readers(): Promise<RelayReader[]> {
      return (await administer('GET', '/readers')).json() as Promise<RelayReader[]>
    },
  }
}

/** A reader as simple as can be: it sends what the test says, and hands out what came, one by one. */
export async function connectReader(origin: string, token: string) {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/mailbox`, { headers: { authorization: `Bearer ${token}` } })
  const came: FromRelay[] = []
  let wake = (): void => {}
  socket.on('message', (data: Buffer) => {
    came.push(JSON.parse(data.toString()) as FromRelay)
    wake()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  onTestFinished(() => socket.terminate())
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return {
    closed,
    say: (message: FromReader) => socket.send(JSON.stringify(message)),
    sayText: (text: string | Uint8Array) => socket.send(text),
    async next(): Promise<FromRelay> {
      while (came.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return came.shift() as FromRelay
    },
    async nextEntry(): Promise<{ seq: number; body: string }> {
      const message = await this.next()
      if (!('seq' in message)) throw new Error(`no entry: ${JSON.stringify(message)}`)
      return { seq: message.seq, body: Buffer.from(message.body, 'base64').toString() }
    },
    /** How many wait to be handed out. */
    count: () => came.length,
    close: () => socket.close(),
  }
}
