import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { OrganizationId } from '../shared/detection.ts'
import type { InletId } from '../shared/inlets.ts'
import { parseUrl } from '../shared/parse-url.ts'
import type { RegistrationState } from '../shared/registration.ts'
import { secretHeaderName } from '../main/inlets/admission.ts'
import { createPathSecret, receiverUrl } from '../main/inlets/receiver.ts'
import { prepareProfile, historyFile } from '../main/profile.ts'
import { readSettings, targetsOf, targetUrl, type Target } from '../main/ways/public-origin.ts'
import { apiKeyName, createRegistration, type Registration } from '../main/registration.ts'
import { createHeaderValue, createSecretHeader } from '../main/secret-header.ts'
import { createSecrets, resolveReference, type Secrets } from '../main/secrets.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { openStore, type Store } from '../main/store/store.ts'
import { fail, type Context, type ExitCode } from './context.ts'

export type RegisterOptions = { readonly id: string; readonly publicUrl?: string; readonly apiKeyFrom: string; readonly name: string }
export type WebhookOptions = { readonly id: string; readonly apiKeyFrom?: string; readonly repair?: boolean; readonly remove?: boolean }

/** `org register`: creates the webhook of an organization at SlashID, or mends the one that has our address. */
export async function registerWebhook(context: Context, { id, publicUrl, apiKeyFrom, name }: RegisterOptions): Promise<ExitCode> {
  return withRegistration(context, { id, publicUrl, apiKeyFrom }, (registration, organizationId) =>
    registration.register(organizationId, name),
  )
}

/** `org webhook`: looks at the webhook, repairs or removes it. */
export async function webhook(context: Context, { id, apiKeyFrom, repair, remove }: WebhookOptions): Promise<ExitCode> {
  if (repair && remove) return fail(context, 'Choose one of --repair and --remove. Nothing was changed.', 2)
  return withRegistration(context, { id, apiKeyFrom, removes: remove }, (registration, organizationId) => {
    if (remove) return registration.remove(organizationId)
    return repair ? registration.repair(organizationId) : registration.look(organizationId)
  })
}

type Wanted = {
  readonly id: string
  readonly publicUrl?: string | undefined
  readonly apiKeyFrom?: string | undefined
  readonly removes?: boolean | undefined
}

async function withRegistration(
  context: Context,
  wanted: Wanted,
  work: (registration: Registration, organizationId: OrganizationId) => Promise<RegistrationState>,
): Promise<ExitCode> {
  const prepared = prepareProfile(context.profile)
  if (prepared.kind === 'refused') return fail(context, prepared.detail)
  const opened = openStore({ file: historyFile(context.profile), as: 'tocsin org', contentOf, now: context.now })
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const { store } = opened
  try {
    const organizationId = wanted.id as OrganizationId
    const target = readTargets(store, wanted.publicUrl)
    if (target.kind === 'refused') return fail(context, target.detail, 2)
    const key = keyFrom(store, organizationId, wanted.apiKeyFrom)
    if (key.kind === 'refused') return fail(context, key.detail)
    const header = createSecretHeader({ store, secrets: key.secrets })
    const registration = createRegistration({
      store,
      secrets: key.secrets,
      // The app's value may be in a keychain that only it can open: this one is known by its hash, which is all the receiver needs.
      header: { name: secretHeaderName, isRight: header.isAccepted, next: createHeaderValue },
      targets: () => target.targets(store.webhooks.read(organizationId)?.targetUrl ?? null),
      hidden: () => [store.settings.readApp().pathSecret ?? ''],
      onChanged: header.reload,
      now: context.now,
      schedule: after,
    })
    return await report(context, await work(registration, organizationId), wanted.removes === true)
  } finally {
    store.close()
  }
}

function after(task: () => void, ms: number): () => void {
  const timer = setTimeout(task, ms)
  return () => clearTimeout(timer)
}

type Possible =
  | { readonly kind: 'read'; readonly targets: (registered: string | null) => readonly Target[] }
  | { readonly kind: 'refused'; readonly detail: string }

const receiver = 'receiver' as InletId

