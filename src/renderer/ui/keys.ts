import type { View } from '../../shared/view.ts'
import type { Place } from '../state/location.ts'

/** What a key asks of the shell. */
export type Command = 'search' | 'help' | 'close' | 'down' | 'up' | 'open' | { readonly go: View; readonly place?: Place }

/** The part of a keyboard event that decides. */
export type Key = {
  readonly key: string
  readonly isModified: boolean
  /** A field that takes text has the focus. */
  readonly isTyping: boolean
  /** A button, a link or the like has the focus and does its own thing on Enter. */
  readonly isControl: boolean
}

const places: Readonly<Record<string, Exclude<Command, string>>> = {
  t: { go: 'timeline' },
  c: { go: 'connections' },
  q: { go: 'connections', place: 'quarantine' },
  d: { go: 'connections', place: 'drift' },
  s: { go: 'settings' },
}
const commands: Readonly<Record<string, Command>> = { '/': 'search', '?': 'help', j: 'down', ArrowDown: 'down', k: 'up', ArrowUp: 'up' }
const chordMs = 1_500

/** Reads keys one at a time; `g` waits for the letter of a view. */
export function createKeys(now: () => number): (key: Key) => Command | null {
  let goSince: number | null = null
  return ({ key, isModified, isTyping, isControl }) => {
    const isGoing = goSince !== null && now() - goSince <= chordMs
    goSince = null
    if (isModified) return null
    if (key === 'Escape') return 'close'
    if (isTyping) return null
    const place = places[key]
    if (isGoing && place) return place
    if (key === 'g') goSince = now()
    if (key === 'Enter') return isControl ? null : 'open'
    return commands[key] ?? null
  }
}
