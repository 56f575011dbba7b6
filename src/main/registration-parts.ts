import type { OrganizationId } from '../shared/detection.ts'
import type { InletId } from '../shared/inlets.ts'
import type { SecretRead, Secrets } from './secrets.ts'
import type { ApiParts } from './slashid/api.ts'
import type { Wanted } from './slashid/webhooks.ts'
import type { Store } from './store/store.ts'
import type { Target } from './ways/public-origin.ts'

export type RegistrationParts = {
  readonly store: Pick<Store, 'organizations' | 'webhooks' | 'settings'>
  readonly secrets: Secrets
  readonly header: Wanted['header']
  /** Where SlashID may send, the first unless another is asked for; none while there is no public address. */
  readonly targets: () => readonly Target[]
  /** The secret header that this way in asks senders for instead of ours. */
  readonly ownHeader?: (inlet: InletId) => SecretRead
  /** Told after every change of what is remembered of webhooks. */
  readonly onChanged: () => void
  /** What was refused without a key may be answered now. */
  readonly onKeyWritten?: (organizationId: OrganizationId) => void
  /** What no message of SlashID's may show, though it quotes it. */
  readonly hidden: () => readonly string[]
  readonly now: () => number
  readonly schedule: ApiParts['schedule']
  readonly deadlineMs?: number
}
