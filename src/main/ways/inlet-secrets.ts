import type { InletDraft, InletId, InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { SecretState } from '../../shared/registration.ts'
import { createKeyPair, publicKeyOf } from '../inlets/gosmee.ts'
import type { SecretForm, SecretRead, Secrets } from '../secrets.ts'

/** What each way in shows its far end to be let in. */
export type InletSecrets = {
  read(setUp: InletSetUp): SecretRead
  /** Keeps what was given, or makes what is made here; words where one is missing. `before` is what the way in was. */
  keep(setUp: InletSetUp, given: string | null, before: InletSetUp | null): { readonly kind: 'kept'; readonly isNew: boolean } | Refused
  /** null where it has none. */
  describe(setUp: InletSetUp): SecretState | null
  /** Of a pair that was made here, what its far end may know. */
  publicKey(setUp: InletSetUp): string | null
  forget(id: InletId): void
}

type Refused = { readonly kind: 'refused'; readonly detail: string }
type Need = { readonly kind: 'none' | 'made' } | { readonly kind: 'given'; readonly word: string; readonly form: SecretForm }

export function createInletSecrets(secrets: Secrets): InletSecrets {
  function read(setUp: InletSetUp): SecretRead {
    const need = needOf(setUp)
    if (need.kind === 'none') return { kind: 'none' }
    const found = secrets.read(nameOf(setUp.id), formOf(need))
    if (found.kind !== 'none' || need.kind !== 'made') return found
    // A pair that lasted for the session only: the far end is told the new one.
    return make(setUp.id)
  }

  function make(id: InletId): SecretRead {
    const { secret } = createKeyPair()
    secrets.write(nameOf(id), secret)
    return { kind: 'known', value: secret }
  }

  return {
    read,
    keep(setUp, given, before) {
      const need = needOf(setUp)
      if (need.kind !== 'given') {
        if (given !== null) return refused('This way in has no secret to enter.')
        if (need.kind === 'none') secrets.forget(nameOf(setUp.id))
        else if (before === null || needOf(before).kind !== 'made') make(setUp.id)
        return { kind: 'kept', isNew: false }
      }
      if (given !== null) {
        const value = need.form === 'text' ? given : given.trim()
        const kept = secrets.write(nameOf(setUp.id), value, need.form)
        return kept.kind === 'refused' ? kept : { kind: 'kept', isNew: true }
      }
      if (before === null || !isSameNeed(needOf(before), need)) return refused(`Enter ${need.word}.`)
      // Or a page could have a secret that it cannot read sent to where it can.
      if (hostOf(before) !== hostOf(setUp)) return refused(`Enter ${need.word} again: it would go to another server than before.`)
      return { kind: 'kept', isNew: false }
    },
    describe: (setUp) => (needOf(setUp).kind === 'none' ? null : secrets.describe(nameOf(setUp.id))),
    publicKey(setUp) {
      if (needOf(setUp).kind !== 'made') return null
      const found = secrets.read(nameOf(setUp.id))
      return found.kind === 'known' ? publicKeyOf(found.value) : null
    },
    forget: (id) => secrets.forget(nameOf(id)),
  }
}

/** What the user has to agree to before it is saved; null where nothing. A page must not be able to have files read and sent. */
export function secretConsent({ draft, secret }: InletDraft): { readonly message: string; readonly detail: string } | null {
  if (secret === null || !(secret.startsWith('file:') || secret.startsWith('env:'))) return null
  const host = parseUrl(draft.url)?.host ?? 'the server you entered'
  return {
    message: `Let Tocsin read ${secret.slice(0, 300)}?`,
    detail: `What it holds is read at every connection and shown to ${host}, to be let in there. Nothing is saved if you cancel.`,
  }
}

function nameOf(id: InletId): string {
  return `inlet:${id}`
}

function formOf(need: Need): SecretForm {
  return need.kind === 'given' ? need.form : 'word'
}

function needOf(setUp: InletSetUp): Need {
  if (setUp.kind === 'relay') return { kind: 'given', word: 'the reader token', form: 'word' }
  if (setUp.kind === 'gosmee') return { kind: setUp.isProtected ? 'made' : 'none' }
  if (setUp.kind === 'smee' || setUp.login.kind === 'none') return { kind: 'none' }
  const words = {
    password: 'the password',
    token: 'the token',
    nkey: 'the seed of the nkey',
    creds: 'the text of the .creds file',
  } as const
  return { kind: 'given', word: words[setUp.login.kind], form: setUp.login.kind === 'creds' ? 'text' : 'word' }
}

function isSameNeed(one: Need, other: Need): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function hostOf({ url }: InletSetUp): string | null {
  const parsed = parseUrl(url)
  return parsed === null ? null : `${parsed.protocol}//${parsed.host}`
}

function refused(detail: string): Refused {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
