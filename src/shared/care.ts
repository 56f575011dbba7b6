import type { Instant, Kind } from './detection.ts'

/** What is known of the structure of the history. Only an end that was no orderly stop gives a reason to look. `detail` is for people. */
export type IntegrityHealth =
  | { readonly kind: 'ok' }
  /** The last end was none: a look at everything is under way, while deliveries are received. */
  | { readonly kind: 'checking'; readonly startedAt: Instant }
  | { readonly kind: 'checked'; readonly at: Instant; readonly tookMs: number }
  | { readonly kind: 'damaged'; readonly at: Instant; readonly findings: readonly string[]; readonly detail: string }
  /** Only what searches go by was damaged, which is made anew from what was received, or was. */
  | { readonly kind: 'mending' | 'mended'; readonly at: Instant; readonly detail: string }
  /** Nothing can be said: the look itself failed, or took too long. */
  | { readonly kind: 'unknown'; readonly at: Instant; readonly detail: string }

/** How backups stand. `failing` is the last attempt; earlier backups are there all the same. */
export type BackupHealth =
  | { readonly kind: 'ok'; readonly newestAt: Instant | null }
  | { readonly kind: 'making'; readonly since: Instant; readonly newestAt: Instant | null }
  | { readonly kind: 'failing'; readonly since: Instant; readonly newestAt: Instant | null; readonly detail: string }

/** Whether the history is letting go of what is old. */
export type RetentionHealth =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly since: Instant }
  /** What went before is gone, and the history holds; `detail` is for people. */
  | { readonly kind: 'failing'; readonly at: Instant; readonly detail: string }

/** A backup that was verified when it was made. */
export type BackupFile = {
  readonly name: string
  readonly madeAt: Instant
  /** Deliveries in it. */
  readonly deliveries: number
  readonly bytes: number
  /** Made before the history was brought up to date from this schema; null for one of the schedule. */
  readonly beforeSchema: number | null
}

/** The backups, newest first, and where they lie. */
export type BackupList = { readonly folder: string; readonly backups: readonly BackupFile[] }

/** `detail` is for people: what came of it. */
export type BackupMade =
  | { readonly kind: 'made' | 'nothing-to-back-up' | 'cancelled'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }

/** What may go: what is too old, and the oldest where the history is too large. At least one of the two is asked for. */
export type RetentionChoice = {
  /** By its last change, and by when that came; null: none goes for its age. */
  readonly olderThanDays: number | null
  /** null: every kind, and deliveries that hold no detection as well. */
  readonly kinds: readonly Kind[] | null
  /** Of the history without its free room; null: none goes for its size. */
  readonly maxBytes: number | null
  /** Also what nobody has taken up yet stays. */
  readonly keepsNew: boolean
}

export const leastDays = 1
export const mostDays = 36_500
export const leastBytes = 10_000_000
export const mostBytes = 1_000_000_000_000_000

/** Why something as old stays: marked to keep, its triage is open, not taken up, still ongoing, received since, or another kind. */
export type StaysBecause = 'kept' | 'open-triage' | 'new' | 'ongoing' | 'young' | 'other-kind'

export type RetentionCounts = {
  /** null counts believed deliveries that hold no detection. */
  readonly kind: string | null
  readonly detections: number
  /** Of these nobody ever opened. */
  readonly unread: number
  readonly deliveries: number
  /** About. */
  readonly bytes: number
  /** By last change, epoch ms. */
  readonly oldestAt: number
  readonly newestAt: number
}

export type RetentionReport = {
  readonly goes: readonly RetentionCounts[]
  /** As old, or as much too much, and not touched. */
  readonly stays: Readonly<Partial<Record<StaysBecause, number>>>
  readonly usedBytes: number
  /** What the history takes afterwards; about, in a preview. */
  readonly leftBytes: number
  readonly longestSliceMs: number
  /** false where it was ended before it was through. What went is gone, and all of it holds. */
  readonly isWhole: boolean
}

/** `detail` is for people: what happened, and what is safe. */
export type RetentionApplied =
  { readonly kind: 'applied'; readonly report: RetentionReport } | { readonly kind: 'refused' | 'failed'; readonly detail: string }

export type RetentionSaved = { readonly kind: 'saved' } | { readonly kind: 'refused'; readonly detail: string }
