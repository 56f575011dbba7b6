import { Notification } from 'electron'
import type { DetectionKey } from '../../shared/detection.ts'
import type { Notifier } from '../notify/notify.ts'
import { noteText } from './plain-text.ts'

export type NotifierParts = {
  /** The key of the one detection the note was about, or null where it was about many. */
  readonly onClick: (key: DetectionKey | null) => void
  /** In words: notes do not reach the desktop. Told at every failure; the caller says it once. */
  readonly onTrouble: (detail: string) => void
}

/** Notes whose objects are kept. Older ones can still be read, a click on them is no longer heard. */
const kept = 50

/** Raises notes natively, from main, since the window may be gone. */
export function createNotifier(parts: NotifierParts): Notifier & { stop(): Promise<void> } {
  const { onClick, onTrouble } = parts
  // Without a reference the object is collected, and its click with it.
  const open = new Set<Notification>()
  let stopped = false

  function forget(notification: Notification): void {
    open.delete(notification)
    notification.removeAllListeners()
  }

  return {
    show(note) {
      if (stopped) return
      if (!Notification.isSupported()) {
        onTrouble('This desktop has no notification service, so nothing can be announced. Detections are on the timeline all the same.')
        return
      }
      const { title, body } = noteText(note, process.platform)
      // Without an icon of its own: on Linux it would travel over the bus as raw pixels, a mebibyte for every note.
      const notification = new Notification({ title, body, urgency: note.urgency === 'urgent' ? 'critical' : 'normal' })
      notification.once('click', () => {
        forget(notification)
        onClick(note.key)
      })
      notification.once('close', () => forget(notification))
      notification.once('failed', () => {
        forget(notification)
        onTrouble('The desktop refused a notification. Detections are on the timeline all the same.')
      })
      open.add(notification)
      const [oldest] = open
      if (open.size > kept && oldest !== undefined) forget(oldest)
      notification.show()
    },
    async stop() {
      stopped = true
      for (const notification of open) forget(notification)
    },
  }
}
