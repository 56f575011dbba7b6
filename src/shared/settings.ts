import type { RetentionChoice } from './care.ts'
import type { OrganizationId } from './detection.ts'
import type { InletSetUp, TunnelSetUp } from './inlets.ts'

/** What the user chose. Everything applies at once; what is missing in the history has its default. */
export type Settings = {
  readonly theme: 'system' | 'dark' | 'light'
  readonly notify: boolean
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
  publicOrigin: null,
  requireSecretHeader: false,
  unsignedInlet: null,
  inlets: [],
  tunnel: null,
  retention: null,
}
