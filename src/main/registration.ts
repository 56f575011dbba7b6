import type { Instant, OrganizationId } from '../shared/detection.ts'
import type { InletId } from '../shared/inlets.ts'
import type { Organization } from '../shared/organization.ts'
import type { ApiRequest, RegistrationStanding, RegistrationState, SecretWritten } from '../shared/registration.ts'
import { secretHeaderName } from './inlets/admission.ts'
import { hashOf } from './secret-header.ts'
import type { RegistrationParts } from './registration-parts.ts'
import { isReference, type SecretRead } from './secrets.ts'
import { isSlashIdOrLoopback } from './slashid/address.ts'
import { createApi, type ApiFailure } from './slashid/api.ts'
import { createWebhooks, type Inspected, type Wanted, type Webhook, type Webhooks } from './slashid/webhooks.ts'
import type { KeptWebhook } from './store/webhooks.ts'
import { chooseTarget } from './ways/public-origin.ts'

/** The webhook of each organization at SlashID: what is remembered of it here, and what can be done about it there. */
export type Registration = {
  /** What is known here; asks nobody. */
  read(organizationId: OrganizationId): RegistrationState
  /** Looks at SlashID. A webhook that has our address already is remembered; nothing is changed there. */
  look(organizationId: OrganizationId): Promise<RegistrationState>
  /** With the address of this way in. Without one, what is registered here keeps its own, and what is not gets the first. */
  register(organizationId: OrganizationId, name: string, inlet?: InletId): Promise<RegistrationState>
  repair(organizationId: OrganizationId): Promise<RegistrationState>
  remove(organizationId: OrganizationId): Promise<RegistrationState>
  /** A reference is accepted only where what it names can reach nobody but SlashID: a page must not send our files elsewhere. */
  writeKey(organizationId: OrganizationId, value: string): SecretWritten
  forgetKey(organizationId: OrganizationId): RegistrationState
  /** Stops asking, and resolves when the answers under way are dealt with. */
  stop(): Promise<void>
}

/** Under which name an organization's API key is kept. */
export function apiKeyName(organizationId: OrganizationId): string {
  return `api-key:${organizationId}`
}

const mostRequests = 50
const mostHashes = 4
const mostWaiting = 4
const notThere = 'There is no such organization at SlashID.'
const noTarget = 'SlashID needs a public address. Set up a tunnel, or another way in with an https address, first. Nothing was sent.'
const notThisTarget = 'This way in is off, or has no https address that SlashID can send to. Nothing was sent.'
const nothingYet = { standing: { kind: 'unknown' }, requests: [] } as const

type Memory = {
  standing: RegistrationStanding
  requests: readonly ApiRequest[]
  /** Hashes of header values given out and not yet remembered with a webhook. */
  fresh: readonly string[]
  turn: Promise<unknown>
  waiting: number
}
type Failed = Extract<RegistrationStanding, { kind: 'failed' }>
type Work = (webhooks: Webhooks, wanted: Wanted) => Promise<RegistrationStanding>

