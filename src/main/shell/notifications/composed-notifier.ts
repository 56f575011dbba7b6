import type { Socket } from 'node:net'
import type { NotificationContent } from '../../../shared/settings.ts'
import type { NotificationId } from '../../../shared/inbox.ts'
import type { Note, NoteAction, Notifier, Shown, Target } from '../../notify/notifier.ts'
import { createDesktopService, type Known, type OnDesktop } from './desktop-service.ts'
import { createElectronNotes, mostKept, type ElectronNotesParts } from './electron-notes.ts'
import { createLockedScreen } from './locked-screen.ts'
import { shapeOf, type Shape } from './notify-call.ts'
import { createSessionBus } from './session-bus.ts'

export type NotifierEvents = {
  /** A notification was clicked, here or in the desktop's list of them, whether or not there is a window. */
  readonly onChosen: (target: Target) => void
  readonly onAction: (id: NotificationId, action: NoteAction) => void
  /** It is gone from the desktop, by whatever way. */
  readonly onClosed: (id: NotificationId) => void
}
export type ComposedParts = NotifierEvents & {
  /** What notifications may say. Asked for each. */
  readonly content: () => NotificationContent
  /** What a notification of an earlier run is about, by its number and the service that numbered it; null where it is not ours. */
  readonly knownAs: (nativeId: number, service: string) => Known | null
  /** By what numbers this service may still show what earlier runs told. */
  readonly earlierNumbers: (service: string) => readonly number[]
  /** One that was shown again is known by another number now, perhaps. */
  readonly onMoved: (id: NotificationId, nativeId: number, service: string) => void
  /** A socket to the session bus on Linux, null where there is no bus; null elsewhere. */
  readonly connect: (() => Socket | null) | null
  readonly electron: Pick<ElectronNotesParts, 'platform' | 'isSupported' | 'make'>
  /** As the system says it where no session bus does: whether it is locked, and when it becomes so. */
  readonly watchScreen: (onLocked: () => void) => { isLocked(): boolean; stop(): void }
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
/** Of what is on a screen that locks, the newest are shown again; what is older is taken away. */
const mostShownAgain = 20
/** A desktop that does not show them again in this time does not keep Tocsin from ending. */
const mostEndMs = 500
/** Not every desktop tells that a note is gone. No more than can be closed. */
const mostInFull = mostKept

/** Raises notes natively, from main, since the window may be gone: by the desktop's own service where it has one, by Electron elsewhere. */
export function composeNotifier(parts: ComposedParts): DesktopNotifier {
  const { content, onChosen, onAction, schedule } = parts
  /** Notes that are on the screen with their content, the oldest first. */
  const inFull = new Map<NotificationId, Note>()
  /** Of those, what one that is on its way is to take the place of: it stays there where the desktop does not take the other. */
  const beneath = new Map<NotificationId, Note>()
  const onClosed = (id: NotificationId): void => {
    inFull.delete(id)
    beneath.delete(id)
    parts.onClosed(id)
  }
  const electron = createElectronNotes({ ...parts.electron, onChosen: ({ target }) => onChosen(target), onAction, onClosed, schedule })
  const screen = createLockedScreen({ onLocked: hide, schedule })
  const system = parts.watchScreen(hide)
  const service = createDesktopService({
    connection: () => bus.connection(),
    knownAs: parts.knownAs,
    earlierNumbers: parts.earlierNumbers,
    onChosen,
    onAction,
    onClosed,
    onForgotten() {
      inFull.clear()
      beneath.clear()
    },
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
  /** Nobody can hide a note once Tocsin has ended: what may not be read on a locked screen is hidden before. */
  let isEnding = false
  let isStopped = false
  // At once: clicks on what an earlier run showed come by it, and so does whether the user may be disturbed.
  const looked = Promise.race([
    bus.connection().then(service.looked),
    new Promise<void>((resolve) => {
      schedule(resolve, mostLookMs)
    }),
  ])

  const isScreenLocked = (): boolean => screen.isLocked() || system.isLocked()

  function isHidden(): boolean {
    const wanted = content()
    return wanted === 'hidden' || (wanted === 'hidden-when-locked' && (isEnding || isScreenLocked()))
  }

  async function handOver(note: Note): Promise<{ readonly shown: Shown; readonly isInFull: boolean }> {
    const known = { id: note.id, target: note.target }
    let isInFull = false
    const shape = (): Shape => {
      isInFull = !isHidden()
      return shapeOf(note, !isInFull)
    }
    const answered = parts.connect === null ? null : await service.show(known, shape, (late) => cameLate(note, late, isInFull))
    if (answered !== null && answered.kind !== 'missing') return { shown: answered, isInFull: isInFull && answered.kind === 'shown' }
    // Electron takes the earlier one away first.
    if (note.id !== null) beneath.delete(note.id)
    const shown = await electron.show(known, shape())
    return { shown, isInFull: isInFull && shown.kind === 'shown' }
  }

  async function show(note: Note): Promise<Shown> {
    const { id } = note
    const before = id === null ? undefined : inFull.get(id)
    if (id !== null && before !== undefined) {
      inFull.delete(id)
      beneath.set(id, before)
    }
    const { shown, isInFull } = await handOver(note)
    if (id === null) return shown
    // One that came late, and that it took the place of.
    if (shown.kind === 'shown') inFull.delete(id)
    const there = isInFull ? note : shown.kind === 'not-shown' ? beneath.get(id) : undefined
    beneath.delete(id)
    if (there === undefined) return shown
    keep(id, there)
    return shown
  }

  function keep(id: NotificationId, note: Note): void {
    inFull.set(id, note)
    const [oldest] = inFull.keys()
    if (inFull.size > mostInFull && oldest !== undefined) inFull.delete(oldest)
    // The screen was locked while it was on its way.
    if (isHidden()) hide()
  }

  /** A slow desktop shows what was given up: it can be read, and clicked, like any other. */
  function cameLate(note: Note, late: OnDesktop, isInFull: boolean): void {
    if (note.id === null || isStopped) return
    parts.onMoved(note.id, late.nativeId, late.service)
    if (isInFull) keep(note.id, note)
  }

  async function close(id: NotificationId): Promise<void> {
    inFull.delete(id)
    beneath.delete(id)
    electron.close(id)
    await service.close(id)
  }

  async function hideOne(id: NotificationId, note: Note): Promise<void> {
    // Meanwhile it was closed, or another one took its place.
    if (inFull.get(id) !== note) return
    inFull.delete(id)
    const shown = await show({ ...note, hasSound: false })
    if (shown.kind === 'not-shown') return close(id)
    if (shown.nativeId !== null && shown.service !== null) parts.onMoved(id, shown.nativeId, shown.service)
  }

  /**
   * What is on a screen that was locked is there to be read by whoever passes: it is shown again without its content, and without a sound. What
   * earlier runs left there is taken away.
   */
  function hide(): void {
    if (isStopped || !isHidden()) return
    void hideAll()
    void service.closeEarlier()
  }

  async function hideAll(): Promise<void> {
    const newestFirst = [...inFull].reverse()
    const closed = newestFirst.slice(mostShownAgain).map(([id]) => close(id))
    for (const [id, note] of newestFirst.slice(0, mostShownAgain)) await hideOne(id, note)
    await Promise.all(closed)
  }

  return {
    show: async (note) => (isStopped ? { kind: 'not-shown', detail: 'Tocsin was about to quit.' } : show(note)),
    isInhibited: service.isInhibited,
    isScreenLocked,
    looked: () => looked,
    close: (id) => void close(id),
    async stop() {
      isEnding = true
      if (isHidden()) await Promise.race([hideAll(), new Promise<void>((resolve) => void schedule(resolve, mostEndMs))])
      isStopped = true
      system.stop()
      bus.stop()
      electron.stop()
    },
  }
}
