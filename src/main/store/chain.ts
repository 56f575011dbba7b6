import { createHash } from 'node:crypto'

/** What of a delivery the chain proves. Its state is no part of it: quarantine may release it, retention may remove it. */
export type ChainedContent = {
  readonly sequence: number
  readonly inlet: string
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** The headers as JSON, exactly as kept. */
  readonly headers: string
  readonly body: Uint8Array
}

export type ChainLink = { readonly sequence: number; readonly chainHash: Uint8Array }

/** A delivery as verification reads it: a tombstone has no content left, and its kept hash stands for it. */
export type ChainedDelivery = ChainLink & { readonly contentHash: Uint8Array; readonly content: ChainedContent | null }

const version = Buffer.from('tocsin delivery 1\n')

/** The link before the first delivery, fixed by the identity of the database. */
export function genesis(databaseId: string): ChainLink {
  return { sequence: 0, chainHash: createHash('sha256').update(databaseId).digest() }
}

/** SHA-256 over the fields in order, each of variable length behind its length, so that no two contents share an encoding. */
export function contentHash({ sequence, inlet, receivedAt, headers, body }: ChainedContent): Uint8Array {
  const inletBytes = Buffer.from(inlet)
  const headerBytes = Buffer.from(headers)
  const start = Buffer.concat([
    version,
    uint64(sequence),
    uint64(inletBytes.length),
    inletBytes,
    uint64(receivedAt),
    uint64(headerBytes.length),
    headerBytes,
    uint64(body.length),
  ])
  return createHash('sha256').update(start).update(body).digest()
}

/** chain(n) = SHA-256(chain(n-1) || content(n)). */
export function chainHash(previous: Uint8Array, content: Uint8Array): Uint8Array {
  return createHash('sha256').update(previous).update(content).digest()
}

export type ChainBreak = {
  readonly sequence: number
  /** `gap`: deliveries before it are missing; `content-changed`: it no longer hashes to what was kept; `link-changed`: it does not continue the one before. */
  readonly because: 'gap' | 'content-changed' | 'link-changed'
}

export type ChainReport = {
  readonly head: ChainLink
  readonly checked: number
  /** Of those checked: tombstones, of which the link can be proved and the content no longer. */
  readonly removed: number
  /** The first ones, at most 100; `broken` counts all. */
  readonly breaks: readonly ChainBreak[]
  readonly broken: number
}

const listedBreaks = 100

/** Walks deliveries in ascending sequence from the link before them. After a break it goes on from what is kept, so that one fault is told once. */
export function verifyChain(start: ChainLink, deliveries: Iterable<ChainedDelivery>): ChainReport {
  const walk = walkChain(start)
  for (const delivery of deliveries) walk.step(delivery)
  return walk.report()
}

/** The same, for those who bring the deliveries portion by portion. */
export function walkChain(start: ChainLink): { step(delivery: ChainedDelivery): void; report(): ChainReport } {
  let head = start
  let checked = 0
  let removed = 0
  let broken = 0
  const breaks: ChainBreak[] = []
  return {
    step(delivery) {
      const because = breakAt(head, delivery)
      if (because !== null) {
        broken += 1
        if (breaks.length < listedBreaks) breaks.push({ sequence: delivery.sequence, because })
      }
      checked += 1
      if (delivery.content === null) removed += 1
      head = { sequence: delivery.sequence, chainHash: delivery.chainHash }
    },
    report: () => ({ head, checked, removed, breaks: [...breaks], broken }),
  }
}

function breakAt(head: ChainLink, delivery: ChainedDelivery): ChainBreak['because'] | null {
  if (delivery.sequence !== head.sequence + 1) return 'gap'
  if (delivery.content !== null && !isEqual(contentHash(delivery.content), delivery.contentHash)) return 'content-changed'
  return isEqual(chainHash(head.chainHash, delivery.contentHash), delivery.chainHash) ? null : 'link-changed'
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  // A damaged row may hold any number.
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)))
  return bytes
}
