import type { Instant } from '../../shared/detection.ts'
import { toVisible } from './safe-text.ts'
import { clockTime, dayName, dayOf } from './time.ts'

export type Marked = {
  readonly before: string
  /** What is underlined; '' where something is missing there. */
  readonly about: string
  readonly after: string
  /** The same for the ear. */
  readonly said: string
}

/** As much of the text around the mark as a line of the smallest window holds. */
const around = 36
const mostAbout = 48

/** The text with the characters that a refusal is about, cut to what fits a line. */
export function toMarked({ text, at, length }: { readonly text: string; readonly at: number; readonly length: number }): Marked {
  const from = Math.min(at, text.length)
  const about = text.slice(from, from + length)
  const before = text.slice(0, from)
  const after = text.slice(from + length)
  return {
    before: before.length > around ? `…${toVisible(before.slice(-around))}` : toVisible(before),
    about: toVisible(about, mostAbout),
    after: toVisible(after, around),
    said:
      about === ''
        ? after === ''
          ? 'At the end of the search.'
          : `At character ${from + 1}.`
        : `It is about “${toVisible(about, 120)}”, character ${from + 1}.`,
  }
}

/** How far back a search came: a day, and the time where it is a recent one. */
export function searchedBackTo(searchedTo: Instant, today: string, timeZone?: string): string {
  const name = dayName(dayOf(Date.parse(searchedTo), timeZone), today)
  const isRecent = name === 'Today' || name === 'Yesterday'
  return isRecent ? `${name.toLowerCase()}, ${clockTime(searchedTo, timeZone)}` : name
}
