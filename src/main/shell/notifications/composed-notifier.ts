import type { Socket } from 'node:net'
import type { NotificationContent } from '../../../shared/settings.ts'
import type { NotificationId } from '../../../shared/inbox.ts'
import type { Note, NoteAction, Notifier, Shown, Target } from '../../notify/notifier.ts'
import { createDesktopService, type Known } from './desktop-service.ts'
import { createElectronNotes, type ElectronNotesParts } from './electron-notes.ts'
import { createLockedScreen } from './locked-screen.ts'
import { shapeOf } from './notify-call.ts'
import { createSessionBus } from './session-bus.ts'

export type NotifierEvents = {
  /** A notification was clicked, here or in the desktop's list of them, whether or not there is a window. */
  readonly onChosen: (target: Target) => void
  readonly onAction: (id: NotificationId, action: NoteAction) => void
  /** It is gone from the desktop, by whatever way. */
  readonly onClosed: (id: NotificationId) => void
  /** In words: notes do not reach the desktop. Told at every failure; the caller says it once. */
  readonly onTrouble: (detail: string) => void
}
export type ComposedParts = NotifierEvents & {
  /** What notifications may say. Asked for each. */
  readonly content: () => NotificationContent
  /** What a notification of an earlier run is about, by its number and the service that numbered it; null where it is not ours. */
  readonly knownAs: (nativeId: number, service: string) => Known | null
  /** A socket to the session bus on Linux, null where there is no bus; null elsewhere. */
  readonly connect: (() => Socket | null) | null
  readonly electron: Pick<ElectronNotesParts, 'platform' | 'isSupported' | 'make'>
  /** As the system says it where no session bus does. */
  readonly isScreenLocked: () => boolean
  readonly schedule: (task: () => void, afterMs: number) => () => void
}

export type DesktopNotifier = Notifier & {
  /** As far as the system or the desktop says so. */
  isScreenLocked(): boolean
  /** Resolves as soon as it is known whether the user may be disturbed now, and in a moment in any case. */
  looked(): Promise<void>
  /** Takes one away that is still there. */
  close(id: NotificationId): void
  stop(): Promise<void>
}

const mostLookMs = 1_000

/** Raises notes natively, from main, since the window may be gone: by the desktop's own service where it has one, by Electron elsewhere. */
export function composeNotifier(parts: ComposedParts): DesktopNotifier {
  const { content, onChosen, onAction, onClosed, onTrouble, schedule } = parts
  const electron = createElectronNotes({ ...parts.electron, onChosen: ({ target }) => onChosen(target), onAction, onClosed, schedule })
  const screen = createLockedScreen({ schedule })
  const service = createDesktopService({
    connection: () => bus.connection(),
    knownAs: parts.knownAs,
    onChosen,
    onAction,
    onClosed,
    schedule,
  })
  const bus = createSessionBus({
    connect: parts.connect ?? (() => null),
    onOpened(opened) {
      service.opened(opened)
      screen.opened(opened)
    },
    onEnded() {
      service.ended()
      screen.ended()
    },
    schedule,
  })
  let isStopped = false
  // At once: clicks on what an earlier run showed come by it, and so does whether the user may be disturbed.
  const looked = Promise.race([
    bus.connection().then(service.looked),
    new Promise<void>((resolve) => {
      schedule(resolve, mostLookMs)
    }),
  ])

  const isScreenLocked = (): boolean => screen.isLocked() || parts.isScreenLocked()

  function isHidden(): boolean {
    const wanted = content()
    return wanted === 'hidden' || (wanted === 'hidden-when-locked' && isScreenLocked())
  }

  async function show(note: Note): Promise<Shown> {
    const known = { id: note.id, target: note.target }
    const shape = () => shapeOf(note, isHidden())
    const shown = parts.connect === null ? null : await service.show(known, shape)
    return shown === null || shown.kind === 'missing' ? electron.show(known, shape()) : shown
  }

  return {
    async show(note) {
      if (isStopped) return { kind: 'not-shown', detail: 'Tocsin was about to quit.' }
      const shown = await show(note)
      if (shown.kind === 'not-shown' && !isStopped) onTrouble(shown.detail)
      return shown
    },
    isInhibited: service.isInhibited,
    isScreenLocked,
    looked: () => looked,
    close(id) {
      service.close(id)
      electron.close(id)
    },
    async stop() {
      isStopped = true
      bus.stop()
      electron.stop()
    },
  }
}
