import { createHash, randomBytes } from 'node:crypto'
import type { SecretHeaderState } from '../shared/registration.ts'
import type { AcceptedHeader } from './inlets/admission.ts'
import { secretHeaderName } from './inlets/admission.ts'
import type { Secrets } from './secrets.ts'
import type { Store } from './store/store.ts'

/**
 * The header that guards the receiver beside its path. One value for every registration; kept as its hash, which is all it takes to
 * know it again, so that the receiver goes on requiring it where the value itself could not be kept.
 */
export type SecretHeader = {
  read(): SecretHeaderState
  /** The value to register; a new one where none is known. It is accepted from now on. */
  next(): string
  /** A new value for webhooks registered by hand. Those before it stay accepted: SlashID may still send one of them. */
  renew(): SecretHeaderState
  /** Whether an organization's webhook that sends this value is let in. */
  isAccepted(value: string): boolean
  /** What the receiver requires; null while it requires nothing. */
  required(): AcceptedHeader | null
  /** The value that this start of the app hands to senders on this machine, such as the simulator. */
  readonly local: string
  /** Takes over what another process wrote. */
  reload(): void
}

const secretName = 'secret-header'
const mostHashes = 4

export function createSecretHeader({
  store,
  secrets,
}: {
  readonly store: Pick<Store, 'settings' | 'webhooks'>
  readonly secrets: Secrets
}): SecretHeader {
  const local = createHeaderValue()
  let accepted: AcceptedHeader | null = null
  let isRequired = false
  reload()

  function known(): readonly string[] {
    return [...new Set([...store.settings.readApp().secretHeaderHashes, ...store.webhooks.list().flatMap((one) => one.headerHashes)])]
  }

  function reload(): void {
    const hashes = known()
    accepted = hashes.length === 0 ? null : { hashes: [...hashes, hashOf(local)].map((hash) => Buffer.from(hash, 'hex')) }
    isRequired = store.settings.read().requireSecretHeader
  }

  function read(): SecretHeaderState {
    const secret = secrets.read(secretName)
    return { name: secretHeaderName, value: secret.kind === 'known' ? secret.value : null, isSet: accepted !== null }
  }

  function create(): string {
    const value = createHeaderValue()
    store.settings.writeApp({ secretHeaderHashes: [hashOf(value), ...store.settings.readApp().secretHeaderHashes].slice(0, mostHashes) })
    secrets.write(secretName, value)
    reload()
    return value
  }

  return {
    read,
    next: () => read().value ?? create(),
    renew() {
      create()
      return read()
    },
    isAccepted: (value) => known().includes(hashOf(value)),
    required: () => (isRequired ? accepted : null),
    local,
    reload,
  }
}

/** 128 random bits. */
export function createHeaderValue(): string {
  return randomBytes(16).toString('base64url')
}

export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}
