import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { assertNever } from '../../shared/assert-never.ts'
import type { TunnelSetUp } from '../../shared/inlets.ts'
import { readOrigin } from './origin.ts'

/** How one kind of tunnel is run and understood. */
export type TunnelProgram = {
  /** For people. */
  readonly name: string
  /** Names to look for, in order; the arguments are the same for each. */
  readonly programs: readonly string[]
  readonly arguments: readonly string[]
  /** What to do where it is not there. */
  readonly install: string
  /** The public origin that a line of its output tells; null for every other line. */
  readonly originOf: (line: string) => string | null
  /** Its origin is known beforehand, and it may never say that it is up: then it counts as up after running that long. */
  readonly settled: { readonly origin: string; readonly afterMs: number } | null
  /** What a line says to people; null where it says nothing to them. */
  readonly wordsOf: (line: string) => string | null
}

export function programOf(setUp: TunnelSetUp, port: number): TunnelProgram {
  switch (setUp.kind) {
    case 'cloudflared':
      return {
        name: 'cloudflared',
        programs: ['cloudflared'],
        arguments: ['tunnel', '--no-autoupdate', '--url', `http://127.0.0.1:${port}`],
        install: 'Install it from Cloudflare (package “cloudflared”), then start the tunnel again.',
        originOf: quickTunnel,
        settled: null,
        wordsOf: withoutClock,
      }
    case 'ngrok':
      return {
        name: 'ngrok',
        programs: ['ngrok'],
        arguments: [
          ...['http', `127.0.0.1:${port}`, '--log', 'stdout', '--log-format', 'json'],
          ...(setUp.domain === null ? [] : ['--url', `https://${setUp.domain}`]),
        ],
        install:
          'Install it from ngrok (version 3.16 or newer) and add your authtoken with “ngrok config add-authtoken”, then start the tunnel again.',
        originOf: startedTunnel,
        settled: null,
        wordsOf: ngrokWords,
      }
    case 'tailscale':
      return {
        name: 'Tailscale Funnel',
        programs: ['tailscale', '/Applications/Tailscale.app/Contents/MacOS/Tailscale'],
        arguments: ['funnel', String(port)],
        install: 'Install Tailscale and sign in, then start the tunnel again.',
        originOf: (line) => originIn(/(?:^|\s)(https:\/\/[a-z0-9.-]+\.ts\.net(?::\d+)?)\/?(?=\s|$)/i, line),
        settled: null,
        wordsOf: (line) => line,
      }
    case 'ssh':
      return {
        name: 'ssh',
        programs: ['ssh'],
        arguments: [
          // At this level it says on its error output when the forwarding is up, and that it is not, whatever its configuration says.
          ...['-v', '-N', '-T', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', '-o', 'ConnectTimeout=15'],
          ...['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=2'],
          // A shared connection would keep the forwarding when this ssh ends.
          ...['-o', 'ControlMaster=no', '-o', 'ControlPath=none'],
          ...['-R', `${setUp.remotePort}:127.0.0.1:${port}`, '--', setUp.destination],
        ],
        install: 'Install the OpenSSH client, then start the tunnel again.',
        originOf: (line) => (/^debug1: remote forward success for: /.test(line) ? setUp.origin : null),
        settled: { origin: setUp.origin, afterMs: 20_000 },
        wordsOf: (line) => (/^(debug\d: |OpenSSH_|Authenticated to |Transferred: |Bytes per second: )/.test(line) ? null : line),
      }
    case 'command': {
      const [program = '', ...rest] = setUp.command.map((one) => one.replaceAll('{port}', String(port)))
      return {
        name: program,
        programs: [program],
        arguments: rest,
        install: 'Install it, or correct the command, then start the tunnel again.',
        originOf: setUp.origin === null ? toldOrigin : () => null,
        settled: setUp.origin === null ? null : { origin: setUp.origin, afterMs: 3_000 },
        wordsOf: (line) => line,
      }
    }
    default:
      return assertNever(setUp)
  }
}

/**
 * cloudflared draws a box around it. Only a line of that box counts: a line about a request that failed quotes what a stranger asked
 * for, which could be another's address.
 */
function quickTunnel(line: string): string | null {
  return originIn(/\|\s+(https:\/\/[a-z0-9-]+\.trycloudflare\.com)\s+\|/, line)
}

function originIn(pattern: RegExp, line: string): string | null {
  const [, found] = pattern.exec(line) ?? []
  if (found === undefined) return null
  const read = readOrigin(found)
  return read.kind === 'read' && !isElsewhere(new URL(read.origin).hostname) ? read.origin : null
}

type NgrokLine = { readonly msg?: unknown; readonly url?: unknown; readonly err?: unknown; readonly lvl?: unknown }

function ngrokLine(line: string): NgrokLine | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

function startedTunnel(line: string): string | null {
  const said = ngrokLine(line)
  if (said === null || said.msg !== 'started tunnel' || typeof said.url !== 'string') return null
  const read = readOrigin(said.url)
  return read.kind === 'read' ? read.origin : null
}

function ngrokWords(line: string): string | null {
  const said = ngrokLine(line)
  if (said === null) return line.replace(/^ERROR:\s*/, '')
  if (said.lvl === 'info' || said.lvl === 'dbug') return null
  const words = typeof said.err === 'string' && said.err !== '<nil>' ? said.err : said.msg
  return typeof words === 'string' ? words.replace(/\s+/g, ' ') : null
}

function withoutClock(line: string): string | null {
  const words = line.replace(/^\d{4}-\d\d-\d\dT[\d:]+Z\s+/, '')
  return /^INF\b/.test(words) ? null : words.replace(/^(ERR|WRN|FTL)\s+/, '')
}

/**
 * An unknown program says its address somehow: an origin that stands alone on its line, or that is called the address. Any other could be
 * a page to read, or a stranger's request that is quoted.
 */
function toldOrigin(line: string): string | null {
  const found = alone.exec(line)?.[1] ?? called.exec(line)?.[1]
  if (found === undefined) return null
  const read = readOrigin(found.replace(/[.:!?]+$/, ''))
  if (read.kind === 'refused') return null
  const { hostname } = new URL(read.origin)
  return hostname.includes('.') && !isElsewhere(hostname) && !pages.test(hostname) ? read.origin : null
}

const alone = /^[^\p{L}\p{N}]*(https:\/\/[^\s"'<>|\\^`{}()[\],;]+)[^\p{L}\p{N}]*$/iu
/** `url: …`, `"url":"…"`, `your url is …`, `Forwarding HTTP traffic from …`, `tunneled with tls termination, …`. */
const called =
  /\b(?:urls?|address|origin|endpoint|forward(?:ing|ed)(?: https?)?(?: traffic)?|tunnell?ed with tls termination|connect via browser|(?:available|reachable|exposed|published|live))\b["',]?\s*(?:is|at|on|to|from|via|as)?\s*[:=]?\s*["'<(]*(https:\/\/[^\s"'<>|\\^`{}()[\],;]+)/i
const pages = /^(docs?|help|support|community|forum|status|blog|wiki|www|dashboard|console|admin|accounts?|log-?in|sign-?(in|up)|discord)\./

/** Hosts that tunnels mention besides their own: their makers, their consoles, their terms. */
const elsewhere: readonly RegExp[] = [
  /(^|\.)(cloudflare|ngrok|tailscale|github|google|npmjs|openssh|pinggy|zrok|serveo|localtunnel)\.com$/,
  /(^|\.)(openziti|pagekite|bore)\.(io|net|pub)$/,
  /^(api\.|www\.)?trycloudflare\.com$/,
  /^((admin|console|www)\.)?(localhost\.run|serveo\.net)$/,
  /^((dashboard|www)\.)?pinggy\.io$/,
  /^(www\.)?(loca\.lt|localtunnel\.me|localxpose\.io|zrok\.io)$/,
]

function isElsewhere(hostname: string): boolean {
  return elsewhere.some((one) => one.test(hostname))
}

/** An app that was started from the desktop has a shorter PATH than a terminal; these are where tunnels are installed. */
const moreFolders = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/snap/bin']

/** Where a program is; null where it is not. Folders of PATH that are not absolute do not count: what lies where we happen to be is not meant. */
export async function findProgram(names: readonly string[], env: Readonly<NodeJS.ProcessEnv>): Promise<string | null> {
  const isWindows = process.platform === 'win32'
  const folders = [...(env['PATH'] ?? env['Path'] ?? '').split(delimiter), ...(isWindows ? [] : moreFolders)].filter(isAbsolute)
  for (const name of names) {
    const places = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))
    for (const place of isWindows ? places.flatMap((one) => [`${one}.exe`, one]) : places) if (await isProgram(place)) return place
  }
  return null
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
