import type { DetectionKey, Instant } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Triaged, TriageChange, TriageOf } from '../../shared/triage.ts'
import type { Note, NoteAction } from '../notify/notifier.ts'
import { notDoneNote } from './notices.ts'

/** How long the button of a notification lets its detections sleep. */
export const snoozeMs = 3_600_000

const notDone: Readonly<Record<NoteAction, string>> = {
  acknowledge: 'Acknowledging did not go as asked',
  snooze: 'Snoozing did not go as asked',
}

/** What the buttons of a notification do, with the window open or gone: for all that it told of. Nothing is said of it but that it failed. */
export function createNoteActions(parts: {
  /** What one notification told of. */
  readonly keysOf: (notification: NotificationId) => Promise<readonly DetectionKey[]> | readonly DetectionKey[]
  readonly write: (wanted: { readonly of: TriageOf; readonly change: TriageChange }) => Promise<Triaged>
  readonly close: (notification: NotificationId) => void
  readonly show: (note: Note) => unknown
  readonly onFault: (error: unknown) => void
  readonly now: () => number
}): (notification: NotificationId, action: NoteAction) => Promise<void> {
  const { keysOf, write, close, show, onFault, now } = parts

  function changeOf(action: NoteAction): TriageChange {
    if (action === 'acknowledge') return { state: 'acknowledged' }
    return { snoozedUntil: new Date(now() + snoozeMs).toISOString() as Instant }
  }

  return async (notification, action) => {
    // Many desktops close it at the press of a button, others leave it to us.
    close(notification)
    try {
      const triaged = await write({ of: { kind: 'keys', keys: await keysOf(notification) }, change: changeOf(action) })
      if (triaged.kind !== 'triaged') show(notDoneNote(notDone[action], triaged.detail))
    } catch (error) {
      onFault(error)
      show(notDoneNote(notDone[action], 'Nothing was changed. Open the inbox and try there; the log says more.'))
    }
  }
}
