import type { RetentionChoice } from './care.ts'
import type { OrganizationId } from './detection.ts'
import type { InletSetUp, TunnelSetUp } from './inlets.ts'
import type { Hours } from './rules.ts'

export const densities = ['comfortable', 'compact'] as const
export type Density = (typeof densities)[number]
export const columnNames = ['entity', 'source', 'attack', 'confidence', 'status', 'trust', 'triage'] as const
export type ColumnName = (typeof columnNames)[number]
export const mostRecent = 20
/** What a notification says of what it is about: all of it, only how many while the screen is locked, or never more than how many. */
export const notificationContents = ['full', 'hidden-when-locked', 'hidden'] as const
export type NotificationContent = (typeof notificationContents)[number]

/** What the user chose. Everything applies at once; what is missing in the history has its default. */
export type Settings = {
  readonly theme: 'system' | 'dark' | 'light'
  readonly notify: boolean
  /** Only what is urgent is told in them. */
  readonly quietHours: Hours | null
  readonly notificationContent: NotificationContent
  /** Whether Tocsin starts, without its window, when the user logs in; null where the user was not asked yet, which means no. */
  readonly startAtLogin: boolean | null
  /** How tall a row of the list is. */
  readonly density: Density
  /** What a row of the list shows besides its type and its time, in the order of `columnNames`. */
  readonly columns: readonly ColumnName[]
  /** What was searched for last, the newest first, at most `mostRecent`. */
  readonly recentSearches: readonly string[]
  /** The public https origin of the user's tunnel, e.g. https://example.ngrok.app; deliveries sent to that host are accepted. */
  readonly publicOrigin: string | null
  /** Whether the receiver turns away what comes without the secret header; without a header there is nothing to require. */
  readonly requireSecretHeader: boolean
  /** Whether there is a way in for what nobody signs, and of whom it is taken to speak. Switched by a request of its own. */
  readonly unsignedInlet: { readonly organizationId: OrganizationId } | null
  /** Ways in that fetch, in the order they were added. Changed by requests of their own. */
  readonly inlets: readonly InletSetUp[]
  /** The tunnel that Tocsin runs. Changed by a request of its own. */
  readonly tunnel: TunnelSetUp | null
  /** What goes every day; null keeps everything. Changed by a request of its own. */
  readonly retention: RetentionChoice | null
}

export const defaultSettings: Settings = {
  theme: 'system',
  notify: true,
  quietHours: null,
  notificationContent: 'hidden-when-locked',
  startAtLogin: null,
  density: 'comfortable',
  columns: ['entity', 'source', 'attack', 'confidence', 'status', 'trust'],
  recentSearches: [],
  publicOrigin: null,
  requireSecretHeader: false,
  unsignedInlet: null,
  inlets: [],
  tunnel: null,
  retention: null,
}
