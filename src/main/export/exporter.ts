import type { PageKey } from '../../shared/ipc.ts'
import type { Query } from '../query/query.ts'
import type { Snapshot, WalkedDelivery } from '../store/walk.ts'
import type { Writer } from './format.ts'

/** A piece of the export, and how far the walk is that made it. */
export type Piece = {
  readonly text: string
  /** Detections written so far. */
  readonly written: number
  /** Detections looked at so far, of all there are in the snapshot. */
  readonly looked: number
}

/** Written at once: large enough to be worth a write, small enough that nothing else waits for it. */
const pieceLength = 64 * 1024
const deliveriesAtOnce = 64
/** Longest that nobody else has a turn, as far as the writer of one detection lets it be. */
const pieceMs = 8

/** Everything that a query finds, piece by piece. Nothing is read before it is asked for, so whoever is slow to take is not overrun. */
export function* pieces(
  snapshot: Snapshot,
  query: Query,
  writer: Writer,
  clock: () => number = () => performance.now(),
): Generator<Piece, void, undefined> {
  const walk = snapshot.walk(query)
  let startedAt = clock()
  let written = 0
  let looked = 0
  let text = writer.begin()
  let after: PageKey | null = null
  do {
    const stretch = walk(after)
    for (const { detection, place } of stretch.found) {
      const leaving = {
        detection,
        newest: () => snapshot.newestDelivery(place),
        deliveries: () => deliveriesOf(snapshot, place),
      }
      for (const part of writer.add(leaving)) {
        text += part
        if (text.length < pieceLength && clock() - startedAt < pieceMs) continue
        yield { text, written, looked }
        startedAt = clock()
        text = ''
      }
      written += 1
    }
    looked += stretch.looked
    after = stretch.next
    // Also where nothing was found in it: between two stretches others have their turn.
    yield { text, written, looked }
    startedAt = clock()
    text = ''
  } while (after !== null)
  yield { text: writer.end(), written, looked }
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
