import type { OrganizationId } from '../../shared/detection.ts'
import { unsignedImportInlet } from '../../shared/imported.ts'
import type { Organization } from '../../shared/organization.ts'
import { check } from '../ingest/check.ts'
import type { Checked, Delivery } from '../ingest/delivery.ts'
import { observe } from '../ingest/drift.ts'
import { examine } from '../ingest/examine.ts'
import type { KeptKeys } from '../ingest/kept-keys.ts'
import { importKeptKeys } from '../ingest/kept-keys.ts'
import type { KeyStore } from '../ingest/key-store.ts'
import { parse } from '../ingest/parse.ts'
import type { SettingsStore } from '../store/settings.ts'

/** Checks what an import brings; `declaredFor` names whose it says it is where nobody signed it. */
export type CheckImported = (delivery: Delivery, declaredFor: OrganizationId | null) => Promise<Checked>

/**
 * The check as it is made at arrival, with these keys. Two things an import cannot have: nobody vouches for when a delivery was received,
 * so it is judged by what the file says of that, and it was sent to whoever received it, which need not have been this installation.
 */
export function createImportCheck({
  organization,
  keys,
  now,
}: {
  readonly organization: (id: OrganizationId) => Organization | null
  readonly keys: KeptKeys
  readonly now: () => number
}): CheckImported {
  const context = {
    organization,
    keys,
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    now,
  }
  return (delivery, declaredFor) =>
    examine(delivery, {
      check: (one) => check(one, { ...context, unsignedInlet: (inlet) => (inlet === unsignedImportInlet ? declaredFor : null) }),
      parse,
      observe,
    })
}

/** By the keys that are kept now, retired ones among them, without asking anybody. */
export async function keptImportCheck(keyStore: Pick<KeyStore, 'organizations' | 'keys'>, now: () => number): Promise<CheckImported> {
  const organizations = new Map(keyStore.organizations().map((organization) => [organization.id, organization]))
  const kept = [...organizations.keys()].map((id) => [id, keyStore.keys(id)] as const)
  const keys = await importKeptKeys(kept, (id) => organizations.get(id)?.keys ?? 'fetched')
  return createImportCheck({ organization: (id) => organizations.get(id) ?? null, keys, now })
}

/** Whether the user has said already that what nobody signed counts for this organization, by declaring a way in for it. */
export function isDeclaredUnsigned(settings: Pick<SettingsStore, 'read'>, organization: OrganizationId): boolean {
  return settings.read().unsignedInlet?.organizationId === organization
}
