import { z } from 'zod'
import { parseUrl } from '../../shared/parse-url.ts'
import { differenceNames, type Difference } from '../../shared/registration.ts'
import type { Api, ApiAnswer, ApiFailure } from './api.ts'
import { millisOfDuration } from './duration.ts'

/** What a webhook of ours has to be like. */
export type Wanted = {
  readonly targetUrl: string
  readonly header: {
    readonly name: string
    isRight(value: string): boolean
    /** The value to set. Asked for only when it is about to be sent to SlashID. */
    next(): string
  }
}

export type Webhook = z.infer<typeof Webhook>

export type Inspected =
  | { readonly kind: 'found'; readonly webhook: Webhook; readonly differences: readonly Difference[] }
  | { readonly kind: 'missing' }
  | ApiFailure

/** The webhooks of one organization at SlashID. Every function leaves alone what is not ours to change. */
export type Webhooks = {
  list(): Promise<ApiAnswer<readonly Webhook[]>>
  /** The one that has this address; null where none has. */
  find(targetUrl: string): Promise<ApiAnswer<Webhook | null>>
  inspect(id: string, wanted: Wanted): Promise<Inspected>
  /** Changes what is different, and looks again. */
  repair(id: string, wanted: Wanted): Promise<Inspected>
  /** Adopts the webhook that has our address already, else creates one. `onKnown` hears its id before anything depends on it. */
  register(name: string, wanted: Wanted, onKnown: (webhook: Webhook) => void): Promise<Inspected>
  /** One that is gone already is removed. */
  remove(id: string): Promise<{ readonly kind: 'removed' } | ApiFailure>
}

const timeout = '10s'
const description = 'Receives threat_detection and posture_detection for Tocsin on a desktop.'
const triggers = [
  { name: 'threat-trigger', trigger: 'threat_detection' },
  { name: 'posture-trigger', trigger: 'posture_detection' },
] as const satisfies readonly { readonly name: Difference['name']; readonly trigger: string }[]

// An id becomes part of a path: nothing that could lead elsewhere.
const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/)
const Webhook = z.object({
  id,
  name: z.string(),
  target_url: z.string(),
  custom_headers: z.record(z.string(), z.array(z.string())).nullish(),
  timeout: z.string().nullish(),
})
const Trigger = z.object({ trigger_type: z.string(), trigger_name: z.string() })

const base = '/organizations/webhooks'

export function createWebhooks(api: Api): Webhooks {
  const list = () => api.call({ method: 'GET', path: base, result: z.array(Webhook) })
  const read = (webhook: string) => api.call({ method: 'GET', path: pathOf(webhook), result: Webhook })
  const readTriggers = (webhook: string) => api.call({ method: 'GET', path: `${pathOf(webhook)}/triggers`, result: z.array(Trigger) })

  async function inspect(webhookId: string, wanted: Wanted): Promise<Inspected> {
    const webhook = await read(webhookId)
    if (webhook.kind === 'failed') return webhook.because === 'not-found' ? { kind: 'missing' } : webhook
    const present = await readTriggers(webhookId)
    if (present.kind === 'failed') return present.because === 'not-found' ? { kind: 'missing' } : present
    return { kind: 'found', webhook: webhook.result, differences: compare(webhook.result, present.result, wanted) }
  }

  async function repair(webhookId: string, wanted: Wanted): Promise<Inspected> {
    const before = await inspect(webhookId, wanted)
    if (before.kind !== 'found' || before.differences.length === 0) return before
    const isDifferent = (name: Difference['name']) => before.differences.some((difference) => difference.name === name)
    if (isDifferent('target-url') || isDifferent('secret-header') || isDifferent('timeout')) {
      const patched = await api.call({
        method: 'PATCH',
        path: pathOf(webhookId),
        body: {
          ...(isDifferent('target-url') ? { target_url: wanted.targetUrl } : {}),
          ...(isDifferent('secret-header') ? { custom_headers: withHeader(before.webhook, wanted) } : {}),
          ...(isDifferent('timeout') ? { timeout } : {}),
        },
        result: z.unknown(),
      })
      if (patched.kind === 'failed') return patched
    }
    const missing = triggers.filter(({ name }) => isDifferent(name))
    return (await addTriggers(webhookId, missing)) ?? inspect(webhookId, wanted)
  }

  /** null once all of them are there. */
  async function addTriggers(webhookId: string, missing: readonly (typeof triggers)[number][]): Promise<ApiFailure | null> {
    for (const { trigger } of missing) {
      const added = await api.call({
        method: 'POST',
        path: `${pathOf(webhookId)}/triggers`,
        body: { trigger_type: 'sync_hook', trigger_name: trigger },
        result: z.unknown(),
      })
      if (added.kind === 'answered') continue
      // A trigger must not be asked for twice: whether it is there after all is looked up.
      if (!added.mayHaveHappened && added.because !== 'rejected') return added
      const present = await readTriggers(webhookId)
      if (present.kind === 'failed' || !has(present.result, trigger)) return added
    }
    return null
  }

  async function register(name: string, wanted: Wanted, onKnown: (webhook: Webhook) => void): Promise<Inspected> {
    const adopt = (webhook: Webhook) => {
      onKnown(webhook)
      return repair(webhook.id, wanted)
    }
    const before = await find(wanted.targetUrl)
    if (before.kind === 'failed') return before
    if (before.result !== null) return adopt(before.result)
    const created = await api.call({
      method: 'POST',
      path: base,
      body: {
        name,
        description,
        target_url: wanted.targetUrl,
        custom_headers: { [wanted.header.name]: [wanted.header.next()] },
        timeout,
      },
      result: Webhook,
    })
    if (created.kind === 'failed') {
      // Made all the same, or by somebody else meanwhile: an address can be there only once.
      if (!created.mayHaveHappened && created.because !== 'rejected') return created
      const after = await find(wanted.targetUrl)
      return after.kind === 'answered' && after.result !== null ? adopt(after.result) : created
    }
    onKnown(created.result)
    return (await addTriggers(created.result.id, triggers)) ?? inspect(created.result.id, wanted)
  }

  async function find(targetUrl: string): Promise<ApiAnswer<Webhook | null>> {
    const listed = await list()
    if (listed.kind === 'failed') return listed
    return { kind: 'answered', result: listed.result.find((webhook) => isSameUrl(webhook.target_url, targetUrl)) ?? null }
  }

  return {
    list,
    find,
    inspect,
    repair,
    register,
    async remove(webhookId) {
      const removed = await api.call({ method: 'DELETE', path: pathOf(webhookId), result: z.unknown() })
      return removed.kind === 'answered' || removed.because === 'not-found' ? { kind: 'removed' } : removed
    },
  }
}

