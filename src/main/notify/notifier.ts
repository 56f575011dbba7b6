import type { DetectionKey } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'

/** How loud a notification is: an urgent one may stay on the screen until it is seen. */
export type Urgency = 'normal' | 'urgent'

/** What a click opens: one detection, all that one notification told of, or the timeline. */
export type Target =
  | { readonly kind: 'detection'; readonly key: DetectionKey }
  | { readonly kind: 'group'; readonly notification: NotificationId }
  | { readonly kind: 'timeline' }

/** What can be done about it without opening the window, where the desktop has buttons. Snoozed for an hour. */
export const noteActions = ['acknowledge', 'snooze'] as const
export type NoteAction = (typeof noteActions)[number]

/** One native notification as plain text. Not yet safe for a desktop that parses markup: that is the notifier's part. */
export type Note = {
  /** A note with the number of one that is still there takes its place; null for one about Tocsin itself. */
  readonly id: NotificationId | null
  readonly title: string
  readonly body: string
  /** What stands in the place of both where their content is to be hidden. */
  readonly hidden: { readonly title: string; readonly body: string }
  readonly urgency: Urgency
  readonly hasSound: boolean
  readonly target: Target
  readonly actions: readonly NoteAction[]
}

/** `nativeId` is what the desktop numbers it, as long as `service` (its owner on the bus) lives; null where it has no numbers. */
export type Shown =
  | { readonly kind: 'shown'; readonly nativeId: number | null; readonly service: string | null }
  | { readonly kind: 'not-shown'; readonly detail: string }

/** Whatever can put a note in front of the user. */
export type Notifier = {
  /** Never rejects, and answers within ten seconds, whatever the desktop does. */
  show(note: Note): Promise<Shown>
  /** Whether the desktop says that it is not to be disturbed; false where it does not say. */
  isInhibited(): boolean
}
