import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { until } from './test-support.ts'

const bodies = 400
const entry = (seq: number, body: string): string =>
  JSON.stringify({ seq, receivedAt: '2025-01-02T03:04:05.006Z', path: '/in', headers: {}, body })

test.each(['held', 'taken'] as const)(
  'a relay that sends the largest deliveries faster than they are kept costs little: %s',
  async (measure) => {
    const above = await memoryAboveRest(measure)
    console.log(`    ${measure}: ${(above / 1024 / 1024).toFixed(1)} MiB above rest, while 100 MiB of bodies came in`)
    expect(above).toBeLessThan((measure === 'held' ? 16 : 64) * 1024 * 1024)
  },
  60_000,
)

/** What one reader rises by while it takes 100 MiB of bodies of 256 KiB, as fast as it reads them and without regard for acknowledgements. */
async function memoryAboveRest(measure: 'held' | 'taken'): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const program = fileURLToPath(new URL('test-event-memory.ts', import.meta.url))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const flags = ['--expose-gc', '--single-threaded-gc']
  const child = spawn(process.execPath, [...flags, program, url, measure, 'relay'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  socket.on('error', () => {})
  socket.send(JSON.stringify({ mailbox: 'm', after: 0, backlog: 0, last: 0 }))
  await until(() => text.startsWith('live'))
  const body = Buffer.alloc(256 * 1024, 'd').toString('base64')
  for (let seq = 1; seq <= bodies; seq++) await new Promise((resolve) => socket.send(entry(seq, body), resolve))
  socket.send(entry(bodies + 1, btoa('done')))
  await once(child, 'close')
  const { aboveRest, received } = JSON.parse(text.slice(5)) as { aboveRest: number; received: number }
  expect(received).toBe(bodies + 1)
  return aboveRest
}
