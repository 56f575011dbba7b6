import { randomBytes } from 'node:crypto'
import type { HookDraft, HookId } from '../../shared/hooks.ts'
import { isReference, type SecretRead, type Secrets } from '../secrets.ts'
import type { KeptHook } from '../store/hooks.ts'
import { readGiven } from '../ways/secret-text.ts'
import { secretKindOf, signingRefusal } from './read-hook.ts'

/** What is to be done about the secret of a hook once the rest of it is known to be good. */
export type SecretStep =
  | { readonly kind: 'leave' }
  /** `isMade` here, to be shown once. */
  | { readonly kind: 'write'; readonly value: string; readonly isMade: boolean }
  | { readonly kind: 'refused'; readonly detail: string }

/** What each hook signs with, or is let in by. */
export type HookSecrets = {
  read(hook: Pick<KeptHook, 'id' | 'format'>): SecretRead
  step(draft: HookDraft, before: KeptHook | null): SecretStep
  take(id: HookId, step: SecretStep): void
  forget(id: HookId): void
}

export function createHookSecrets(secrets: Secrets): HookSecrets {
  function judge(given: string, draft: HookDraft): SecretStep {
    const read = readGiven(given)
    if (read.kind === 'refused') return refused(read.detail)
    const value = read.value.trim()
    // What a reference leads to is read now, and at every use again.
    const refusal = secrets.refusal(value) ?? (isReference(value) || secretKindOf(draft.format) === 'token' ? null : signingRefusal(value))
    return refusal === null ? { kind: 'write', value, isMade: false } : refused(refusal)
  }

  return {
    read(hook) {
      const found = secrets.read(nameOf(hook.id))
      const refusal = found.kind === 'known' && secretKindOf(hook.format) === 'signing' ? signingRefusal(found.value) : null
      return refusal === null ? found : { kind: 'unreadable', detail: refusal }
    },

    step(draft, before) {
      if (draft.secret !== null) return judge(draft.secret, draft)
      const kind = secretKindOf(draft.format)
      const isThere = before !== null && secretKindOf(before.format) === kind && secrets.describe(nameOf(before.id)).where !== null
      if (kind === 'signing') return isThere ? { kind: 'leave' } : { kind: 'write', value: makeSecret(), isMade: true }
      if (!isThere) return refused('Enter the token that the collector gave you.')
      // Or a page could have a token that it cannot read sent to where it can.
      if (new URL(before.url).origin !== new URL(draft.url).origin)
        return refused('Enter the token again: it would go to another server than before.')
      return { kind: 'leave' }
    },

    take(id, step) {
      if (step.kind === 'write') secrets.write(nameOf(id), step.value)
    },
    forget: (id) => secrets.forget(nameOf(id)),
  }
}

function nameOf(id: HookId): string {
  return `hook:${id}`
}

/** As Standard Webhooks serializes them; 256 bits. */
function makeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

function refused(detail: string): SecretStep {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
