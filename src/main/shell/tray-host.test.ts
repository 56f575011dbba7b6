import { createServer, type Server } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasTrayHost } from './tray-host.ts'

// Which answer a real bus gives, with and without a host, is shown in e2e; here is what no bus can be trusted to do.
describe('hasTrayHost', () => {
  let folder: string
  let server: Server | null = null
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-bus-'))
  })
  afterEach(async () => {
    await new Promise((done) => (server === null ? done(null) : server.close(done)))
    server = null
    rmSync(folder, { recursive: true })
  })

  test.each(['darwin', 'win32'])('is always true on %s', async (platform) => {
    expect(await hasTrayHost({ platform, busAddress: undefined })).toBe(true)
  })

  test.each([undefined, '', 'nonsense', 'unix:', 'unix:abstract=/tmp/x', 'unix:path=/nonexistent/bus', 'tcp:host=127.0.0.1,port=1'])(
    'is false for the bus address %s',
    async (busAddress) => {
      expect(await hasTrayHost({ platform: 'linux', busAddress })).toBe(false)
    },
  )

  test('is false for a bus that never answers, once the deadline is over', async () => {
    const path = join(folder, 'silent')
    let closed: Promise<void> | null = null
    server = createServer((socket) => {
      closed = new Promise((done) => socket.on('close', () => done()))
      socket.resume()
    })
    await new Promise<void>((done) => server!.listen(path, done))
    expect(await hasTrayHost({ platform: 'linux', busAddress: `unix:path=${path}`, deadlineMs: 200 })).toBe(false)
    // Nothing is left open behind it.
    await closed
    expect(closed).not.toBeNull()
  })

  test.each(['hang up', 'REJECTED\r\n'])('is false for a bus that says %j', async (words) => {
    const path = join(folder, 'rude')
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(words === 'hang up' ? '' : words))
    })
    await new Promise<void>((done) => server!.listen(path, done))
    expect(await hasTrayHost({ platform: 'linux', busAddress: `unix:path=${path}`, deadlineMs: 1_000 })).toBe(false)
  })
})
