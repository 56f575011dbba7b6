/** Longest line that is looked at; the rest of it is dropped. */
const mostCharacters = 2_048
/** Lines that are remembered to explain an end. */
const mostLines = 40
const saidLines = 3
const saidCharacters = 400

export type Output = {
  /** Takes text as it comes, in pieces of any size. */
  take(from: 'stdout' | 'stderr', text: string): void
  /** Takes what a program said last without a line break. */
  end(): void
  /** The last lines that say something, for people; empty where there are none. */
  said(): string
}

/** Reads the output of a program line by line and remembers the end of it; memory stays bounded whatever it prints. */
export function createOutput(parts: {
  readonly onLine: (line: string) => void
  /** What a line says to people; null where it says nothing to them. */
  readonly wordsOf: (line: string) => string | null
  readonly mask: (text: string) => string
}): Output {
  const { onLine, wordsOf, mask } = parts
  const partial = { stdout: '', stderr: '' }
  const lines: string[] = []

  function finish(from: 'stdout' | 'stderr'): void {
    const line = plainLine(partial[from])
    partial[from] = ''
    if (line === '') return
    lines.push(line)
    if (lines.length > mostLines) lines.shift()
    onLine(line)
  }

  return {
    take(from, text) {
      let start = 0
      while (start < text.length) {
        const found = text.slice(start).search(/[\r\n]/)
        const end = found < 0 ? text.length : start + found
        const room = mostCharacters - partial[from].length
        if (room > 0) partial[from] += text.slice(start, Math.min(end, start + room))
        if (found < 0) break
        finish(from)
        start = end + 1
      }
    },
    end() {
      finish('stdout')
      finish('stderr')
    },
    said() {
      const words = lines.map(wordsOf).filter((one): one is string => one !== null && one.trim() !== '')
      const text = mask(words.slice(-saidLines).join(' · '))
      return text.length > saidCharacters ? `${text.slice(0, saidCharacters - 1)}…` : text
    },
  }
}

// eslint-disable-next-line no-control-regex
const escapeSequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g
/** What a terminal would obey and a window would hide. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu

function plainLine(text: string): string {
  return text.replace(escapeSequences, '').replace(hidden, ' ').trim()
}

/** Takes secrets out of what a program says: those it was given, and whatever has the form of one. */
export function createMask(env: Readonly<NodeJS.ProcessEnv>, command: readonly string[]): (text: string) => string {
  const given = new Set<string>()
  for (const [name, value] of Object.entries(env))
    if (value && value.length >= 6 && (secretName.test(name) || (!plainName.test(name) && looksSecret(value)))) given.add(value)
  command.forEach((argument, i) => {
    const [name = '', value = command[i + 1] ?? ''] = argument.startsWith('-') ? argument.split(/=(.*)/s) : []
    if (secretName.test(name) && value.length >= 6) given.add(value)
  })
  // The longest first: one may be part of another.
  const values = [...given].sort((a, b) => b.length - a.length)
  return (text) => {
    let masked = text
    for (const value of values) masked = masked.replaceAll(value, hiddenMark)
    return forms.reduce((rest, [form, replacement]) => rest.replace(form, replacement), masked)
  }
}

const hiddenMark = '•••'
/** What every session has, and no secret is. */
const plainName =
  /^(PATH|HOME|USER|USERNAME|LOGNAME|HOST|HOSTNAME|NAME|PWD|OLDPWD|SHELL|EDITOR|PAGER|TERM.*|COLORTERM|LANG|LANGUAGE|LC_.*|TZ|TMP|TEMP|TMPDIR|DISPLAY|WAYLAND_DISPLAY|XDG_.*|DESKTOP_SESSION|GDM.*|GNOME.*|GTK_.*|QT_.*|KDE_.*|DBUS_.*|WINDOWID|ComSpec|OS|PROCESSOR_.*|COMPUTERNAME)$/i
/** Names say little of a secret: one word with a digit and a letter in it may be one, whatever it is called. A path or an address is none. */
const looksSecret = (value: string): boolean => /^(?=.*\d)(?=.*[A-Za-z])(?![/~]|[A-Za-z]:[\\/]|https?:)\S{8,}$/.test(value)
const secretName = /token|secret|passw|api_?-?key|auth_?-?key|credential/i

/** Replacements in order: first what names itself as secret, then what only looks like it. */
const forms: readonly (readonly [RegExp, string])[] = [
  [/\b(authorization["']?\s*[:=]\s*["']?(?:basic|bearer)?)\s*[^\s"',;]+/gi, `$1 ${hiddenMark}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${hiddenMark}`],
  [/((?:token|secret|password|passwd|api[_-]?key|auth[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;]+/gi, `$1${hiddenMark}`],
  // After a blank only what has a digit in it: other words are words.
  [/((?:token|secret|password|passwd|api[_-]?key|auth[_-]?key)\s+["']?)(?=[^\s"']*\d)[^\s"',;]{8,}/gi, `$1${hiddenMark}`],
  [/(:\/\/)[^\s/@]+@/g, `$1${hiddenMark}@`],
  // The receiver's own path secret, which tunnels print with every request that failed.
  [/(\/in\/)[A-Za-z0-9_-]{16,}/g, `$1${hiddenMark}`],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*/g, hiddenMark],
  [/\btskey-[A-Za-z0-9-]+/g, hiddenMark],
  // ngrok's authtokens: two long runs of letters and digits with a low line between.
  [/\b[A-Za-z0-9]{20,}_[A-Za-z0-9]{16,}\b/g, hiddenMark],
]
