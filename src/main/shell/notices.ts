import type { ProofHealth } from '../../shared/health.ts'
import type { Notice } from '../../shared/ipc.ts'
import { proofWords } from '../../shared/proof-words.ts'
import type { Note, Urgency } from '../notify/notifier.ts'

/** Said once, on the desktop and in the window, when closing could only minimise. */
const title = 'Tocsin keeps listening, minimised'
const text = 'This desktop has no tray, so the window was minimised instead of closed. To stop receiving, quit with Ctrl+Q.'
export const minimisedNotice: Notice = { id: 'minimised', tone: 'info', title, text }
export const minimisedNote: Note = aboutTocsin({ title, body: text }, 'normal')

/** What happened to the history while nobody looked; null where nothing did. The window says the same for as long as it holds. */
export function proofNote(proof: ProofHealth): Note | null {
  const words = proofWords(proof, (at) => new Date(at).toLocaleString('en-GB'))
  return words === null ? null : aboutTocsin({ title: words.title, body: words.text }, 'urgent')
}

/** A button on a notification did nothing. */
export function notDoneNote(what: string, detail: string): Note {
  return aboutTocsin({ title: what, body: detail }, 'normal')
}

/** It speaks of no detection, so there is nothing to hide. */
function aboutTocsin(words: { readonly title: string; readonly body: string }, urgency: Urgency): Note {
  return { id: null, ...words, hidden: words, urgency, hasSound: urgency === 'urgent', target: { kind: 'timeline' }, actions: [] }
}
