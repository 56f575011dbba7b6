import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { careOnNode } from '../src/main/care/history-files.ts'
import type { Core } from '../src/main/core-parts.ts'
import { startCore } from '../src/main/core.ts'
import type { DemoSigner } from '../src/main/sample/demo.ts'
import { streamed } from './deliveries.ts'

/** The app as it runs, without a window. */
export type Receiving = { readonly core: Core; readonly url: string; stop(): Promise<void> }

export async function receive(profile: string): Promise<Receiving> {
  const started = await startCore({
    profile,
    log: { info: () => {}, error: (text, error) => console.error(text, error) },
    now: Date.now,
    random: Math.random,
    schedule(work, afterMs) {
      const timer = setTimeout(work, afterMs)
      return () => clearTimeout(timer)
    },
    resources: fileURLToPath(new URL('../resources', import.meta.url)),
    readerThread: new URL('../src/main/reader/thread.ts', import.meta.url),
    exportThread: new URL('../src/main/exporting/thread.ts', import.meta.url),
    logThread: new URL('../src/main/store/log-thread.ts', import.meta.url),
    careProcess: careOnNode(new URL('../src/main/store/care-process.ts', import.meta.url)),
  })
  if (started.kind !== 'started') throw new Error(started.detail)
  const { core } = started
  const url = core.receiverUrl()
  if (url === null) throw new Error('the receiver does not listen')
  return { core, url, stop: core.stop }
}

/** Signed deliveries that nobody has seen yet, of now. */
export type Stream = { next(count: number): readonly string[] }

export function createStream(signer: DemoSigner, history: number): Stream {
  let index = 0
  return {
    next: (count) => Array.from({ length: count }, () => signer.sign(streamed(history, index++, Date.now()))),
  }
}

export function keyOf(signer: DemoSigner): KeyObject {
  return createPublicKey({ key: signer.publicKey, format: 'jwk' })
}

/** The bare verification of one token. */
export function verifyOne(token: string, key: KeyObject): void {
  const end = token.lastIndexOf('.')
  const isGood = verify(
    'sha256',
    Buffer.from(token.slice(0, end)),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(token.slice(end + 1), 'base64url'),
  )
  if (!isGood) throw new Error('a good signature was not verified')
}
