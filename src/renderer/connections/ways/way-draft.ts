import { assertNever } from '../../../shared/assert-never.ts'
import type { FetchingKind, InletDraft, InletId, InletSetUp, JetstreamLogin } from '../../../shared/inlets.ts'
import { kindWords } from './way-words.ts'

/** What the form of a way in holds, as it is typed; each kind uses its own. Its secret is not among it. */
export type WayFields = {
  readonly name: string
  readonly url: string
  readonly address: string
  readonly stream: string
  readonly consumer: string
  readonly login: JetstreamLogin['kind']
  readonly user: string
  readonly caFile: string
  readonly isProtected: boolean
}

/** `suffix` tells the consumers of several computers apart. */
export function newFields(kind: FetchingKind, suffix: string): WayFields {
  return {
    name: kindWords[kind],
    url: '',
    address: '',
    stream: 'TOCSIN',
    consumer: `tocsin-${suffix}`,
    login: 'creds',
    user: '',
    caFile: '',
    isProtected: false,
  }
}

export function toFields(setUp: InletSetUp): WayFields {
  const common = { ...newFields(setUp.kind, ''), name: setUp.name, url: setUp.url, address: setUp.address ?? '' }
  switch (setUp.kind) {
    case 'jetstream':
      return {
        ...common,
        stream: setUp.stream,
        consumer: setUp.consumer,
        login: setUp.login.kind,
        user: setUp.login.kind === 'password' ? setUp.login.user : '',
        caFile: setUp.caFile ?? '',
      }
    case 'gosmee':
      return { ...common, isProtected: setUp.isProtected }
    case 'relay':
    case 'smee':
      return common
    default:
      return assertNever(setUp)
  }
}

/** What SlashID posts to, where the URL that is read from tells it; null where it has to be entered. */
export function addressFrom(kind: FetchingKind, url: string): string | null {
  if (kind !== 'gosmee' && kind !== 'smee') return null
  try {
    const { origin, pathname } = new URL(url.trim())
    const channel = pathname.replace(/^\/(events\/)?/, '')
    if (channel === '' || origin === 'null') return null
    return kind === 'smee' ? `${origin}/${channel}` : `${origin}/replay/${channel}`
  } catch {
    return null
  }
}

/** What is asked to be saved. Main judges it and says what is wrong. An empty secret leaves the one that is kept. */
export function toDraft(kind: FetchingKind, id: InletId | null, fields: WayFields, secret: string, header = ''): InletDraft {
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())
  const common = {
    name: fields.name.trim() === '' ? kindWords[kind] : fields.name.trim(),
    address: orNull(fields.address) ?? addressFrom(kind, fields.url),
    url: fields.url.trim(),
  }
  return { id, draft: draftOf(), secret: orNull(secret), ...(orNull(header) === null ? {} : { header: orNull(header) }) }

  function draftOf(): InletDraft['draft'] {
    switch (kind) {
      case 'relay':
      case 'smee':
        return { ...common, kind }
      case 'gosmee':
        return { ...common, kind, isProtected: fields.isProtected }
      case 'jetstream': {
        const login: JetstreamLogin = fields.login === 'password' ? { kind: 'password', user: fields.user.trim() } : { kind: fields.login }
        return { ...common, kind, stream: fields.stream.trim(), consumer: fields.consumer.trim(), login, caFile: orNull(fields.caFile) }
      }
      default:
        return assertNever(kind)
    }
  }
}

/** What the secret of a way in is called; null where it has none that the user enters. */
export function secretLabel(kind: FetchingKind, login: JetstreamLogin['kind'], isProtected = false): string | null {
  if (kind === 'relay') return 'Reader token'
  if (kind === 'gosmee' && isProtected) return 'Private key, if you keep one'
  if (kind !== 'jetstream') return null
  const labels: Readonly<Record<JetstreamLogin['kind'], string | null>> = {
    none: null,
    password: 'Password',
    token: 'Token',
    nkey: 'Nkey seed',
    creds: 'Credentials (.creds)',
  }
  return labels[login]
}
