import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import type { Sequence } from '../../shared/detection.ts'
import type { TurnedAway } from './admission.ts'
import { createReceiver, type ReceiverParts } from './receiver.ts'

export const secret = 'AAECAwQFBgcICQoLDA0ODw'
export const kept: Outcome = { kind: 'kept', sequence: 1 as Sequence }

/** A receiver on a free port that is stopped when the test ends, and all it did. */
export async function listeningReceiver(parts: Partial<ReceiverParts> = {}) {
  const deliveries: Delivery[] = []
  const turnedAway: TurnedAway[] = []
  const bugs: unknown[] = []
  const receiver = createReceiver({
    port: 0,
    secret,
    publicHosts: () => [],
    onTurnedAway: (because) => turnedAway.push(because),
    onBug: (error) => bugs.push(error),
    now: () => Date.UTC(2025, 0, 2, 3, 4, 5, 6),
    ...parts,
    ingest: (delivery) => {
      deliveries.push(delivery)
      return parts.ingest ? parts.ingest(delivery) : Promise.resolve(kept)
    },
  })
  const started = await receiver.start()
  if (started.kind !== 'listening') throw new Error(started.detail)
  onTestFinished(() => receiver.stop())
  const { port } = started
  return { receiver, port, host: `127.0.0.1:${port}`, deliveries, turnedAway, bugs }
}

/** The text of one request, as raw as a hostile sender writes it. */
export function requestText(head: { method?: string; path?: string; headers: readonly string[]; body?: string }): string {
  const { method = 'POST', path = `/in/${secret}`, headers, body = '' } = head
  return [`${method} ${path} HTTP/1.1`, ...headers, '', body].join('\r\n')
}

export function postText(host: string, body: string, headers: readonly string[] = []): string {
  return requestText({ headers: [`Host: ${host}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers], body })
}

/** Sends bytes as they are and resolves with all that came back once the receiver hangs up, or after `answers` answers. */
export function sendRaw(port: number, text: string, answers = Infinity): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text))
    socket.setEncoding('latin1')
    socket.on('data', (part: string) => {
      received += part
      const isComplete = received.split('HTTP/1.1 ').length > answers && received.endsWith('}')
      if (isComplete) socket.destroy()
    })
    // A reset is one of the ways to be turned away.
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}

export function statusOf(answer: string): number | null {
  const match = /^HTTP\/1\.1 (\d{3}) /.exec(answer)
  return match ? Number(match[1]) : null
}

export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

/** Turns of the event loop until it holds; the test's own time limit is the bound. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
