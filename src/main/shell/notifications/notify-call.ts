import type { Note, NoteAction } from '../../notify/notifier.ts'
import { escapeMarkup, longestBody, longestTitle, plain } from '../plain-text.ts'

/** What of a note is to be seen, and done, this time: its content may be hidden. */
export type Shape = Pick<Note, 'title' | 'body' | 'urgency' | 'hasSound' | 'actions'>

/** As buttons are named. */
export const actionWords: Readonly<Record<NoteAction, string>> = { acknowledge: 'Acknowledge', snooze: 'Snooze for 1 hour' }

export function isNoteAction(name: unknown): name is NoteAction {
  return typeof name === 'string' && Object.hasOwn(actionWords, name)
}

/** What is shown of a note. A lock screen has no buttons either: whoever passes by could press them. */
export function shapeOf(note: Note, isHidden: boolean): Shape {
  const { urgency, hasSound } = note
  return isHidden ? { ...note.hidden, urgency, hasSound, actions: [] } : note
}

/** The signature of what `notifyBody` makes, by the Desktop Notifications Specification. */
export const notifySignature = 'susssasa{sv}i'

/** The arguments of Notify for a service that can do so much; `replaces` is the number of the notification whose place it takes, 0 for none. */
export function notifyBody(shape: Shape, can: ReadonlySet<string>, replaces: number): readonly unknown[] {
  const body = plain(shape.body, longestBody)
  const isUrgent = shape.urgency === 'urgent'
  const hints: (readonly [string, readonly [string, unknown]])[] = [
    ['urgency', ['y', isUrgent ? 2 : 1]],
    ['desktop-entry', ['s', 'tocsin']],
    ['category', ['s', 'x-tocsin.detection']],
    shape.hasSound ? ['sound-name', ['s', 'message-new-instant']] : ['suppress-sound', ['b', true]],
  ]
  return [
    'Tocsin',
    replaces,
    // The icon of the desktop entry: one of its own would travel as a path, which a packed app has none for.
    '',
    plain(shape.title, longestTitle),
    can.has('body-markup') ? escapeMarkup(body) : body,
    // Without them a service may show buttons that it does not tell of.
    can.has('actions') ? ['default', 'Open', ...shape.actions.flatMap((action) => [action, actionWords[action]])] : [],
    hints,
    isUrgent ? never : serviceDecides,
  ]
}

const serviceDecides = -1
const never = 0
