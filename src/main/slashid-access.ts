import type { OrganizationId } from '../shared/detection.ts'
import type { SecretHeaderState } from '../shared/registration.ts'
import type { Expected } from './ingest/check.ts'
import type { FetchKeys } from './ingest/keys.ts'
import type { Schedule } from './ingest/refresher.ts'
import type { AcceptedHeader } from './inlets/admission.ts'
import { secretHeaderName } from './inlets/admission.ts'
import { apiKeyName, createRegistration, type Registration } from './registration.ts'
import type { RegistrationParts } from './registration-parts.ts'
import { createSecretHeader } from './secret-header.ts'
import { createSecrets, type Keychain, type Secrets } from './secrets.ts'
import { fetchKeys } from './slashid/keys.ts'
import type { KnownWebhook } from './store/webhooks.ts'
import type { Store } from './store/store.ts'

/** Whatever depends on the user's secrets and on what is registered at SlashID. */
export type SlashIdAccess = {
  readonly secrets: Secrets
  readonly registration: Registration
  readonly secretHeader: { read(): SecretHeaderState; renew(): SecretHeaderState }
  /** With the organization's API key as a second try, where there is one. */
  readonly fetchKeys: FetchKeys
  /** What a token of this organization must say, as far as its registration is known. */
  expected(organizationId: OrganizationId): Expected
  /** Every address that a webhook here has or had. */
  registeredUrls(): readonly string[]
  requiredHeader(): AcceptedHeader | null
  /** What lets senders on this machine in until the app quits. */
  readonly localHeaders: Readonly<Record<string, string>>
  /** Takes over what another process, or the user, wrote. */
  reload(): void
  stop(): Promise<void>
}

export function createSlashIdAccess(parts: {
  readonly store: Store
  readonly keychain: Keychain | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** What SlashID can be given to send to; none while there is nothing public. */
  readonly targets: RegistrationParts['targets']
  readonly ownHeader: NonNullable<RegistrationParts['ownHeader']>
  /** Told after every change, settings included. */
  readonly onChanged: () => void
  readonly onKeyWritten: (organizationId: OrganizationId) => void
  readonly now: () => number
  readonly schedule: Schedule
}): SlashIdAccess {
  const { store, keychain, env, targets, ownHeader, onChanged, now, schedule } = parts
  const secrets = createSecrets({ rows: store.secrets, keychain, env })
  const header = createSecretHeader({ store, secrets })
  /** Whose issuer refused to answer without an API key: asked with it from then on, so that a look costs one request. */
  const needsKey = new Set<OrganizationId>()
  let webhooks: ReadonlyMap<OrganizationId, KnownWebhook>
  reload()

  function reload(): void {
    webhooks = new Map(store.webhooks.list().map((webhook) => [webhook.organizationId, webhook]))
    header.reload()
  }

  function changed(): void {
    reload()
    onChanged()
  }

  function ownHeaders(): readonly string[] {
    return targets().flatMap(({ inlet }) => {
      const own = ownHeader(inlet)
      return own.kind === 'known' ? [own.value] : []
    })
  }

  const registration = createRegistration({
    store,
    secrets,
    header: { name: secretHeaderName, isRight: header.isAccepted, next: header.next },
    targets,
    ownHeader,
    hidden: () => [header.read().value ?? '', store.settings.readApp().pathSecret ?? '', ...ownHeaders()],
    onChanged: changed,
    onKeyWritten: parts.onKeyWritten,
    now,
    schedule,
  })

  return {
    secrets,
    registration,
    secretHeader: {
      read: header.read,
      renew() {
        const state = header.renew()
        changed()
        return state
      },
    },
    fetchKeys: (request) =>
      fetchKeys({
        ...request,
        isKeyNeeded: needsKey.has(request.organizationId),
        apiKey() {
          needsKey.add(request.organizationId)
          const key = secrets.read(apiKeyName(request.organizationId))
          return key.kind === 'known' ? key.value : null
        },
      }),
    expected(organizationId) {
      const webhook = webhooks.get(organizationId)
      if (webhook === undefined) return { targetUrls: null, webhookIds: null }
      const { targetUrl: current, webhookId, earlier } = webhook
      return {
        targetUrls: current === null ? null : [current, ...earlier.map((one) => one.targetUrl)],
        webhookIds: [webhookId, ...earlier.map((one) => one.webhookId)],
      }
    },
    registeredUrls: () =>
      [...webhooks.values()].flatMap(({ targetUrl: current, earlier }) => [
        ...(current === null ? [] : [current]),
        ...earlier.map((one) => one.targetUrl),
      ]),
    requiredHeader: header.required,
    localHeaders: { [secretHeaderName]: header.local },
    reload,
    stop: registration.stop,
  }
}
