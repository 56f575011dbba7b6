import type { InletDraft, InletId, InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { SecretState } from '../../shared/registration.ts'
import { createKeyPair, publicKeyOf } from '../inlets/gosmee.ts'
import type { SecretForm, SecretRead, Secrets } from '../secrets.ts'
import { readGiven } from './secret-text.ts'

/** What each way in shows its far end to be let in, and what its senders show it. */
export type InletSecrets = {
  read(setUp: InletSetUp): SecretRead
  /** The value that a relay of its own asks senders for in the secret header. */
  readHeader(setUp: InletSetUp): SecretRead
  /** Keeps what was given, or makes what is made here; words where one is missing. `before` is what the way in was. All or nothing. */
  keep(
    setUp: InletSetUp,
    given: Pick<InletDraft, 'secret' | 'header'>,
    before: InletSetUp | null,
  ): { readonly kind: 'kept'; readonly isNew: boolean } | Refused
  /** null where it has none. */
  describe(setUp: InletSetUp): SecretState | null
  describeHeader(setUp: InletSetUp): SecretState | null
  /** Of a pair of ours, what its far end may know. */
  publicKey(setUp: InletSetUp): string | null
  forget(id: InletId): void
}

type Refused = { readonly kind: 'refused'; readonly detail: string }
type Need =
  { readonly kind: 'none' } | { readonly kind: 'made' } | { readonly kind: 'given'; readonly word: string; readonly form: SecretForm }
/** What is to be done about one secret once all of them are known to be good. */
type Step = { readonly kind: 'leave' | 'forget' | 'make' } | { readonly kind: 'write'; readonly value: string; readonly form: SecretForm }

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

  function judge(given: string, form: SecretForm): Step | Refused {
    const read = readGiven(given)
    if (read.kind === 'refused') return refused(read.detail)
    const value = form === 'text' && read.kind === 'value' ? given : read.value.trim()
    const refusal = secrets.refusal(value, form)
    return refusal === null ? { kind: 'write', value, form } : refused(refusal)
  }

  function stepOf(setUp: InletSetUp, given: string | null, before: InletSetUp | null): Step | Refused {
    const need = needOf(setUp)
    const former = before === null ? null : needOf(before)
    if (need.kind === 'none') return given === null ? { kind: 'forget' } : refused('This way in has no secret to enter.')
    if (need.kind === 'made') {
      if (given === null) return { kind: former?.kind === 'made' ? 'leave' : 'make' }
      if (readGiven(given).kind === 'value')
        return refused('Name the file or the variable that holds the key; a pair is made here otherwise.')
      return judge(given, 'word')
    }
    if (given !== null) return judge(given, need.form)
    if (before === null || former === null || !isSameNeed(former, need)) return refused(`Enter ${need.word}.`)
    // Or a page could have a secret that it cannot read sent to where it can.
    if (originOf(before.url) !== originOf(setUp.url)) return refused(`Enter ${need.word} again: it would go to another server than before.`)
    return { kind: 'leave' }
  }

  function headerStepOf(setUp: InletSetUp, given: string | null, before: InletSetUp | null): Step | Refused {
    if (given === null) {
      const isKept = before !== null && secrets.describe(headerNameOf(setUp.id)).where !== null
      if (isKept && originOf(before.address) !== originOf(setUp.address))
        return refused('Enter the value of the secret header again: it would go to another server than before.')
      return { kind: 'leave' }
    }
    return setUp.kind === 'relay' ? judge(given, 'word') : refused('Only a relay has a secret header of its own.')
  }

  function take(name: string, id: InletId, step: Step): void {
    if (step.kind === 'forget') secrets.forget(name)
    else if (step.kind === 'make') make(id)
    else if (step.kind === 'write') secrets.write(name, step.value, step.form)
  }

  return {
    read,
    readHeader: (setUp) => (setUp.kind === 'relay' ? secrets.read(headerNameOf(setUp.id)) : { kind: 'none' }),
    keep(setUp, given, before) {
      const step = stepOf(setUp, given.secret, before)
      if (step.kind === 'refused') return step
      const headerStep = headerStepOf(setUp, given.header ?? null, before)
      if (headerStep.kind === 'refused') return headerStep
      take(nameOf(setUp.id), setUp.id, step)
      take(headerNameOf(setUp.id), setUp.id, headerStep)
      return { kind: 'kept', isNew: step.kind === 'write' }
    },
    describe: (setUp) => (needOf(setUp).kind === 'none' ? null : secrets.describe(nameOf(setUp.id))),
    describeHeader: (setUp) => (setUp.kind === 'relay' ? secrets.describe(headerNameOf(setUp.id)) : null),
    publicKey(setUp) {
      if (needOf(setUp).kind !== 'made') return null
      const found = secrets.read(nameOf(setUp.id))
      return found.kind === 'known' ? publicKeyOf(found.value) : null
    },
    forget(id) {
      secrets.forget(nameOf(id))
      secrets.forget(headerNameOf(id))
    },
  }
}

function nameOf(id: InletId): string {
  return `inlet:${id}`
}

function headerNameOf(id: InletId): string {
  return `inlet-header:${id}`
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

function originOf(url: string | null): string | null {
  const parsed = url === null ? null : parseUrl(url)
  return parsed === null ? null : `${parsed.protocol}//${parsed.host}`
}

function refused(detail: string): Refused {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