function pathOf(webhookId: string): string {
  // One of our own history would be a bug if it were anything else.
  return `${base}/${id.parse(webhookId)}`
}

function compare(webhook: Webhook, present: readonly z.infer<typeof Trigger>[], wanted: Wanted): readonly Difference[] {
  const words: Readonly<Record<Difference['name'], string | null>> = {
    'target-url': isSameUrl(webhook.target_url, wanted.targetUrl) ? null : 'It sends to another address than this app’s.',
    'secret-header': judgeHeader(webhook, wanted),
    timeout:
      millisOfDuration(webhook.timeout ?? '') === millisOfDuration(timeout)
        ? null
        : `SlashID waits ${describeTimeout(webhook.timeout)} for an answer instead of ${timeout}.`,
    'threat-trigger': has(present, 'threat_detection') ? null : 'Threats are not sent: the trigger threat_detection is missing.',
    'posture-trigger': has(present, 'posture_detection') ? null : 'Posture issues are not sent: the trigger posture_detection is missing.',
  }
  return differenceNames.flatMap((name) => {
    const detail = words[name]
    return detail === null ? [] : [{ name, detail }]
  })
}

function judgeHeader(webhook: Webhook, { header }: Wanted): string | null {
  const values = Object.entries(webhook.custom_headers ?? {})
    .filter(([name]) => name.toLowerCase() === header.name.toLowerCase())
    .flatMap(([, all]) => all)
  const [value] = values
  if (value === undefined) return `It does not send the secret header ${header.name}.`
  // SlashID keeps headers encrypted; should it show a row of stars for one, that is no other value.
  if (values.length === 1 && (/^[*•]+$/.test(value) || header.isRight(value))) return null
  return `It sends another value in the secret header ${header.name} than this app accepts.`
}

/** Setting headers replaces all of them, so the user's own go along. */
function withHeader(webhook: Webhook, { header }: Wanted): Record<string, string[]> {
  const others = Object.entries(webhook.custom_headers ?? {}).filter(([name]) => name.toLowerCase() !== header.name.toLowerCase())
  return { ...Object.fromEntries(others), [header.name]: [header.next()] }
}

function describeTimeout(text: string | null | undefined): string {
  const ms = millisOfDuration(text ?? '')
  return ms === null || ms === 0 ? 'its default of 2 s' : `${ms / 1000} s`
}

function has(present: readonly z.infer<typeof Trigger>[], name: string): boolean {
  return present.some(({ trigger_type, trigger_name }) => trigger_type === 'sync_hook' && trigger_name === name)
}

function isSameUrl(one: string, other: string): boolean {
  if (one === other) return true
  const url = parseUrl(one)
  return url !== null && url.href === parseUrl(other)?.href
}
