import type { OrganizationId } from './detection.ts'
import type { ReceiverHealth } from './health.ts'

/** The way in for what nobody signs. Off unless the user declared it. */
export type UnsignedInletState = {
  /** Whom its deliveries are taken to speak of; null while it is off. */
  readonly organizationId: OrganizationId | null
  /** Of this way in alone. */
  readonly receiver: ReceiverHealth
  /** Its address on this computer, secret included; null while it is off or has never had a port. */
  readonly url: string | null
  /** The header it asks for. The value is null while it is off, or where it was kept for an earlier session only. */
  readonly header: { readonly name: string; readonly value: string | null }
}

export type UnsignedSwitched =
  { readonly kind: 'switched'; readonly state: UnsignedInletState } | { readonly kind: 'refused'; readonly detail: string }
