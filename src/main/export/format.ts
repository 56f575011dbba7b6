import type { Detection } from '../../shared/detection.ts'
import type { Own, WalkedDelivery } from '../store/walk.ts'

/** One detection on its way out, with what it can be asked for while it passes. */
export type Leaving = {
  readonly detection: Detection
  /** The delivery that its present comes from; null where it is gone. */
  newest(): WalkedDelivery | null
  /** All of them in the order they were received, a few in memory at a time. */
  deliveries(): Iterable<WalkedDelivery>
  /** What the user made of it beyond what a detection says; null where that is nothing. */
  own(): Own | null
}

/** Makes text of detections, one after the other. A writer is for one export. */
export type Writer = {
  begin(): string
  /** In pieces, since what belongs to one detection has no bound. */
  add(leaving: Leaving): Iterable<string>
  end(): string
}
