import { isIP } from 'node:net'
import { isAbsolute, normalize } from 'node:path'
import { assertNever } from '../../shared/assert-never.ts'
import type { FetchingSetUp, InletDraft, InletId, InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import { isLoopback } from '../inlets/far-end.ts'
import { hasHidden, mostShown } from './secret-text.ts'

/** Longest name of a host. */
const mostHost = 253

export type ReadInlet =
  | { readonly kind: 'read'; readonly setUp: Omit<InletSetUp, 'id' | 'isOn'> & FetchingSetUp }
  | { readonly kind: 'refused'; readonly detail: string }

/** Brings a way in as the user typed it into the form that is kept, or says what is wrong with it. */
export function readInlet({ draft }: InletDraft): ReadInlet {
  const name = draft.name.trim()
  if (name === '' || name.length > 100 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) {
    return refused('The name must have 1 to 100 characters, and no control characters.')
  }
  const address = readAddress(draft.address)
  if (address.kind === 'refused') return address
  const read = readFarEnd(draft)
  return read.kind === 'refused' ? read : { kind: 'read', setUp: { name, address: address.value, ...read.value } }
}

/** Whether two set-ups lead to the same place: then what is known of one, its position and its secret, holds for the other. */
export function isSameFarEnd(one: FetchingSetUp, other: FetchingSetUp): boolean {
  return JSON.stringify(placeOf(one)) === JSON.stringify(placeOf(other))
}

/** Whether it is reached without a network. */
export function isOnThisComputer({ url }: FetchingSetUp): boolean {
  const parsed = parseUrl(url)
  return parsed !== null && isLoopback(parsed)
}

function placeOf(setUp: FetchingSetUp): readonly string[] {
  return setUp.kind === 'jetstream' ? [setUp.kind, setUp.url, setUp.stream, setUp.consumer] : [setUp.kind, setUp.url]
}

type Read<T> = { readonly kind: 'read'; readonly value: T } | { readonly kind: 'refused'; readonly detail: string }

function readFarEnd(draft: InletDraft['draft']): Read<FetchingSetUp> {
  switch (draft.kind) {
    case 'relay': {
      const url = readWebUrl(draft.url, 'relay')
      if (url.kind === 'refused') return url
      if (url.value.pathname !== '/')
        return refused('The relay is named by its host only: leave the path out. Its address for SlashID is another field.')
      return read({ kind: 'relay', url: url.value.origin })
    }
    case 'jetstream':
      return readJetstream(draft)
    case 'gosmee': {
      const url = readWebUrl(draft.url, 'gosmee server')
      if (url.kind === 'refused') return url
      if (!/^\/[A-Za-z0-9_-]{12,64}$/.test(url.value.pathname)) {
        return refused(
          'The gosmee address ends in a channel of 12 to 64 letters, digits, hyphens or underscores, such as https://gosmee.example.org/AbCdEf012345.',
        )
      }
      return read({ kind: 'gosmee', url: url.value.href, isProtected: draft.isProtected })
    }
    case 'smee': {
      const url = readWebUrl(draft.url, 'smee server')
      if (url.kind === 'refused') return url
      if (!/^\/[A-Za-z0-9_-]{1,64}$/.test(url.value.pathname)) {
        return refused('The smee address ends in a channel, such as https://smee.io/a1B2c3D4e5F6g7H8.')
      }
      return read({ kind: 'smee', url: url.value.href })
    }
    default:
      return assertNever(draft)
  }
}

function readJetstream(draft: Extract<InletDraft['draft'], { kind: 'jetstream' }>): Read<FetchingSetUp> {
  const typed = draft.url.trim()
  const url = parseUrl(typed)
  if (url === null || !/^(nats|tls):\/\/[^/?#]+\/?$/.test(typed) || url.username !== '' || url.password !== '') {
    return refused('The NATS server is named like tls://nats.example.org:4222, without a user in it: how it knows you is another field.')
  }
  if (url.hostname.length > mostHost) return refused('The host of the NATS server is longer than any host is.')
  const local = isLoopback(url)
  if (draft.login.kind === 'none' && !local) {
    return refused('A NATS server elsewhere has to know you: enter a token, a user with a password, an nkey or a .creds file.')
  }
  if (draft.login.kind === 'password' && !/^[^\p{Cc}]{1,256}$/u.test(draft.login.user)) {
    return refused('The user must have 1 to 256 characters, and no control characters.')
  }
  for (const [what, name] of [
    ['stream', draft.stream],
    ['consumer', draft.consumer],
  ] as const) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      return refused(`The name of the ${what} must have 1 to 64 letters, digits, hyphens or underscores.`)
  }
  const caFile = (draft.caFile?.trim() ?? '') === '' ? '' : normalize(draft.caFile?.trim() ?? '')
  if (caFile !== '' && (!isAbsolute(caFile) || caFile.length > mostShown || hasHidden(caFile))) {
    return refused(
      `The file of the certificate authority is named by its whole path, such as /home/me/nats-ca.pem: at most ${mostShown} characters, all of them visible.`,
    )
  }
  // What a relay says of the time is believed, so nobody may stand between: without TLS on this computer only.
  const scheme = local && caFile === '' ? url.protocol : 'tls:'
  return read({
    kind: 'jetstream',
    url: `${scheme}//${url.hostname}:${url.port === '' ? 4222 : url.port}`,
    stream: draft.stream,
    consumer: draft.consumer,
    login: draft.login,
    caFile: caFile === '' ? null : caFile,
  })
}

function readWebUrl(text: string, what: string): Read<URL> {
  const url = parseUrl(text.trim())
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) {
    return refused(`The address of the ${what} must start with https://. Plain http:// is for 127.0.0.1 only.`)
  }
  if (url.hostname.length > mostHost) return refused(`The host in the address of the ${what} is longer than any host is.`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refused(`The address of the ${what} has neither a user, nor a “?”, nor a “#” in it.`)
  }
  return read(url)
}

/** SlashID's own rules for a target URL; one on this computer is for trying out. */
function readAddress(text: string | null): Read<string | null> {
  if (text === null || text.trim() === '') return read(null)
  const url = readWebUrl(text, 'way in for SlashID')
  if (url.kind === 'refused') return url
  if (url.value.pathname === '/') return refused('The address for SlashID has a path, which names the mailbox or channel: enter it whole.')
  const isLocal = /(^|\.)localhost\.?$/.test(url.value.hostname) || isIP(url.value.hostname.replace(/^\[|\]$/g, '')) !== 0
  if (isLocal && url.value.protocol === 'https:') {
    return refused('SlashID sends to a host name only, neither to localhost nor to an IP address.')
  }
  return read(url.value.href)
}

function read<T>(value: T): Read<T> {
  return { kind: 'read', value }
}

function refused(detail: string): { readonly kind: 'refused'; readonly detail: string } {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}

/** Eight letters and digits after the kind: enough that none comes twice. */
export function createInletId(kind: FetchingSetUp['kind'], randomInt: (below: number) => number): InletId {
  const signs = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return `${kind}:${Array.from({ length: 8 }, () => signs[randomInt(signs.length)]).join('')}` as InletId
}
