import type { Notice } from '../../shared/ipc.ts'
import type { Note } from '../notify/compose.ts'

/** Said once, on the desktop and in the window, when closing could only minimise. */
const title = 'Tocsin keeps listening, minimised'
const text = 'This desktop has no tray, so the window was minimised instead of closed. To stop receiving, quit with Ctrl+Q.'
export const minimisedNotice: Notice = { id: 'minimised', tone: 'info', title, text }
export const minimisedNote: Note = { title, body: text, urgency: 'normal', key: null }

/** Native notifications do not reach the user. */
export function silentDesktopNotice(detail: string): Notice {
  return { id: 'silent-desktop', tone: 'trouble', title: 'Notifications do not reach this desktop', text: detail }
}