/**
 * An origin gets the receiver's path and is remembered, so that the receiver lets its host in; a whole address, as that of a relay, is taken
 * as it is. Without either it is what the app would register, as far as the settings tell it.
 */
function readTargets(store: Store, publicUrl: string | undefined): Possible {
  const url = publicUrl === undefined ? null : parseUrl(publicUrl)
  if (url !== null && url.pathname !== '/') return readWhole(url)
  if (publicUrl !== undefined) {
    const read = readSettings({ publicOrigin: publicUrl })
    if (read.kind === 'refused') return read
    store.settings.write(read.changes)
  }
  // The port is the app's to find; the address for SlashID has none of it.
  const secret = store.settings.readApp().pathSecret ?? store.settings.writeApp({ pathSecret: createPathSecret() }).pathSecret
  const { publicOrigin, inlets } = store.settings.read()
  const address = secret === null ? null : targetUrl({ publicOrigin }, receiverUrl(1, secret))
  if (publicUrl !== undefined) return { kind: 'read', targets: () => targetsOf(address, []) }
  const known = targetsOf(address, inlets)
  return {
    kind: 'read',
    targets(registered) {
      // Where a tunnel that the app runs begins is known to the app alone: what was registered may be just that, and stays.
      const isOurs = registered !== null && (known.length === 0 || parseUrl(registered)?.pathname === `/in/${secret}`)
      return address === null && isOurs ? [{ inlet: receiver, url: registered }, ...known] : known
    },
  }
}

function readWhole(url: URL): Possible {
  const isHost = url.hostname !== 'localhost' && isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0
  if (url.protocol === 'https:' && isHost && url.username === '' && url.password === '' && url.search === '' && url.hash === '')
    return { kind: 'read', targets: () => [{ inlet: receiver, url: url.href }] }
  const detail =
    'The public URL must be https, with a host name that is neither localhost nor an IP address, and without user, query or fragment. Nothing was changed.'
  return { kind: 'refused', detail }
}

type Key = { readonly kind: 'ready'; readonly secrets: Secrets } | { readonly kind: 'refused'; readonly detail: string }

/** The place is remembered for the next time, but never in place of a key that the app's keychain keeps. */
function keyFrom(store: Store, organizationId: OrganizationId, apiKeyFrom: string | undefined): Key {
  const secrets = createSecrets({ rows: store.secrets, keychain: null, env: process.env })
  if (apiKeyFrom === undefined) return { kind: 'ready', secrets }
  const reference = apiKeyFrom.startsWith('file:') ? `file:${resolve(apiKeyFrom.slice('file:'.length))}` : apiKeyFrom
  const found = resolveReference(reference, process.env)
  if (found.kind !== 'known') return { kind: 'refused', detail: `The API key cannot be read. ${found.detail} Nothing was sent.` }
  const name = apiKeyName(organizationId)
  const isThere = store.organizations.list().some(({ id }) => id === organizationId)
  if (isThere && secrets.describe(name).where !== 'keychain') secrets.write(name, reference)
  return { kind: 'ready', secrets: { ...secrets, read: (asked) => (asked === name ? found : secrets.read(asked)) } }
}

async function report(context: Context, state: RegistrationState, removes: boolean): Promise<ExitCode> {
  const { standing, webhook: known, requests } = state
  for (const { method, path, status, ms } of requests) context.say(`${method} ${path} ${status ?? 'no answer'} (${Math.round(ms)} ms)`)
  switch (standing.kind) {
    case 'found':
      await context.write(`registered ${known?.id ?? ''}\n`)
      return 0
    case 'different':
      for (const { name, detail } of standing.differences) context.say(`${name}: ${detail}`)
      context.say('Repair it with: org webhook --id ORG --repair')
      await context.write(`different ${known?.id ?? ''}\n`)
      return 1
    case 'missing':
      await context.write(removes ? 'removed\n' : 'missing\n')
      return removes ? 0 : 1
    case 'failed':
      return fail(context, standing.detail)
    case 'unknown':
      return fail(context, 'Nothing was asked.')
  }
}
