import type { Command } from './keys.ts'

/** A key, or one after another, and what it does: the one list that the keyboard, the help and the palette are made of. */
export type Shortcut = { readonly keys: readonly string[]; readonly words: string; readonly command: Command }

export const shortcuts: readonly Shortcut[] = [
  { keys: ['j'], words: 'Next detection; arrows do the same', command: 'down' },
  { keys: ['k'], words: 'Previous detection', command: 'up' },
  { keys: ['Enter'], words: 'Open the detection', command: 'open' },
  { keys: ['x'], words: 'Select it; Shift with arrows or a click selects a range', command: 'mark' },
  { keys: ['a'], words: 'Acknowledge', command: 'acknowledge' },
  { keys: ['e'], words: 'Done', command: 'done' },
  { keys: ['s'], words: 'Snooze', command: 'snooze' },
  { keys: ['u'], words: 'Mark as unread', command: 'unread' },
  { keys: ['z'], words: 'Undo', command: 'undo' },
  { keys: ['Esc'], words: 'Close what is open, or clear the search', command: 'close' },
  { keys: ['/'], words: 'Search', command: 'search' },
  { keys: ['Ctrl', 'K'], words: 'Every command, by name', command: 'palette' },
  { keys: ['Alt', '←'], words: 'Back to where you were', command: 'back' },
  { keys: ['Alt', '→'], words: 'Forward again', command: 'forward' },
  { keys: ['g', 't'], words: 'Go to the timeline', command: { go: 'timeline' } },
  { keys: ['g', 'i'], words: 'Go to the inbox', command: { go: 'inbox' } },
  { keys: ['g', 'e'], words: 'Go to the entities', command: { go: 'entities' } },
  { keys: ['g', 'p'], words: 'Go to posture', command: { go: 'posture' } },
  { keys: ['g', 'a'], words: 'Go to ATT&CK', command: { go: 'attack' } },
  { keys: ['g', 'w'], words: 'While you were away', command: { go: 'digest' } },
  { keys: ['g', 'r'], words: 'Go to the rules', command: { go: 'rules' } },
  { keys: ['g', 'c'], words: 'Go to the connections', command: { go: 'connections' } },
  { keys: ['g', 'q'], words: 'Go to quarantine', command: { go: 'connections', place: 'quarantine' } },
  { keys: ['g', 'd'], words: 'Go to drift', command: { go: 'connections', place: 'drift' } },
  { keys: ['g', 's'], words: 'Go to the settings', command: { go: 'settings' } },
  { keys: ['?'], words: 'This help', command: 'help' },
]

/** What a key means only where it is: in the list, or in what is being written. */
export type PlaceCommand = 'first' | 'last' | 'all' | 'save'

export const placeShortcuts: readonly { readonly keys: readonly string[]; readonly words: string; readonly command: PlaceCommand }[] = [
  { keys: ['Home'], words: 'In the list: its first', command: 'first' },
  { keys: ['End'], words: 'In the list: its last', command: 'last' },
  { keys: ['Ctrl', 'A'], words: 'In the list: select all', command: 'all' },
  { keys: ['Ctrl', 'Enter'], words: 'Save the note or the rules', command: 'save' },
]

/** The keys of a command, to be shown beside its name. */
export function keysOf(command: Command | PlaceCommand): readonly string[] | undefined {
  return [...shortcuts, ...placeShortcuts].find((shortcut) => JSON.stringify(shortcut.command) === JSON.stringify(command))?.keys
}
