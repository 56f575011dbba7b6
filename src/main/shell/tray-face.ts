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
}

const longestLabel = 60

export function trayFace({ health, unread, muted, newest }: TrayShows): TrayFace {
  const word = healthWord(health)
  const isCalm = word === 'listening' || word === 'starting'
  // Trouble is said even where nothing else is.
  const shape = !isCalm ? 'trouble' : muted === null ? 'listening' : 'muted'
  const parts = [word, ...(muted === null ? [] : [mutedWords(muted.until)]), ...(unread === 0 ? [] : [`${unread} unread`])]
  const said = parts.join(', ')
  return {
    image: unread === 0 ? shape : `${shape}-unread`,
    status: said.charAt(0).toUpperCase() + said.slice(1),
    tooltip: `Tocsin: ${said}`,
    newest: newest.map(({ organizationId, id, type, entityId, trust }) => ({
      key: { organizationId, id },
      // In front, where no text of the sender's can push it out of sight.
      label: `${trust === 'unsigned' ? 'Unsigned: ' : ''}${plain(entityId === null ? type : `${type} · ${entityId}`, longestLabel)}`,
    })),
    isMuted: muted !== null,
  }
}

function mutedWords(until: Instant | null): string {
  if (until === null) return 'muted'
  const at = new Date(until)
  const clock = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
  return `muted until ${clock}`
}

/** Two faces that look and lead alike, so that nothing has to be painted anew. */
export function isSameFace(one: TrayFace, other: TrayFace): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
