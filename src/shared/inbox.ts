import type { DetectionKey, Instant, Kind, Trust } from './detection.ts'
import type { Gap } from './inlets.ts'

/** Why nothing was said. Every silence has a name, so that "why was I not told?" has an answer. */
export const silences = ['off', 'imported', 'focused', 'unchanged', 'resolved', 'continuing', 'burst', 'backlog'] as const
export type Silence = (typeof silences)[number]

/** What became of one change: it was said (in a note of its own or one of several), or it was kept quiet. */
export type Said = { readonly kind: 'told'; readonly urgency: 'normal' | 'urgent' } | { readonly kind: 'quiet'; readonly because: Silence }

/** One line of the inbox: what was notified, and what was not and why, by the change it is about. */
export type InboxLine = {
  readonly id: number
  readonly at: Instant
  readonly said: Said
  readonly key: DetectionKey
  readonly kindOfDetection: Kind
  readonly type: string
  readonly entityType: string | null
  readonly entityId: string | null
  readonly confidence: number | null
  readonly trust: Trust
  readonly status: string
  readonly isUnread: boolean
}
export const inboxFilters = ['all', 'told', 'quiet'] as const
export type InboxFilter = (typeof inboxFilters)[number]
export type InboxPage = {
  readonly lines: readonly InboxLine[]
  /** Continues strictly before this id; null at the end. */ readonly next: number | null
}

/** One ranked page: what happened while nobody looked. */
export type Digest = {
  readonly since: Instant
  readonly until: Instant
  /** The most urgent first: trusted before unsigned, then by confidence, then the newest; at most 50 each. */
  readonly threats: readonly DigestLine[]
  readonly newPosture: readonly DigestLine[]
  readonly resolvedPosture: readonly DigestLine[]
  readonly counts: { readonly threats: number; readonly newPosture: number; readonly resolvedPosture: number; readonly quiet: number }
  readonly gaps: readonly Gap[]
  /** What was kept quiet, by reason, most first. */
  readonly quiet: readonly { readonly because: Silence; readonly count: number }[]
  /** false where more changed than was looked at (the newest 20,000 changes). */
  readonly isExact: boolean
}
export type DigestLine = {
  readonly key: DetectionKey
  readonly type: string
  readonly status: string
  readonly trust: Trust
  readonly entityType: string | null
  readonly entityId: string | null
  readonly sourceType: string | null
  readonly confidence: number | null
  readonly at: Instant
}
