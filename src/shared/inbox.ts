import type { DetectionKey, Instant, Kind, Trust } from './detection.ts'
import type { Gap } from './inlets.ts'

/** Why nothing was said. Every silence has a name, so that "why was I not told?" has an answer. */
export const silences = [
  /** Notifications are turned off. */ 'off',
  /** An import brought it. */ 'imported',
  /** Its status did not change, nor did it become urgent for the first time in a while. */ 'duplicate',
  'resolved',
  'continuing',
  'suppressed',
  /** All of Tocsin is muted. */ 'muted',
  'muted-entity',
  'muted-type',
  'muted-source',
  /** A rule of the user's says so. */ 'rule',
  /** A rule of the user's keeps it for the digest. */ 'digest',
  'snoozed',
  'quiet-hours',
  'do-not-disturb',
  'focused',
  /** A posture issue of its type was told within the hour. */ 'repeated',
  'burst',
  'backlog',
  /** Tocsin was not running when it should have been told, for too long. */ 'stale',
  /** The desktop could not show it. */ 'not-shown',
  /** What was kept of it is damaged, so nothing could be decided about it after the start. */ 'unreadable',
] as const
export type Silence = (typeof silences)[number]

declare const notificationId: unique symbol
/** One native notification, which may have told of many changes and may have been updated in place. */
export type NotificationId = number & { readonly [notificationId]: true }

/**
 * What became of one change: it was said (in a notification of its own or one of several), or it was kept quiet. It is not certain that it was
 * seen where Tocsin ended in the middle of telling: it is never told twice.
 */
export type Said =
  | {
      readonly kind: 'told'
      readonly urgency: 'normal' | 'urgent'
      readonly notification: NotificationId | null
      readonly isCertain: boolean
    }
  | { readonly kind: 'quiet'; readonly because: Silence }
/** With the rule that decided, by the name it had then; null where none did. */
export type SaidOf = { readonly at: Instant; readonly said: Said; readonly rule: string | null }

/** One line of the inbox: what was notified, and what was not and why, by the change it is about. */
export type InboxLine = {
  readonly id: number
  readonly at: Instant
  readonly said: Said
  /** The name of the rule that decided; null where none did. */
  readonly rule: string | null
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

declare const lookId: unique symbol
/** One mark as seen, and what takes it back as long as it is the last one that was made since Tocsin began. */
export type LookId = number & { readonly [lookId]: true }
/** null where as much was marked as seen already, so that nothing changed. */
export type DigestSeen = { readonly undo: LookId | null }
export type DigestUnseen = { readonly kind: 'undone' } | { readonly kind: 'refused'; readonly detail: string }

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