export function createRegistration(parts: RegistrationParts): Registration {
  const { store, secrets, header, targets, onChanged, now } = parts
  const memories = new Map<OrganizationId, Memory>()
  const stopper = new AbortController()
  const freshOf = (id: OrganizationId): readonly string[] => memories.get(id)?.fresh ?? []
  const instant = () => new Date(now()).toISOString() as Instant

  function read(organizationId: OrganizationId): RegistrationState {
    const { standing, requests } = memories.get(organizationId) ?? nothingYet
    const kept = store.webhooks.read(organizationId)
    return {
      organizationId,
      key: secrets.describe(apiKeyName(organizationId)),
      webhook: kept && { id: kept.webhookId, targetUrl: kept.targetUrl, registeredAt: kept.registeredAt },
      wantedUrl: chooseTarget(targets(), kept?.targetUrl ?? null, null),
      standing,
      requests,
    }
  }

  /** One after another for each organization: what the second decides depends on what the first did. */
  async function inTurn(
    organizationId: OrganizationId,
    work: (webhooks: Webhooks) => Promise<RegistrationStanding>,
  ): Promise<RegistrationState> {
    const organization = organizationOf(organizationId)
    if (organization === null) return { ...read(organizationId), standing: failed(null, `${notThere} Add it first.`) }
    const memory = memories.get(organizationId) ?? { ...nothingYet, fresh: [], turn: Promise.resolve(), waiting: 0 }
    memories.set(organizationId, memory)
    if (memory.waiting >= mostWaiting) return read(organizationId)
    memory.waiting++
    const result = memory.turn.then(async () => {
      const webhooks = webhooksOf(organization, memory)
      memory.standing = 'kind' in webhooks ? webhooks : await work(webhooks)
      return read(organizationId)
    })
    memory.turn = result.catch(() => undefined).finally(() => memory.waiting--)
    return result
  }

  /** As `inTurn`, where it has to be known what the webhook should be like. */
  function towards(organizationId: OrganizationId, work: Work, inlet: InletId | null = null): Promise<RegistrationState> {
    return inTurn(organizationId, async (webhooks) => {
      const target = chooseTarget(targets(), store.webhooks.read(organizationId)?.targetUrl ?? null, inlet)
      if (target === null) return failed('target', inlet === null ? noTarget : notThisTarget)
      const own = ownHeaderOf(target)
      if (own.kind === 'unreadable')
        return failed('target', `The secret header of this way in cannot be read. ${own.detail} Nothing was sent.`)
      // The receiver never sees it, so it is no business of its.
      if (own.kind === 'known') return work(webhooks, { targetUrl: target, header: only(own.value) })
      const next = () => {
        const value = header.next()
        accept(organizationId, value)
        return value
      }
      const isRight = (value: string) => header.isRight(value) || freshOf(organizationId).includes(hashOf(value))
      return work(webhooks, { targetUrl: target, header: { ...header, isRight, next } })
    })
  }

  function ownHeaderOf(targetUrl: string): SecretRead {
    const target = targets().find(({ url }) => url === targetUrl)
    return (target && parts.ownHeader?.(target.inlet)) ?? { kind: 'none' }
  }

  function webhooksOf({ id, issuer }: Organization, memory: Memory): Webhooks | Failed {
    const key = secrets.read(apiKeyName(id))
    if (key.kind === 'none') return failed('key', 'Enter an API key of this organization first. Nothing was sent.')
    if (key.kind === 'unreadable') return failed('key', `The API key cannot be read. ${key.detail} Nothing was sent.`)
    const api = createApi({
      issuer,
      organizationId: id,
      apiKey: key.value,
      secrets: parts.hidden,
      onRequest: (request) => (memory.requests = [...memory.requests, request].slice(-mostRequests)),
      now,
      schedule: parts.schedule,
      signal: stopper.signal,
      ...(parts.deadlineMs === undefined ? {} : { deadlineMs: parts.deadlineMs }),
    })
    return createWebhooks(api)
  }

  /** Before SlashID hears of a value the receiver has to know it; the former ones stay, since the change may fail. */
  function accept(organizationId: OrganizationId, value: string): void {
    const memory = memories.get(organizationId)
    if (memory !== undefined) memory.fresh = newestFirst([hashOf(value)], memory.fresh)
    const kept = store.webhooks.read(organizationId)
    if (kept !== null) remember({ ...kept, headerHashes: newestFirst([hashOf(value)], kept.headerHashes) })
  }

  function remember(webhook: KeptWebhook): void {
    store.webhooks.write(webhook)
    onChanged()
  }

  function forget(organizationId: OrganizationId): void {
    store.webhooks.remove(organizationId)
    onChanged()
  }

  /** Remembers a webhook as SlashID shows it. `target` is null while it may be about to change. */
  function know(organizationId: OrganizationId, webhook: Webhook, target: string | null): void {
    const kept = store.webhooks.read(organizationId)
    const same = kept?.webhookId === webhook.id ? kept : null
    const shown = Object.entries(webhook.custom_headers ?? {})
      .filter(([name]) => name.toLowerCase() === secretHeaderName.toLowerCase())
      .flatMap(([, values]) => values.filter(header.isRight).map(hashOf))
    remember({
      organizationId,
      webhookId: webhook.id,
      targetUrl: target,
      headerName: secretHeaderName,
      headerHashes: newestFirst([...shown, ...freshOf(organizationId)], same?.headerHashes ?? []),
      registeredAt: same?.registeredAt ?? instant(),
    })
  }

  function conclude(organizationId: OrganizationId, inspected: Inspected): RegistrationStanding {
    if (inspected.kind === 'failed') return explain(inspected)
    if (inspected.kind === 'missing') {
      // Nothing will be sent by it any more; what comes from another one must not be measured by it.
      forget(organizationId)
      return { kind: 'missing', at: instant() }
    }
    know(organizationId, inspected.webhook, inspected.webhook.target_url)
    if (inspected.differences.length === 0) return { kind: 'found', at: instant() }
    return { kind: 'different', at: instant(), differences: inspected.differences }
  }

  function explain({ because, detail }: ApiFailure): RegistrationStanding {
    return failed(because === 'key-refused' || because === 'not-allowed' ? 'key' : null, detail)
  }

  function failed(field: Failed['field'], detail: string): Failed {
    return { kind: 'failed', at: instant(), field, detail }
  }

  async function repairKept(kept: KeptWebhook, webhooks: Webhooks, wanted: Wanted): Promise<RegistrationStanding> {
    // From here until SlashID has answered nobody knows which address it has.
    if (kept.targetUrl !== wanted.targetUrl) remember({ ...kept, targetUrl: null })
    return conclude(kept.organizationId, await webhooks.repair(kept.webhookId, wanted))
  }

  /** Once every organization sends the header, requiring it costs nobody a detection. */
  function requireHeader(): void {
    const registered = new Set(store.webhooks.list().map((one) => one.organizationId))
    if (!store.organizations.list().every((one) => one.demo || registered.has(one.id))) return
    store.settings.write({ requireSecretHeader: true })
    onChanged()
  }

  function organizationOf(organizationId: OrganizationId): Organization | null {
    return store.organizations.list().find(({ id, demo }) => id === organizationId && !demo) ?? null
  }

  return {
    read,

    look: (organizationId) =>
      towards(organizationId, async (webhooks, wanted) => {
        const kept = store.webhooks.read(organizationId)
        if (kept !== null) {
          const standing = conclude(organizationId, await webhooks.inspect(kept.webhookId, wanted))
          if (standing.kind !== 'missing') return standing
        }
        const found = await webhooks.find(wanted.targetUrl)
        if (found.kind === 'failed') return explain(found)
        if (found.result === null) return { kind: 'missing', at: instant() }
        return conclude(organizationId, await webhooks.inspect(found.result.id, wanted))
      }),

    register(organizationId, name, inlet) {
      const work: Work = async (webhooks, wanted) => {
        const trimmed = name.trim()
        if (trimmed === '' || trimmed.length > 100 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed))
          return failed('name', 'The name must have 1 to 100 characters, and no control characters. Nothing was sent.')
        const kept = store.webhooks.read(organizationId)
        const repaired = kept === null ? null : await repairKept(kept, webhooks, wanted)
        if (repaired !== null && repaired.kind !== 'missing') return repaired
        const inspected = await webhooks.register(trimmed, wanted, (webhook) => {
          know(organizationId, webhook, webhook.target_url === wanted.targetUrl ? wanted.targetUrl : null)
        })
        const standing = conclude(organizationId, inspected)
        if (standing.kind === 'found' && ownHeaderOf(wanted.targetUrl).kind === 'none') requireHeader()
        return standing
      }
      return towards(organizationId, work, inlet)
    },

    repair: (organizationId) =>
      towards(organizationId, async (webhooks, wanted) => {
        const kept = store.webhooks.read(organizationId)
        return kept === null ? failed(null, 'No webhook is known here. Register one, or look again.') : repairKept(kept, webhooks, wanted)
      }),

    remove: (organizationId) =>
      inTurn(organizationId, async (webhooks) => {
        const kept = store.webhooks.read(organizationId)
        if (kept === null) return failed(null, 'No webhook is known here, so nothing was removed.')
        const removed = await webhooks.remove(kept.webhookId)
        if (removed.kind === 'failed') return explain(removed)
        forget(organizationId)
        return { kind: 'missing', at: instant() }
      }),

    writeKey(organizationId, value) {
      const organization = organizationOf(organizationId)
      if (organization === null) return { kind: 'refused', detail: `${notThere} Nothing was changed.` }
      if (isReference(value) && !isSlashIdOrLoopback(organization.issuer)) {
        const detail = `What a file or variable holds is sent to SlashID only, and this organization’s issuer is ${organization.issuer}. Enter the key itself, or name the file with: org register --api-key-from. Nothing was changed.`
        return { kind: 'refused', detail }
      }
      const kept = secrets.write(apiKeyName(organizationId), value)
      if (kept.kind === 'refused') return kept
      const memory = memories.get(organizationId)
      if (memory !== undefined) memory.standing = { kind: 'unknown' }
      parts.onKeyWritten?.(organizationId)
      return { kind: 'written', state: read(organizationId) }
    },

    forgetKey(organizationId) {
      secrets.forget(apiKeyName(organizationId))
      return read(organizationId)
    },

    async stop() {
      stopper.abort()
      await Promise.all([...memories.values()].map(({ turn }) => turn))
    },
  }
}

/** A header with one value, which somebody else chose. */
function only(value: string): Wanted['header'] {
  return { name: secretHeaderName, isRight: (one) => one === value, next: () => value }
}

function newestFirst(newest: readonly string[], older: readonly string[]): readonly string[] {
  return [...new Set([...newest, ...older])].slice(0, mostHashes)
}
