import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { dirname, join, posix, resolve, win32 } from 'node:path'
import { z } from 'zod'
import { markBeside } from './store/backup-folder.ts'
import { isAlive } from './store/history-lock.ts'

/** Where the app keeps everything when no one names another place: what Electron calls `userData`. */
export function defaultProfile(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform, home: string): string {
  switch (platform) {
    case 'win32':
      return win32.join(env.APPDATA || win32.join(home, 'AppData', 'Roaming'), productName)
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', productName)
    default:
      return posix.join(env.XDG_CONFIG_HOME || posix.join(home, '.config'), productName)
  }
}

const productName = 'Tocsin'

export type OpenedProfile = { readonly kind: 'ready'; readonly profile: string } | { readonly kind: 'refused'; readonly detail: string }

/** The profile that the app's command line names with `--user-data DIR`, else its default, made ready to use. */
export function openProfile(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): OpenedProfile {
  const at = argv.findIndex((part) => part === '--user-data' || part.startsWith('--user-data='))
  const named = argv[at] === '--user-data' ? argv[at + 1] : argv[at]?.slice('--user-data='.length)
  // Never the default instead: whoever names a profile does not want the other one touched.
  if (at >= 0 && (named === undefined || named === '' || named.startsWith('--'))) {
    return { kind: 'refused', detail: '--user-data must be followed by a folder. Nothing was opened.' }
  }
  const profile = resolve(named ?? defaultProfile(env, platform, home))
  const prepared = prepareProfile(profile)
  return prepared.kind === 'ready' ? { kind: 'ready', profile } : prepared
}

export function historyFile(profile: string): string {
  return join(profile, 'history.sqlite')
}

/** How far the history has come. */
export function markFile(profile: string): string {
  return markBeside(historyFile(profile))
}

/** `detail` is for people: what is wrong with the place, and what to do. */
export type Prepared = { readonly kind: 'ready' } | { readonly kind: 'refused'; readonly detail: string }

/** Node's own recursive mkdir never comes back where a file system says of a folder that is there that it is not, as /proc does. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Makes the profile, or takes over one that is there, so that no other user of this machine can read it. */
export function prepareProfile(profile: string): Prepared {
  try {
    makeFolder(profile)
    // A link that leads here must be ours as well: another user's could turn us on any folder of our own.
    for (const stats of [lstatSync(profile), statSync(profile)]) {
      if (!isOurs(stats)) return refused(profile, 'it belongs to another user')
    }
    if (process.platform !== 'win32') {
      chmodSync(profile, 0o700)
      tightenFiles(profile)
    }
    return { kind: 'ready' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOTDIR') return refused(profile, 'it is a file, not a folder')
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return refused(profile, 'this user may not write there')
    return refused(profile, message)
  }
}

function refused(profile: string, because: string): Prepared {
  return {
    kind: 'refused',
    detail: `The profile ${JSON.stringify(profile)} cannot be used: ${because}. Nothing was changed; name another place with --user-data.`,
  }
}

/** What a profile holds at its top is a few dozen entries; a folder with more was named by mistake and is closed by its own mode. */
const mostFiles = 1_000

/** Takes from group and others what they may do with the files. Folders below are closed by the profile's own mode. */
function tightenFiles(profile: string): void {
  const folder = opendirSync(profile)
  try {
    for (let i = 0, entry = folder.readSync(); entry && i < mostFiles; i++, entry = folder.readSync()) {
      if (entry.isFile()) tighten(join(profile, entry.name))
    }
  } finally {
    folder.closeSync()
  }
}

function tighten(file: string): void {
  let handle: number
  try {
    // To open and close a file would drop every lock that this process has on it.
    if ((lstatSync(file).mode & 0o077) === 0) return
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    // Gone meanwhile, turned into a link, or another user's.
    return
  }
  try {
    const stats = fstatSync(handle)
    if (stats.isFile() && isOurs(stats) && (stats.mode & 0o077) !== 0) fchmodSync(handle, stats.mode & 0o700)
  } finally {
    closeSync(handle)
  }
}

function isOurs(stats: Stats): boolean {
  return process.getuid === undefined || stats.uid === process.getuid()
}

/** Where a running app can be reached. The URL holds the path secret; the headers let senders on this machine in until the app quits. */
export type Connection = { readonly url: string; readonly pid: number; readonly headers?: Readonly<Record<string, string>> | undefined }

const connectionSchema = z.object({
  // Whatever is written there, nobody is sent anywhere but to a receiver on this machine.
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:[1-9]\d{0,4}\/in\/[A-Za-z0-9_-]{22}$/),
  // 0 and below would name a process group.
  pid: z.int().positive().max(0x7fffffff),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.string().regex(/^[\x21-\x7e]{1,128}$/)).optional(),
})

const mostConnectionBytes = 4096

/** Tells other processes of this user where the receiver is. Replaces what a crash left behind. */
export function writeConnection(profile: string, connection: Connection): void {
  const temporary = `${connectionFile(profile)}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(temporary, `${JSON.stringify({ url: connection.url, pid: connection.pid, headers: connection.headers })}\n`, {
      mode: 0o600,
      flag: 'wx',
    })
    renameSync(temporary, connectionFile(profile))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The app that runs on this profile. What is damaged, or left by a process that is gone, is no running app. */
export function readConnection(profile: string): ({ readonly kind: 'running' } & Connection) | { readonly kind: 'not-running' } {
  const connection = parseConnection(profile)
  // Or another's that has its number since: then the receiver itself has to tell whether it is the app.
  return connection && isAlive(connection.pid) ? { kind: 'running', ...connection } : { kind: 'not-running' }
}

/** Takes the file away if it speaks of this process; another app's stays. */
export function removeConnection(profile: string, pid: number = process.pid): void {
  if (parseConnection(profile)?.pid === pid) rmSync(connectionFile(profile), { force: true })
}

function connectionFile(profile: string): string {
  return join(profile, 'connection.json')
}

function parseConnection(profile: string): Connection | null {
  const text = readSmallFile(connectionFile(profile), mostConnectionBytes)
  if (text === null) return null
  try {
    const parsed = connectionSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** null for what is missing, too large, or no plain file: a pipe in its place would be waited on for ever. */
export function readSmallFile(file: string, mostBytes: number): string | null {
  let handle: number
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch {
    return null
  }
  try {
    if (!fstatSync(handle).isFile()) return null
    const bytes = Buffer.alloc(mostBytes + 1)
    const length = readSync(handle, bytes, 0, bytes.length, 0)
    return length > mostBytes ? null : bytes.toString('utf8', 0, length)
  } finally {
    closeSync(handle)
  }
}
