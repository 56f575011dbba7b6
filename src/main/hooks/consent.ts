import type { HookDraft } from '../../shared/hooks.ts'
import type { KeptHook } from '../store/hooks.ts'
import type { Consent } from '../ways/consent.ts'
import { readGiven } from '../ways/secret-text.ts'
import { readHook, secretKindOf } from './read-hook.ts'

/**
 * What has to be agreed to before a hook is saved. A page must not be able to have the history sent to where it likes, nor have a file or a
 * variable read and shown there.
 */
export function hookConsent(draft: HookDraft, hooks: readonly KeptHook[]): Consent {
  const read = readHook(draft, hooks)
  // What cannot be saved is said by saving it.
  if (read.kind === 'refused') return null
  const { origin, host, protocol } = new URL(read.draft.url)
  const isAgreed = hooks.some(({ url }) => new URL(url).origin === origin)
  const asked: string[] = []
  if (!isAgreed) {
    const clear = protocol === 'http:' ? ', unencrypted, to a program on this computer' : ''
    asked.push(`Whatever a rule with this hook matches is sent to ${host}${clear}: what was detected, when, and about whom.`)
  }
  const secret = draft.secret === null ? null : readGiven(draft.secret)
  if (secret?.kind === 'reference') {
    const use = secretKindOf(draft.format) === 'token' ? `and shows what it holds to ${host}, to be let in there` : 'to sign what it sends'
    asked.push(`It reads ${secret.value} at every use, ${use}.`)
  }
  if (asked.length === 0) return null
  return {
    message: `Let Tocsin send detections to ${host}?`,
    detail: [...asked, 'Nothing is sent, read or saved if you cancel.'].join('\n\n'),
  }
}
