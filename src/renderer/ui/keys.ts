import type { View } from '../../shared/view.ts'
import type { Place } from '../state/location.ts'
import { shortcuts } from './shortcuts.ts'

/** What a key asks of the shell. */
export type Command =
  | 'search'
  | 'help'
  | 'palette'
  | 'close'
  | 'down'
  | 'up'
  | 'open'
  | 'mark'
  | 'acknowledge'
  | 'done'
  | 'snooze'
  | 'unread'
  | 'undo'
  | 'back'
  | 'forward'
  | { readonly go: View; readonly place?: Place }

/** The part of a keyboard event that decides. */
export type Key = {
  readonly key: string
  /** Ctrl, or ⌘ where the computer has it. */
  readonly isControlled: boolean
  /** Alt, and nothing with it. */
  readonly isAlt?: boolean
  readonly isModified: boolean
  /** A field that takes text has the focus. */
  readonly isTyping: boolean
  /** A button, a link or the like has the focus and does its own thing on Enter. */
  readonly isControl: boolean
}

const chords = new Map(shortcuts.flatMap(({ keys: [first, second], command }) => (first === 'g' && second ? [[second, command]] : [])))
const commands = new Map(shortcuts.flatMap(({ keys, command }) => (keys.length === 1 && keys[0] ? [[keys[0], command]] : [])))
const arrows: Readonly<Record<string, Command>> = { ArrowDown: 'down', ArrowUp: 'up' }
const chordMs = 1_500

/** Reads keys one at a time; `g` waits for the letter of a view. */
export function createKeys(now: () => number): (key: Key) => Command | null {
  let goSince: number | null = null
  return ({ key, isControlled, isAlt, isModified, isTyping, isControl }) => {
    const isGoing = goSince !== null && now() - goSince <= chordMs
    goSince = null
    if (isControlled && key.toLowerCase() === 'k') return 'palette'
    // The keys of browsers, which a window without their bar has not: a field moves by words with some of them.
    if (!isTyping && ((isAlt && key === 'ArrowLeft') || (isControlled && key === '['))) return 'back'
    if (!isTyping && ((isAlt && key === 'ArrowRight') || (isControlled && key === ']'))) return 'forward'
    // A field undoes what was typed in it.
    if (isControlled && key.toLowerCase() === 'z' && !isTyping) return 'undo'
    if (isModified) return null
    if (key === 'Escape') return 'close'
    if (isTyping) return null
    const place = chords.get(key)
    if (isGoing && place) return place
    if (key === 'g') goSince = now()
    if (key === 'Enter') return isControl ? null : 'open'
    return arrows[key] ?? commands.get(key) ?? null
  }
}
