import { assertNever } from '../../../shared/assert-never.ts'
import type { Instant } from '../../../shared/detection.ts'
import { kindOf, type Gap, type GapEnd, type GapReason, type InletId } from '../../../shared/inlets.ts'
import { clockTime, dayName, dayOf, duration } from '../../ui/time.ts'

type Zone = string | undefined

/** Why a way in was not listening, in two words. */
export function reasonWords(because: GapReason, inlet: InletId): string {
  switch (because) {
    case 'asleep':
      return 'asleep'
    case 'app-closed':
      return 'Tocsin was closed'
    case 'offline':
      return 'no network'
    case 'relay-down':
      return kindOf(inlet) === 'relay' ? 'relay down' : 'server down'
    case 'tunnel-down':
      return 'tunnel down'
    case 'receiver-down':
      return 'port not free'
    case 'refused':
      return 'not let in'
    default:
      return assertNever(because)
  }
}

/** What became of what was sent meanwhile. */
export function endWords(end: GapEnd): string {
  const count = (value: number): string => value.toLocaleString('en')
  switch (end.kind) {
    case 'open':
      return 'it lasts'
    case 'backlog':
      return end.delivered === 0 ? 'nothing to keep came in' : `backlog of ${count(end.delivered)} came in`
    case 'lost': {
      const lost = end.count === null ? 'history lost: nobody knows how much' : `history lost: at least ${count(end.count)}`
      return end.delivered === 0 ? lost : `${lost}; ${count(end.delivered)} came in`
    }
    case 'unknown':
      return 'what was sent then is unknown'
    default:
      return assertNever(end)
  }
}

/** `14:02–15:10`, with the days where they are not `day`, the one it is listed under. Both days are as `dayOf` gives them. */
export function spanWords({ from, to }: Pick<Gap, 'from' | 'to'>, day: string, today: string, timeZone?: Zone): string {
  const fromDay = dayOf(Date.parse(from), timeZone)
  const start = `${fromDay === day ? '' : `${dayWords(fromDay, today)} `}${clockTime(from, timeZone)}`
  if (to === null) return `since ${start}`
  const toDay = dayOf(Date.parse(to), timeZone)
  const end = clockTime(to, timeZone)
  if (toDay === fromDay) return start === end ? start : `${start}–${end}`
  return `${start} – ${toDay === day ? '' : `${dayWords(toDay, today)} `}${end}`
}

/** Within a line: `yesterday`, `Friday 16 May`. */
function dayWords(day: string, today: string): string {
  const name = dayName(day, today)
  return name === 'Today' || name === 'Yesterday' ? name.toLowerCase() : name
}

export function lengthWords({ from, to }: Pick<Gap, 'from' | 'to'>, now: number): string {
  return duration(Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from)))
}

/** Everything about a gap in a line: `asleep 14:02–15:10 (1 h 8 min) · backlog of 312 came in`. */
export function gapWords(gap: Gap, today: string, now: number, timeZone?: Zone): string {
  const span = spanWords(gap, today, today, timeZone)
  return `${reasonWords(gap.because, gap.inlet)} ${span} (${lengthWords(gap, now)}) · ${endWords(gap.end)}`
}

/** How long a gap was, in ms; infinite while it lasts. */
export function msOf({ from, to }: { readonly from: Instant; readonly to: Instant | null }): number {
  return to === null ? Number.POSITIVE_INFINITY : Date.parse(to) - Date.parse(from)
}
