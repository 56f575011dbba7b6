import type { DetectionKey, Instant } from './detection.ts'
import type { Counted } from './overview.ts'

/** What posture is asked about; null means all of it. */
export type PostureAsked = { readonly framework: string | null }

export type Aged = Counted & { readonly oldestDetectedAt: Instant }
export type PostureOverview = {
  /** Open now: every status but `resolved`. */
  readonly open: number
  readonly closed: number
  readonly openByType: readonly Aged[]
  readonly openByEntity: readonly Aged[]
  readonly openBySource: readonly Aged[]
  readonly openByFramework: readonly Aged[]
  /** Age of the open ones now, by `ageBands`. */
  readonly ages: readonly { readonly band: AgeBand; readonly count: number }[]
  /** By week of this computer's calendar (from Monday), oldest first, the last 26. `openAtEnd` is how many were open when it ended. */
  readonly weeks: readonly {
    readonly from: Instant
    readonly opened: number
    readonly closed: number
    readonly openAtEnd: number
    readonly medianAgeMs: number | null
  }[]
  /** Of those resolved, by type, most resolved first, at most 50. */
  readonly timeToResolve: readonly { readonly type: string; readonly resolved: number; readonly medianMs: number; readonly p90Ms: number }[]
  /** One line for each framework that any posture detection names. */
  readonly frameworks: readonly { readonly framework: string; readonly open: number; readonly closed: number }[]
  /** The longest open, at most 100. */
  readonly oldest: readonly {
    readonly key: DetectionKey
    readonly type: string
    readonly entityId: string | null
    readonly entityType: string | null
    readonly sourceType: string | null
    readonly detectedAt: Instant
  }[]
  /** false where there are more posture detections than were looked at (the newest 200,000). */
  readonly isExact: boolean
}

/** In days; the last has no upper end. */
export const ageBands = ['<1', '1–7', '7–30', '30–90', '>90'] as const
export type AgeBand = (typeof ageBands)[number]

export const reportFormats = ['html', 'pdf'] as const
export type ReportFormat = (typeof reportFormats)[number]
