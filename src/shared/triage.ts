import type { DetectionKey, Instant, TriageState, Verdict } from './detection.ts'
import type { SearchRefused } from './ipc.ts'
import type { Wanted } from './view.ts'

export const verdicts = ['true-positive', 'false-positive', 'expected'] as const

/** What an answer knows of: deliveries up to this one, and so many of those that had waited and were believed later than newer ones. */
export type AsOf = { readonly sequence: number; readonly late: number }

/**
 * Which detections a change or an export is for: those named, or all that a view finds but for those named, and but for what a delivery has
 * changed since `asOf`: nobody saw that when they chose all of it.
 */
export type TriageOf =
  | { readonly kind: 'keys'; readonly keys: readonly DetectionKey[] }
  | ({ readonly kind: 'view'; readonly except?: readonly DetectionKey[]; readonly asOf?: AsOf } & Wanted)

/** One change of what the user made of detections; what is absent stays as it is. */
export type TriageChange = {
  readonly state?: TriageState
  /** With why, where the user says so; null takes it away. */
  readonly verdict?: { readonly verdict: Verdict; readonly reason: string } | null
  /** null wakes it. */
  readonly snoozedUntil?: Instant | null
  readonly addLabel?: string
  readonly removeLabel?: string
  readonly note?: string
  readonly isRead?: boolean
}

declare const undoId: unique symbol
/** What takes one change back, as long as it is among the newest 50 and nothing else was changed since. */
export type UndoId = number & { readonly [undoId]: true }

export type Triaged =
  | {
      readonly kind: 'triaged'
      readonly undo: UndoId
      readonly count: number
      /** More fitted than one change may take. */
      readonly isCapped: boolean
      /** Came or changed since `asOf`, and was left as it is. */
      readonly left: number
    }
  /** Some of it was written before the rest could not be: that can be taken back. */
  | { readonly kind: 'partly'; readonly undo: UndoId; readonly count: number; readonly detail: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | ({ readonly kind: 'search-refused' } & Pick<SearchRefused, 'at' | 'length' | 'detail'>)
export type Undone =
  | { readonly kind: 'undone'; readonly count: number }
  /** `canTryAgain`: what stood in the way may pass, as a full disk does. */
  | { readonly kind: 'refused'; readonly detail: string; readonly canTryAgain?: boolean }

export type Note = { readonly id: number; readonly at: Instant; readonly text: string }
/** What was changed by the user of this computer, and when. */
export type TriageEntry = {
  readonly id: number
  readonly at: Instant
  readonly change: TriageChange
  readonly isUndone: boolean
  /** Not the user made it new again: what was done came back. */
  readonly isComeback?: true
}

export const mostTriaged = 100_000
export const longestNote = 10_000
export const longestLabel = 64
export const longestReason = 1_000
/** Of one detection. */
export const mostLabels = 20
export const mostNotes = 500
