import type { NotificationConstructorOptions } from 'electron'
import type { NotificationId } from '../../../shared/inbox.ts'
import type { NoteAction, Shown } from '../../notify/notifier.ts'
import { noteText } from '../plain-text.ts'
import type { Known } from './desktop-service.ts'
import { actionWords, type Shape } from './notify-call.ts'

/** What is used of Electron's Notification. */
export type NativeNotification = {
  once(event: 'click' | 'failed' | 'show', listener: () => void): unknown
  on(event: 'close', listener: (details?: { readonly reason?: string }) => void): unknown
  on(event: 'action', listener: (details: unknown, index: number) => void): unknown
  removeAllListeners(): unknown
  show(): void
  close(): void
}

/** Notifications by way of Electron: on macOS and Windows, and where a Linux desktop has none of its own. */
export type ElectronNotes = {
  show(known: Known, shape: Shape): Promise<Shown>
  close(id: NotificationId): void
  stop(): void
}

export type ElectronNotesParts = {
  readonly platform: string
  readonly isSupported: () => boolean
  readonly make: (options: NotificationConstructorOptions) => NativeNotification
  readonly onChosen: (known: Known) => void
  readonly onAction: (id: NotificationId, action: NoteAction) => void
  readonly onClosed: (id: NotificationId) => void
  readonly schedule: (task: () => void, afterMs: number) => () => void
}

/** Notifications whose objects are kept. Older ones can still be read, a click on them is no longer heard. */
export const mostKept = 500
/** A desktop that says for so long neither that it shows a notification nor that it does not. */
const answerMs = 5_000
const safe = 'Detections are in the inbox and on the timeline all the same.'

export function createElectronNotes(parts: ElectronNotesParts): ElectronNotes {
  const { platform, schedule } = parts
  // Without a reference the object is collected, and its click with it.
  const kept = new Map<NativeNotification, NotificationId | null>()

  function forget(notification: NativeNotification): void {
    kept.delete(notification)
    notification.removeAllListeners()
  }

  function takeAway(id: NotificationId): boolean {
    const mine = [...kept].flatMap(([notification, of]) => (of === id ? [notification] : []))
    for (const notification of mine) {
      forget(notification)
      notification.close()
    }
    return mine.length > 0
  }

  return {
    show(known, shape) {
      if (!parts.isSupported()) return Promise.resolve(notShown('This desktop has no notification service, so nothing can be announced.'))
      const { id } = known
      // Electron cannot write over one: the earlier goes, the later comes.
      if (id !== null) takeAway(id)
      // On Linux Electron would show none of them.
      const actions = platform === 'linux' ? [] : shape.actions
      // Without an icon of its own: on Linux it would travel over the bus as raw pixels, a mebibyte for every note.
      const notification = parts.make({
        ...noteText(shape, platform),
        silent: !shape.hasSound,
        urgency: shape.urgency === 'urgent' ? 'critical' : 'normal',
        ...(actions.length > 0 && { actions: actions.map((action) => ({ type: 'button' as const, text: actionWords[action] })) }),
      })
      return new Promise((resolve) => {
        const settle = (shown: Shown): void => {
          cancel()
          resolve(shown)
        }
        const cancel = schedule(() => settle(notShown('The desktop did not say whether it shows a notification.')), answerMs)
        notification.once('show', () => settle({ kind: 'shown', nativeId: null, service: null }))
        notification.once('click', () => {
          forget(notification)
          parts.onChosen(known)
          // It went with the click, and nothing more is heard of it.
          if (id !== null) parts.onClosed(id)
        })
        notification.on('action', (_details, index) => {
          const action = actions[index]
          if (id !== null && action !== undefined) parts.onAction(id, action)
        })
        notification.on('close', (details) => {
          // Only its time on the screen is over: it went to the notification centre, where it can be clicked, read and taken away.
          if (platform === 'win32' && details?.reason === 'timedOut') return
          forget(notification)
          // Electron says only so much of one that a Linux desktop did not take.
          settle(notShown('The desktop did not show a notification.'))
          if (id !== null) parts.onClosed(id)
        })
        notification.once('failed', () => {
          forget(notification)
          settle(notShown('The desktop refused a notification.'))
        })
        kept.set(notification, id)
        const [oldest] = kept.keys()
        if (kept.size > mostKept && oldest !== undefined) forget(oldest)
        notification.show()
      })
    },
    close(id) {
      if (takeAway(id)) parts.onClosed(id)
    },
    stop() {
      for (const notification of [...kept.keys()]) forget(notification)
    },
  }
}

function notShown(what: string): Shown {
  return { kind: 'not-shown', detail: `${what} ${safe}` }
}
