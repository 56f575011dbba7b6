import type { DetectionKey } from '../../shared/detection.ts'
import type { PageKey } from '../../shared/ipc.ts'
import type { AsOf } from '../../shared/triage.ts'
import type { Query } from '../query/query.ts'
import type { Snapshot, Stretch, WalkedDelivery } from '../store/walk.ts'
import type { Writer } from './format.ts'

/** A piece of the export, and how far the walk is that made it. */
export type Piece = {
  readonly text: string
  /** Detections written so far. */
  readonly written: number
  /** Detections that changed since `asOf`, and do not leave. */
  readonly left: number
  /** Detections looked at so far, of all there are in the snapshot. */
  readonly looked: number
}

/** Written at once: large enough to be worth a write, small enough that nothing else waits for it. */
const pieceLength = 64 * 1024
const deliveriesAtOnce = 64
const keysAtOnce = 64
/** Longest that nobody else has a turn, as far as the writer of one detection lets it be. */
const pieceMs = 8

/** What leaves: all that a query finds but for those named and those that changed since `asOf`, or only those named, in their order. */
export type Leaves =
  { readonly query: Query; readonly except: readonly DetectionKey[]; readonly asOf?: AsOf } | { readonly keys: readonly DetectionKey[] }

/** All of it, piece by piece. Nothing is read before it is asked for, so whoever is slow to take is not overrun. */
export function* pieces(
  snapshot: Snapshot,
  leaves: Leaves,
  writer: Writer,
  clock: () => number = () => performance.now(),
): Generator<Piece, void, undefined> {
  let startedAt = clock()
  let written = 0
  let left = 0
  let looked = 0
  let text = writer.begin()
  for (const stretch of 'keys' in leaves ? named(snapshot, leaves.keys) : found(snapshot, leaves)) {
    for (const { detection, place } of stretch.found) {
      const leaving = {
        detection,
        newest: () => snapshot.newestDelivery(place),
        deliveries: () => deliveriesOf(snapshot, place),
        own: () => snapshot.ownOf(detection, place),
      }
      for (const part of writer.add(leaving)) {
        text += part
        if (text.length < pieceLength && clock() - startedAt < pieceMs) continue
        yield { text, written, left, looked }
        startedAt = clock()
        text = ''
      }
      written += 1
    }
    left += stretch.left
    looked += stretch.looked
    // Also where nothing was found in it: between two stretches others have their turn.
    yield { text, written, left, looked }
    startedAt = clock()
    text = ''
  }
  yield { text: writer.end(), written, left, looked }
}

type Looked = Pick<Stretch, 'found' | 'looked'> & { readonly left: number }

function* found(snapshot: Snapshot, { query, except, asOf }: Extract<Leaves, { query: Query }>): Generator<Looked, void, undefined> {
  const walk = snapshot.walk(query)
  const without = new Set(except.map(nameOf))
  let after: PageKey | null = null
  do {
    const stretch: Stretch = walk(after)
    const wanted = without.size === 0 ? stretch.found : stretch.found.filter(({ detection }) => !without.has(nameOf(detection)))
    const known = asOf === undefined ? wanted : wanted.filter((one) => !snapshot.isSince(one, asOf))
    yield { found: known, looked: stretch.looked, left: wanted.length - known.length }
    after = stretch.next
  } while (after !== null)
}

/** Those that are not in the history, or not any more, are passed over. */
function* named(snapshot: Snapshot, keys: readonly DetectionKey[]): Generator<Looked, void, undefined> {
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const some = keys.slice(from, from + keysAtOnce)
    yield { found: snapshot.named(some), looked: some.length, left: 0 }
  }
}

function nameOf({ organizationId, id }: DetectionKey): string {
  return JSON.stringify([organizationId, id])
}

function* deliveriesOf(snapshot: Snapshot, place: PageKey): Generator<WalkedDelivery, void, undefined> {
  let after: WalkedDelivery['sequence'] | null = null
  for (;;) {
    const some: readonly WalkedDelivery[] = snapshot.deliveriesOf(place, after, deliveriesAtOnce)
    yield* some
    after = some.at(-1)?.sequence ?? null
    if (some.length < deliveriesAtOnce) return
  }
}
