import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { greeting, operate, startNats } from './nats-test-support.ts'

const mebibyte = 1024 * 1024

/** What a server pushes instead of what was asked for; `subject` and `sid` are those of the requests. */
const floods = {
  'far more messages than were asked for': (sid: string, n: number) => message(sid, n, Buffer.alloc(200_000, 'a')),
  'empty messages without end': (sid: string, n: number) =>
    Buffer.concat(Array.from({ length: 500 }, (_, i) => message(sid, n * 500 + i, Buffer.alloc(0)))),
  'messages larger than its stream takes': (sid: string, n: number) => message(sid, n, Buffer.alloc(7_000_000, 'a')),
  'pings whose answers it never reads': () => Buffer.from('PING\r\n'.repeat(100_000)),
} satisfies Record<string, (sid: string, n: number) => Buffer>

describe('memory stays within 64 MiB above rest', () => {
  test.each(Object.entries(floods))('under a flood of a server that sends %s', async (name, next) => {
    const url = await startFlood(next, name.startsWith('pings'))
    const { aboveRest, end } = await child(url, 0, 'never', 'taken')
    console.log(`${name}: RSS +${Math.round(aboveRest / mebibyte)} MiB, ${end}`)
    expect(aboveRest).toBeLessThan(64 * mebibyte)
    expect(end).toMatch(/more messages than it was asked|larger messages than its stream|read no answer/)
  })

  test.each([
    ['as fast as it comes', 2_000, 0, 'fast', 'taken'],
    ['into a history that is slower than the network', 800, 0, 'slow', 'taken'],
    // What is thrown away meanwhile is collected in steps of 64 MiB of such bodies, whatever we do.
    ['of the largest bodies, as far as it is held', 400, 255 * 1024, 'slow', 'held'],
  ] as const)('while a backlog is fetched %s', async (_, count, bytes, pace, measure) => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'], max_msg_size: 272 * 1024, storage: 'file' })
    const body = Buffer.alloc(bytes || 4_096, 'a')
    for (let at = 0; at < count; at += 100) {
      await publish(Array.from({ length: 100 }, (_, index) => Buffer.concat([Buffer.from(`a.${at + index}.`), body])))
    }
    const { aboveRest, received, seconds } = await child(server.url, count, pace, measure)
    console.log(`${count} of ${body.length} bytes: ${measure} +${Math.round(aboveRest / mebibyte)} MiB, ${Math.round(count / seconds)}/s`)
    expect(received).toBe(count)
    expect(aboveRest).toBeLessThan((measure === 'held' ? 24 : 64) * mebibyte)
  })
})

async function child(url: string, count: number, pace: string, measure: 'held' | 'taken') {
  const program = fileURLToPath(new URL('test-jetstream-memory.ts', import.meta.url))
  // Collecting garbage in threads of its own would make this a measure of how busy the machine is.
  const flags = ['--expose-gc', '--single-threaded-gc']
  const running = spawn(process.execPath, [...flags, program, url, String(count), pace, measure], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void running.kill('SIGKILL'))
  let text = ''
  running.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(running, 'close')
  return JSON.parse(text) as { aboveRest: number; received: number; seconds: number; end: string }
}

function message(sid: string, n: number, body: Buffer): Buffer {
  const reply = `$JS.ACK.TOCSIN.memory.1.${n + 1}.${n + 1}.${BigInt(Date.now()) * 1_000_000n}.9`
  return Buffer.concat([Buffer.from(`MSG tocsin.deliveries ${sid} ${reply} ${body.length}\r\n`), body, Buffer.from('\r\n')])
}

/** A server that answers as JetStream does until it is asked for messages, and then sends what it likes, up to a gigabyte. */
async function startFlood(next: (sid: string, n: number) => Buffer, isDeaf: boolean): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(greeting)
    const sids = new Map<string, string>()
    let received = Buffer.alloc(0)
    const onData = (part: Buffer): void => {
      received = Buffer.concat([received, part])
      for (;;) {
        const end = received.indexOf('\r\n')
        if (end < 0) return
        const words = received.subarray(0, end).toString().split(' ')
        const isPublished = words[0] === 'PUB' || words[0] === 'HPUB'
        const whole = end + 2 + (isPublished ? Number(words.at(-1)) + 2 : 0)
        if (received.length < whole) return
        received = received.subarray(whole)
        if (words[0] === 'PING') socket.write('PONG\r\n')
        if (words[0] === 'SUB') sids.set((words[1] ?? '').replace(/\.?\*$/, ''), words.at(-1) ?? '')
        if (!isPublished) continue
        const [, subject = '', reply = ''] = words
        const sid = [...sids].find(([prefix]) => reply.startsWith(prefix))?.[1] ?? ''
        if (subject.includes('.MSG.NEXT.')) {
          if (isDeaf) socket.off('data', onData).pause()
          return pump(socket, (n) => next(sid, n))
        }
        const answer = JSON.stringify(answerTo(subject))
        socket.write(`MSG ${reply} ${sid} ${answer.length}\r\n${answer}\r\n`)
      }
    }
    socket.on('data', onData)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function pump(socket: Socket, next: (n: number) => Buffer): void {
  let sent = 0
  let bytes = 0
  const more = (): void => {
    while (!socket.destroyed && bytes < 1024 * mebibyte) {
      const part = next(sent++)
      bytes += part.length
      if (!socket.write(part)) return void socket.once('drain', more)
    }
  }
  more()
}

function answerTo(subject: string): object {
  const created = '2025-01-01T00:00:00Z'
  const none = { stream_seq: 0, consumer_seq: 0 }
  if (subject.includes('CONSUMER.INFO')) {
    const config = { durable_name: 'memory', ack_policy: 'explicit', deliver_policy: 'all' }
    const counts = { num_pending: 5, num_ack_pending: 0, num_redelivered: 0, num_waiting: 0 }
    return { type: 'x', stream_name: 'TOCSIN', name: 'memory', created, config, delivered: none, ack_floor: none, ...counts }
  }
  if (subject.includes('STREAM.INFO')) {
    const config = { name: 'TOCSIN', subjects: ['tocsin.deliveries'], max_msg_size: 278_528, retention: 'limits', storage: 'file' }
    return { type: 'x', config, created, state: { messages: 5, bytes: 5, first_seq: 1, last_seq: 5, consumer_count: 1 } }
  }
  return { type: 'x', memory: 0, storage: 0, streams: 1, consumers: 1, limits: {}, api: { total: 1, errors: 0 } }
}
