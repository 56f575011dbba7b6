import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import type { JetstreamLogin } from '../shared/inlets.ts'
import { createPathSecret } from '../main/inlets/receiver.ts'
import { readTextFile } from './read-text-file.ts'

export type PathSecret =
  | { readonly kind: 'ready'; readonly secret: string; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly detail: string }

/** The secret of the path: the same at every start with a file, which is made where it is absent; a fresh one without. */
export function pathSecret(file: string | undefined): PathSecret {
  if (file === undefined) {
    return {
      kind: 'ready',
      secret: createPathSecret(),
      notes: ['This address is good until the next start. With --secret-file FILE it stays.'],
    }
  }
  try {
    const fresh = keepNew(file)
    if (fresh !== null) return { kind: 'ready', secret: fresh, notes: [`The secret of this address was made and is kept in ${file}.`] }
  } catch (error) {
    return { kind: 'refused', detail: `The secret cannot be kept in ${file}: ${(error as Error).message}. Nothing listens.` }
  }
  const read = readTextFile(file, 1024)
  if (read.kind === 'refused') return { kind: 'refused', detail: `The secret cannot be read: ${read.detail}. Nothing listens.` }
  const secret = read.text.trim()
  if (!/^[A-Za-z0-9_-]{22}$/.test(secret)) {
    return { kind: 'refused', detail: `${file} holds no secret of ours, 22 letters and digits. It was left as it is; name another file.` }
  }
  const isPrivate = process.platform === 'win32' || (statSync(file).mode & 0o077) === 0
  return { kind: 'ready', secret, notes: isPrivate ? [] : [`Others on this machine can read ${file}. Take that from them: chmod 600.`] }
}

/**
 * A new secret in that file; null where there is one, which stays. It is whole before it has that name: a crash in between would leave
 * a file that holds no secret and is refused for ever.
 */
function keepNew(file: string): string | null {
  if (existsSync(file)) return null
  const fresh = createPathSecret()
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = openSync(draft, 'wx', 0o600)
    try {
      writeSync(handle, `${fresh}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    return isNamed(draft, file) ? fresh : null
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Never over a file that came into being meanwhile, where the file system has a way to say so. */
function isNamed(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
    renameSync(draft, file)
  }
  return true
}

export type LoginOptions = {
  readonly creds?: string
  readonly user?: string
  readonly passwordFrom?: string
  readonly tokenFrom?: string
  readonly nkeyFrom?: string
}

export type Credentials = {
  readonly login: JetstreamLogin
  /** Read at every connection, so that a changed file is heeded without a restart. `detail` never holds the value. */
  read(): { readonly kind: 'known'; readonly value: string | null } | { readonly kind: 'unreadable'; readonly detail: string }
}

/** What the options say of how the server knows us; a sentence for people where they say nothing that works. */
export function credentialsOf(options: LoginOptions, env: Readonly<Record<string, string | undefined>>): Credentials | string {
  const { creds, user, passwordFrom, tokenFrom, nkeyFrom } = options
  if ((user === undefined) !== (passwordFrom === undefined)) return '--user NAME and --password-from PLACE belong together.'
  const places = [creds === undefined ? undefined : `file:${creds}`, passwordFrom, tokenFrom, nkeyFrom].filter(
    (place) => place !== undefined,
  )
  if (places.length > 1) return 'Only one of --creds, --user with --password-from, --token-from and --nkey-from can be used.'
  const [place] = places
  if (place === undefined) return { login: { kind: 'none' }, read: () => ({ kind: 'known', value: null }) }
  if (!/^(env|file):./.test(place)) return 'A secret is named by its place, env:NAME or file:PATH, and never written itself.'
  const read = (): ReturnType<Credentials['read']> => readPlace(place, env)
  if (user !== undefined) return { login: { kind: 'password', user }, read }
  return { login: { kind: creds !== undefined ? 'creds' : tokenFrom !== undefined ? 'token' : 'nkey' }, read }
}

const mostSecretBytes = 64 * 1024

function readPlace(place: string, env: Readonly<Record<string, string | undefined>>): ReturnType<Credentials['read']> {
  const named = place.slice(place.indexOf(':') + 1)
  if (place.startsWith('env:')) {
    const value = env[named] ?? ''
    return value === '' ? { kind: 'unreadable', detail: `The variable ${named} is not set.` } : { kind: 'known', value }
  }
  const read = readTextFile(named, mostSecretBytes)
  return read.kind === 'refused'
    ? { kind: 'unreadable', detail: `The credentials cannot be read: ${read.detail}.` }
    : { kind: 'known', value: read.text.replace(/\r?\n$/, '') }
}
