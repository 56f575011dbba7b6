import { stat, readFile } from 'node:fs/promises'
import { checkServerIdentity } from 'node:tls'
import { JetStreamApiError } from '@nats-io/jetstream'
import { credsAuthenticator, errors, nkeyAuthenticator, type Authenticator, type NatsConnection } from '@nats-io/transport-node'
import type { JetstreamLogin } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { LinkEnd } from './connection.ts'
import { explainError, farEnd, isLoopback, refused } from './far-end.ts'
import { dialNats } from './nats-transport.ts'

export type NatsAccess = {
  /** `nats://` or `tls://`, host and port. */
  readonly url: string
  readonly login: JetstreamLogin
  /** What the login needs beside what it says; null for none. */
  readonly secret: string | null
  /** A PEM file of the certificate authority, where it is not a public one. */
  readonly caFile: string | null
}

export type NatsConnected =
  | {
      readonly kind: 'connected'
      readonly nats: NatsConnection
      /** How the server is named in sentences. */
      readonly far: string
      /** Resolves when the connection is over, for whatever reason. */
      readonly ended: Promise<LinkEnd>
      /** Sends what is still to be sent, within a second, and hangs up. */
      close(): Promise<void>
      /** Hangs up at once, whatever is still to be sent. */
      hangUp(): void
    }
  | { readonly kind: 'ended'; readonly end: LinkEnd }

const dialMs = 10_000
/** Three unanswered pings end a connection: a dead one is found within 45 s. */
const pings = { pingInterval: 15_000, maxPingOut: 2 }
const flushMs = 1_000
const mostCaBytes = 1024 * 1024

/** One connection to a NATS server, over TLS unless it is on this computer. It never reconnects by itself; `signal` ends it at any time. */
export async function connectNats({ url: text, login, secret, caFile }: NatsAccess, signal: AbortSignal): Promise<NatsConnected> {
  const url = parseUrl(text)
  if (url === null || (url.protocol !== 'nats:' && url.protocol !== 'tls:') || url.hostname === '') {
    return { kind: 'ended', end: refused('The address of the NATS server must look like tls://nats.example.org:4222. Nothing was sent.') }
  }
  const far = farEnd('NATS server', url)
  const authenticator = authenticatorOf(far, login, secret)
  if (typeof authenticator !== 'function' && authenticator !== undefined) return { kind: 'ended', end: authenticator }
  const ca = caFile === null ? undefined : await readCa(caFile)
  if (typeof ca === 'object') return { kind: 'ended', end: ca }
  const needsTls = url.protocol === 'tls:' || ca !== undefined || !isLoopback(url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // An address without a name would be compared with "localhost" by the library.
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    checkServerIdentity: (_: string, certificate: never) => checkServerIdentity(host, certificate),
  }

  const hangUp = new AbortController()
  const giveUp = (): void => hangUp.abort()
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp)
  let broken: LinkEnd | null = null
  try {
    const nats = await dialNats(
      {
        servers: `${url.hostname}:${url.port || '4222'}`,
        name: 'tocsin',
        timeout: dialMs,
        reconnect: false,
        ignoreClusterUpdates: true,
        noAsyncTraces: true,
        ...pings,
        ...(authenticator === undefined ? {} : { authenticator }),
        ...(needsTls ? { tls } : {}),
      },
      {
        signal: hangUp.signal,
        onBroken(what) {
          broken = { kind: 'lost', detail: `${far} sent ${what}, so the connection was ended. It is tried again by itself.` }
          giveUp()
        },
      },
    )
    const ended = nats.closed().then((error): LinkEnd => {
      signal.removeEventListener('abort', giveUp)
      return (
        broken ?? (error ? explainNats(far, error) : { kind: 'lost', detail: `${far} ended the connection. It is tried again by itself.` })
      )
    })
    const close = async (): Promise<void> => {
      let timer: NodeJS.Timeout | undefined
      const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, flushMs)))
      await Promise.race([nats.flush().catch(() => {}), ended, deadline])
      clearTimeout(timer)
      await nats.close()
      giveUp()
    }
    return { kind: 'connected', nats, far, ended, close, hangUp: giveUp }
  } catch (error) {
    // The library leaves its socket to itself where it only waited too long.
    giveUp()
    signal.removeEventListener('abort', giveUp)
    return { kind: 'ended', end: broken ?? explainNats(far, error) }
  }
}

/** Why the server does not let us in, or let us go, in words. */
export function explainNats(far: string, error: unknown): LinkEnd {
  if (error instanceof errors.AuthorizationError) {
    return refused(`${far} does not accept the credentials. Check the kind of login, the user and the secret.`)
  }
  if (error instanceof errors.UserAuthenticationExpiredError)
    return refused(`${far} says that the credentials have expired. Enter new ones.`)
  if (error instanceof errors.PermissionViolationError) {
    return refused(`${far} does not allow this user a ${error.operation} on ${plain(error.subject)}. Whoever runs it has to grant that.`)
  }
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') {
    return refused(`${far} has no JetStream for this user, and without it nothing is kept. Whoever runs it has to switch it on.`)
  }
  if (error instanceof JetStreamApiError) {
    const said = `${far} says: ${plain(error.message)}.`
    return error.status >= 500 ? { kind: 'lost', detail: `${said} It is tried again by itself.` } : refused(said)
  }
  const message = error instanceof Error ? error.message : ''
  if (message.includes(`support 'tls'`)) {
    return refused(`${far} does not offer TLS, and anything but this computer is spoken to over TLS only. No credential was sent.`)
  }
  if (message.includes('unexpected response'))
    return refused(`${far} does not speak NATS. Check the address and its port; nothing was sent.`)
  if (error instanceof errors.TimeoutError) return { kind: 'lost', detail: `${far} does not answer in time. It is tried again by itself.` }
  const { cause } = error instanceof Error ? error : { cause: undefined }
  return cause instanceof Error ? explainNats(far, cause) : explainError(far, error)
}

/** Text of the server's, made fit for a sentence of ours. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

function authenticatorOf(far: string, login: JetstreamLogin, secret: string | null): Authenticator | LinkEnd | undefined {
  if (login.kind === 'none') return undefined
  if (secret === null || secret === '') return refused(`${far} is to be shown a ${secretWords[login.kind]}, and none is there. Enter it.`)
  if (login.kind === 'password') return () => ({ user: login.user, pass: secret })
  if (login.kind === 'token') return () => ({ auth_token: secret })
  const bytes = Buffer.from(login.kind === 'nkey' ? secret.trim() : secret)
  try {
    const authenticator = login.kind === 'nkey' ? nkeyAuthenticator(bytes) : credsAuthenticator(bytes)
    authenticator('whether it can be read')
    return authenticator
  } catch {
    return refused(
      login.kind === 'nkey'
        ? 'The nkey seed cannot be read: it is one line that begins with SU. Enter it anew; nothing was sent.'
        : 'The credentials cannot be read: they are the whole text of a .creds file, both blocks of it. Enter them anew; nothing was sent.',
    )
  }
}

const secretWords = { password: 'password', token: 'token', nkey: 'nkey seed', creds: 'credentials file' } as const

async function readCa(file: string): Promise<string | LinkEnd> {
  try {
    const facts = await stat(file)
    if (!facts.isFile() || facts.size > mostCaBytes) return refused(`${file} is no file of a certificate authority. Name a PEM file.`)
    const text = await readFile(file, 'utf8')
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : refused(`${file} holds no certificate in PEM form. Name a PEM file.`)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return refused(`The file of the certificate authority, ${file}, cannot be read (${reason}). Check its name; nothing was sent.`)
  }
}
