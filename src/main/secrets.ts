import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { SecretPlace, SecretState } from '../shared/registration.ts'
import type { SecretRows } from './store/secrets.ts'

/** The system's keychain, where there is one to trust. */
export type Keychain = {
  isThere(): boolean
  /** May throw, as `open` may: the user can refuse, and a keychain can be replaced. */
  seal(text: string): Uint8Array
  open(sealed: Uint8Array): string
}

export type SecretRead =
  | { readonly kind: 'known'; readonly value: string }
  | { readonly kind: 'none' }
  /** There is one, and it cannot be had now. `detail` is for people and never holds the value. */
  | { readonly kind: 'unreadable'; readonly detail: string }

type Found = Exclude<SecretRead, { readonly kind: 'none' }>

export type SecretKept = { readonly kind: 'kept'; readonly where: SecretPlace } | { readonly kind: 'refused'; readonly detail: string }

/**
 * What a secret may look like. A `word` travels in a request header: up to 1024 visible ASCII characters. A `text` is a credentials file of
 * several lines, up to 8 KiB.
 */
export type SecretForm = 'word' | 'text'

/** Secrets by name. Never on disk in the clear: sealed by the keychain, else in memory, else read from where the user says. */
export type Secrets = {
  read(name: string, form?: SecretForm): SecretRead
  /** A value, or `file:/path` or `env:NAME` to read it from at every use. Replaces what was there, wherever that was. */
  write(name: string, value: string, form?: SecretForm): SecretKept
  /** Why `write` would refuse a value; null where it would not. */
  refusal(value: string, form?: SecretForm): string | null
  forget(name: string): void
  describe(name: string): SecretState
}

export function createSecrets(parts: {
  readonly rows: SecretRows
  /** null: there is none, and what is not a reference lasts for the session only. */
  readonly keychain: Keychain | null
  readonly env: Readonly<Record<string, string | undefined>>
}): Secrets {
  const { rows, env } = parts
  const session = new Map<string, string>()

  /** Asked at every use: a keychain can come and go while the app runs. */
  function keychain(): Keychain | null {
    return parts.keychain?.isThere() ? parts.keychain : null
  }

  function keep(name: string, value: string): SecretPlace {
    const sealed = trySeal(value)
    if (sealed === null) {
      session.set(name, value)
      rows.remove(name)
      return 'session'
    }
    rows.write(name, { kind: 'sealed', ciphertext: sealed })
    session.delete(name)
    return 'keychain'
  }

  function trySeal(value: string): Uint8Array | null {
    try {
      return keychain()?.seal(value) ?? null
    } catch {
      // The user said no, or the keychain is locked: the session is the next best place.
      return null
    }
  }

  function judge(value: string, form: SecretForm): Found {
    return isReference(value) ? resolveReference(value, env, form) : readable(value, 'The value', form)
  }

  return {
    read(name, form = 'word') {
      const kept = rows.read(name)
      if (kept === null) {
        const value = session.get(name)
        return value === undefined ? { kind: 'none' } : { kind: 'known', value }
      }
      if (kept.kind === 'reference') return resolveReference(kept.reference, env, form)
      const opener = keychain()
      if (opener === null) return unreadable(`It is in the system’s keychain, which cannot be opened here now. ${enterAgain}`)
      try {
        return readable(opener.open(kept.ciphertext), 'What the keychain gave back', form)
      } catch {
        return unreadable(`The system’s keychain no longer opens it. ${enterAgain}`)
      }
    },

    write(name, value, form = 'word') {
      const given = judge(value, form)
      if (given.kind === 'unreadable') return refused(given.detail)
      if (!isReference(value)) return { kind: 'kept', where: keep(name, given.value) }
      rows.write(name, { kind: 'reference', reference: value })
      session.delete(name)
      return { kind: 'kept', where: 'reference' }
    },

    refusal(value, form = 'word') {
      const given = judge(value, form)
      return given.kind === 'unreadable' ? given.detail : null
    },

    forget(name) {
      session.delete(name)
      rows.remove(name)
    },

    describe(name) {
      const kept = rows.read(name)
      const where = kept?.kind === 'sealed' ? 'keychain' : (kept?.kind ?? (session.has(name) ? 'session' : null))
      return {
        where,
        reference: kept?.kind === 'reference' ? kept.reference : null,
        next: keychain() === null ? 'session' : 'keychain',
      }
    },
  }
}

/** Whether a text names a place instead of being a secret itself. */
export function isReference(text: string): boolean {
  return text.startsWith('file:') || text.startsWith('env:')
}

/** Reads what `file:/path` or `env:NAME` names now. */
export function resolveReference(reference: string, env: Readonly<Record<string, string | undefined>>, form: SecretForm = 'word'): Found {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length)
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return unreadable('After env: comes the name of an environment variable.')
    const value = env[name]
    if (value === undefined || value === '') {
      return unreadable(`The environment variable ${name} is not set here. Set it and start again, or name a file.`)
    }
    return readable(value.trim(), `The environment variable ${name}`, form)
  }
  const path = reference.slice('file:'.length)
  if (!reference.startsWith('file:') || !isAbsolute(path) || path.length > 4_096 || path.includes('\0')) {
    return unreadable('After file: comes the whole path of a file, such as file:/home/me/slashid.key.')
  }
  return readFile(path, form)
}

const enterAgain = 'Enter it again, or name a file or variable.'
const mostFileBytes: Readonly<Record<SecretForm, number>> = { word: 4_096, text: 8_192 }

function readFile(path: string, form: SecretForm): Found {
  const mostBytes = mostFileBytes[form]
  const bytes = Buffer.alloc(mostBytes + 1)
  try {
    // A pipe would be waited on for ever, and gives its content once only.
    const handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      if (!fstatSync(handle).isFile()) return unreadable(`${path} is not a plain file.`)
      const length = readSync(handle, bytes, 0, bytes.length, 0)
      if (length > mostBytes) return unreadable(`${path} is larger than ${mostBytes / 1024} KiB, which no key is.`)
      return readable(bytes.toString('utf8', 0, length).trim(), `The file ${path}`, form)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    return unreadable(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no reason given'}). Check the path and its permissions.`,
    )
  } finally {
    bytes.fill(0)
  }
}

function readable(value: string, what: string, form: SecretForm): Found {
  if (form === 'text') {
    if (/^[\t\r\n\x20-\x7e]{1,8192}$/.test(value) && value.trim() !== '') return { kind: 'known', value }
    return unreadable(`${what} is no credentials file: it has to be text of 1 to 8192 ASCII characters.`)
  }
  if (/^[\x21-\x7e]{1,1024}$/.test(value)) return { kind: 'known', value }
  return unreadable(`${what} cannot be used: it has to be one word of 1 to 1024 visible ASCII characters.`)
}

function unreadable(detail: string): Found {
  return { kind: 'unreadable', detail }
}

function refused(detail: string): SecretKept {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
