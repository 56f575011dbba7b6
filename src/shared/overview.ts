import type { Instant, Kind, Status } from './detection.ts'
import type { SearchRefused } from './ipc.ts'

/** A value, and how many have it. */
export type Counted = { readonly value: string; readonly count: number }

export type StateCount = { readonly kind: Kind; readonly status: Status; readonly count: number }

/** How wide a bar of a histogram is, by this computer's calendar. */
export type Step = { readonly unit: 'minute' | 'hour' | 'day' | 'month'; readonly count: number }

/** Bars of one histogram. */
export const mostBars = 1_500

/** By detectedAt. */
export type Bar = { readonly from: Instant; readonly to: Instant; readonly counts: readonly StateCount[] }
export type Histogram = {
  readonly step: Step
  /** One after the other, without a hole; what has none has no count. */
  readonly bars: readonly Bar[]
  readonly isExact: boolean
  /** Where the time for counting ran out: bars before it are the least there is. null where everything was counted. */
  readonly countedTo: Instant | null
}
export type HistogramAnswer = ({ readonly kind: 'histogram' } & Histogram) | SearchRefused

/** `isCapped`: that many or more. */
export type CountAnswer = { readonly kind: 'count'; readonly count: number; readonly isCapped: boolean } | SearchRefused

export const facetNames = ['kind', 'status', 'type', 'source', 'entityType', 'organization', 'trust', 'triage'] as const
export type FacetName = (typeof facetNames)[number]
export type Facets = {
  /** Most first, at most 100 values each; what has no value is in none. */
  readonly facets: Readonly<Record<FacetName, readonly Counted[]>>
  /** Of how many detections; `isCapped` means that there are more, and that these are the newest. */
  readonly counted: number
  readonly isCapped: boolean
  readonly isExact: boolean
  /** Where the time for counting ran out. */
  readonly countedTo: Instant | null
}
export type FacetsAnswer = ({ readonly kind: 'facets' } & Facets) | SearchRefused
