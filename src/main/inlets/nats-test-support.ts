import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { headers, type NatsConnection } from '@nats-io/transport-node'
import { onTestFinished } from 'vitest'
import type { JetstreamLogin } from '../../shared/inlets.ts'
import { connectNats } from './nats.ts'

export type NatsServer = {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly pid: () => number
  /** What it said of itself. */
  readonly log: () => string
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts again on the same port, with the same files. */
  start(): Promise<void>
}

/** The real nats-server with JetStream, on a free port of loopback, gone with its files after the test. */
export async function startNats(config = ''): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-nats-'))
  const file = join(folder, 'server.conf')
  writeFileSync(file, config)
  let running: ChildProcess | null = null
  let port = -1
  let log = ''

  async function start(): Promise<void> {
    const child = spawn('nats-server', ['-c', file, '-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Debian puts it where an ordinary user's PATH does not look.
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    })
    running = child
    await new Promise<void>((resolve, reject) => {
      child.on('error', (error) => reject(new Error(`nats-server cannot be started (${error.message}); Debian's package has that name`)))
      child.on('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${log}`)))
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        log += part
        const listening = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)
        if (listening !== null) port = Number(listening[1])
        if (log.slice(log.lastIndexOf('Starting nats-server')).includes('Server is ready')) resolve()
      })
    })
  }

  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = running
    running = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }

  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return { url: `nats://127.0.0.1:${port}`, port, folder, pid: () => running?.pid ?? 0, log: () => log, stop, start }
}

export type Operator = {
  readonly nats: NatsConnection
  readonly manager: JetStreamManager
  /** As `tocsin ingress` does; resolves once all of them are acknowledged. */
  publish(bodies: readonly (string | Uint8Array)[], subject?: string, extra?: Readonly<Record<string, string>>): Promise<void>
}

/** A connection of whoever runs the server, closed after the test. */
export async function operate(url: string, login: JetstreamLogin = { kind: 'none' }, secret: string | null = null): Promise<Operator> {
  const connected = await connectNats({ url, login, secret, caFile: null }, new AbortController().signal)
  if (connected.kind === 'ended') throw new Error(connected.end.detail)
  const { nats, close } = connected
  onTestFinished(close)
  const manager = await jetstreamManager(nats)
  return {
    nats,
    manager,
    async publish(bodies, subject = 'tocsin.deliveries', extra = {}) {
      const stream = manager.jetstream()
      for (let at = 0; at < bodies.length; at += 500) {
        await Promise.all(
          bodies.slice(at, at + 500).map((body) => {
            const own = headers()
            own.set('Http-Content-Type', 'text/plain')
            for (const [name, value] of Object.entries(extra)) own.set(name, value)
            const text = Buffer.from(body).toString('latin1')
            const msgID = createHash('sha256')
              .update(text.slice(0, text.lastIndexOf('.')))
              .digest('hex')
            return stream.publish(subject, Buffer.from(body), { headers: own, msgID })
          }),
        )
      }
    },
  }
}

/** What a server says first. */
export const greeting = 'INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"nonce":"nonce"}\r\n'

/** Something between an inlet and its server, gone after the test. */
export async function startBetween(port: number) {
  const open = new Set<Socket>()
  let isFrozen = false
  let inSockets = 0
  const between = createServer((near) => {
    if (isFrozen) return void open.add(near.on('error', () => {}))
    const far = connect(port, '127.0.0.1')
    inSockets++
    near.on('close', () => inSockets--)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from
        .on('error', () => {})
        .on('close', () => {
          if (!isFrozen) to.destroy()
        })
      from.on('data', (bytes: Buffer) => {
        if (!isFrozen) to.write(bytes)
      })
    }
  })
  await new Promise<void>((listening) => between.listen(0, '127.0.0.1', listening))
  const cut = (): void => open.forEach((socket) => socket.destroy())
  onTestFinished(() => {
    cut()
    between.close()
  })
  return {
    url: `nats://127.0.0.1:${(between.address() as AddressInfo).port}`,
    /** Open connections of the inlet. */
    count: () => inSockets,
    /** From now on nothing is passed on, and nobody is told. */
    freeze: () => void (isFrozen = true),
    /** New connections are passed on again; the old ones stay dead. */
    thaw() {
      const dead = [...open]
      open.clear()
      for (const socket of dead) socket.removeAllListeners('data').resume()
      isFrozen = false
    },
    /** As when the process of the inlet is killed: nothing more is passed on, and the server notices. */
    cut() {
      isFrozen = true
      cut()
    },
  }
}
