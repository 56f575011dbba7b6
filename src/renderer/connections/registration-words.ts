import { assertNever } from '../../shared/assert-never.ts'
import type { RegistrationState, SecretState } from '../../shared/registration.ts'
import type { IconName } from '../ui/Icon.svelte'

export type StandingWords = { readonly icon: IconName; readonly title: string; readonly detail: string }

/** How a registration stands, in a word and a sentence. */
export function standingWords({ standing, webhook }: RegistrationState): StandingWords {
  switch (standing.kind) {
    case 'unknown':
      return webhook === null
        ? { icon: 'dashed', title: 'Not registered', detail: 'No webhook is known here.' }
        : { icon: 'ring', title: 'Registered', detail: 'Not looked at since this start of the app.' }
    case 'found':
      return { icon: 'check', title: 'Registered', detail: 'The webhook at SlashID is as it should be.' }
    case 'different':
      return { icon: 'alert', title: 'Different', detail: 'The webhook at SlashID is not as it should be:' }
    case 'missing':
      return { icon: 'dashed', title: 'Not registered', detail: 'SlashID has no webhook with this address.' }
    case 'failed':
      return { icon: 'alert', title: 'It did not work', detail: standing.field === null ? standing.detail : '' }
    default:
      return assertNever(standing)
  }
}

/** Where the API key is. */
export function placeWords({ where, reference }: SecretState): string | null {
  switch (where) {
    case null:
      return null
    case 'keychain':
      return 'Kept by the system’s keychain.'
    case 'session':
      return 'Kept until Tocsin quits, never on disk.'
    case 'reference':
      return `Read from ${reference ?? 'its place'} each time.`
    default:
      return assertNever(where)
  }
}

/** Said before a key is typed: what will become of it. */
export function promiseWords({ next }: SecretState): string {
  return next === 'keychain'
    ? 'It will be kept by the system’s keychain.'
    : 'There is no keychain here that guards it: it will be kept until Tocsin quits, never on disk.'
}
