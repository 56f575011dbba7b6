import type { Detection, DetectionKey, Instant } from '../../shared/detection.ts'
import { healthWord, type Health } from '../../shared/health.ts'
import { plain } from './plain-text.ts'

/** What the tray shows of the app. The image is told apart by its shape, never by colour alone: each state has one with a mark for what is unread. */
export type TrayFace = {
  readonly image: TrayImage
  readonly status: string
  readonly tooltip: string
  readonly newest: readonly TrayEntry[]
  readonly isMuted: boolean
}
export const trayImages = ['listening', 'listening-unread', 'trouble', 'trouble-unread', 'muted', 'muted-unread'] as const
export type TrayImage = (typeof trayImages)[number]
export type TrayEntry = { readonly key: DetectionKey; readonly label: string }

export type TrayShows = {
  readonly health: Health
  readonly unread: number
  /** Since when nothing is said; null where Tocsin speaks. `until` null: until the user says otherwise. */
  readonly muted: { readonly until: Instant | null } | null
  readonly newest: readonly Detection[]
  /** Nothing that a sender chose is to be seen outside of the window. */
  readonly isHidden: boolean
}

const longestLabel = 60

/** `now` in epoch ms. */
export function trayFace({ health, unread, muted, newest, isHidden }: TrayShows, now: number): TrayFace {
  const word = healthWord(health)
  const isSilent = health.desktop.kind === 'silent'
  const isCalm = (word === 'listening' || word === 'starting') && !isSilent
  // Trouble is said even where nothing else is.
  const shape = !isCalm ? 'trouble' : muted === null ? 'listening' : 'muted'
  const silent = isSilent ? ['notifications do not reach this desktop'] : []
  const parts = [word, ...silent, ...(muted === null ? [] : [mutedWords(muted.until, now)]), ...(unread === 0 ? [] : [`${unread} unread`])]
  const said = parts.join(', ')
  return {
    image: unread === 0 ? shape : `${shape}-unread`,
    status: said.charAt(0).toUpperCase() + said.slice(1),
    tooltip: `Tocsin: ${said}`,
    newest: newest.map((one) => ({ key: { organizationId: one.organizationId, id: one.id }, label: labelOf(one, isHidden, now) })),
    isMuted: muted !== null,
  }
}

function labelOf({ kind, type, entityId, trust, demo, changedAt }: Detection, isHidden: boolean, now: number): string {
  // In front, where no text of the sender's can push it out of sight.
  const marks = `${demo ? 'Demo: ' : ''}${trust === 'unsigned' ? 'Unsigned: ' : ''}`
  if (isHidden) return `${marks}${kind === 'threat' ? 'Threat' : 'Posture issue'}, ${clockAt(changedAt, now)}`
  return `${marks}${plain(entityId === null ? type : `${type} · ${entityId}`, longestLabel)}`
}

function mutedWords(until: Instant | null, now: number): string {
  return until === null ? 'muted' : `muted until ${clockAt(until, now)}`
}

/** By the clock of this computer; with the day where it is not today. */
function clockAt(instant: Instant, now: number): string {
  const at = new Date(instant)
  const two = (part: number): string => String(part).padStart(2, '0')
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`
  const isToday = at.toDateString() === new Date(now).toDateString()
  return isToday ? clock : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`
}

/** Two faces that look and lead alike, so that nothing has to be painted anew. */
export function isSameFace(one: TrayFace, other: TrayFace): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
