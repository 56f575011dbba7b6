import { assertNever } from '../../shared/assert-never.ts'
import type { Instant } from '../../shared/detection.ts'
import type { Gap, GapEnd, GapReason } from '../../shared/inlets.ts'
import type { AgeBand } from '../../shared/posture.ts'

const minuteMs = 60_000

/** To the minute, in UTC. */
export function when(at: Instant | null): string {
  return at === null ? '–' : `${at.slice(0, 10)} ${at.slice(11, 16)}`
}

/** The day by this computer's calendar. */
export function day(at: Instant): string {
  const date = new Date(at)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
}

export const bandWords: Readonly<Record<AgeBand, string>> = {
  '<1': 'open for less than a day',
  '1–7': 'for 1 to 7 days',
  '7–30': 'for 7 to 30 days',
  '30–90': 'for 30 to 90 days',
  '>90': 'for more than 90 days',
}

/** In the two largest units. */
export function lasting(ms: number | null): string {
  if (ms === null) return '–'
  const minutes = Math.floor(ms / minuteMs)
  if (minutes < 1) return '< 1 min'
  const parts = [
    [Math.floor(minutes / 1_440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** This computer's clock, with its name and its distance from UTC. */
export function localTime(now: number): string {
  const date = new Date(now)
  const offset = -date.getTimezoneOffset()
  const local = new Date(now + offset * minuteMs).toISOString()
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0')
  const zone = new Intl.DateTimeFormat('en').resolvedOptions().timeZone
  return `${local.slice(0, 10)} ${local.slice(11, 16)} (${zone}, UTC${offset < 0 ? '−' : '+'}${hours}:${minutes})`
}

const reasons: Readonly<Record<GapReason, string>> = {
  asleep: 'the computer was asleep',
  'app-closed': 'Tocsin was closed',
  offline: 'the computer was offline',
  'relay-down': 'the relay could not be reached',
  'tunnel-down': 'the tunnel was down',
  'receiver-down': 'the receiver was not listening',
  refused: 'the far end refused us',
}

export function reasonOf({ because }: Gap): string {
  return reasons[because]
}

export function endOf(end: GapEnd): string {
  switch (end.kind) {
    case 'open':
      return 'what was kept meanwhile is not known to be in'
    case 'backlog':
      return end.delivered === 0 ? 'nothing was missed' : `${end.delivered} kept meanwhile came in afterwards`
    case 'lost':
      return end.count === null ? 'some deliveries are lost, the far end does not say how many' : `${end.count} deliveries are lost`
    case 'unknown':
      return 'whether anything was missed is not known'
    default:
      return assertNever(end)
  }
}
