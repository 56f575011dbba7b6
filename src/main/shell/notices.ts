import type { ProofHealth } from '../../shared/health.ts'
import type { Notice } from '../../shared/ipc.ts'
import { proofWords } from '../../shared/proof-words.ts'
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

/** What happened to the history while nobody looked; null where nothing did. The window says the same for as long as it holds. */
export function proofNote(proof: ProofHealth): Note | null {
  const words = proofWords(proof, (at) => new Date(at).toLocaleString('en-GB'))
  return words === null ? null : { title: words.title, body: words.text, urgency: 'urgent', key: null }
}
