import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import electronLog from 'electron-log/node'
import { plain } from './plain-text.ts'

/** Words for the person who looks into the log: never a payload, never a secret. */
export type Log = {
  info(text: string): void
  warn(text: string): void
  /** Of the error only its class, code and place are written: its message may quote what it choked on. */
  error(text: string, error?: unknown): void
}

const maxBytes = 1_048_576
const longestLine = 2_000

/** Writes to `tocsin.log` in the profile, 0600, at most 1 MiB and one older file of the same size. Never throws. */
export function createLog(profile: string): Log {
  const path = join(profile, 'tocsin.log')
  const log = electronLog.create({ logId: path })
  log.transports.console.level = false
  const file = log.transports.file
  file.resolvePathFn = () => path
  file.maxSize = maxBytes
  file.writeOptions = { flag: 'a', mode: 0o600, encoding: 'utf8' }
  file.format = '[{iso}] [{level}] {text}'
  // A file from elsewhere keeps the mode it has, whatever mode it is opened with.
  try {
    if (existsSync(path)) chmodSync(path, 0o600)
  } catch {
    log.warn('the log could not be made private')
  }
  return {
    info: (text) => log.info(plain(text, longestLine)),
    warn: (text) => log.warn(plain(text, longestLine)),
    error: (text, error) => log.error(plain(error === undefined ? text : `${text}: ${whereabouts(error)}`, longestLine)),
  }
}

/** Class, code and first places of an error, without its message. */
export function whereabouts(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${error === null ? 'null' : typeof error}`
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const stack = error.stack ?? ''
  const messageEnd = stack.indexOf(error.message) + error.message.length
  const places = stack
    .slice(messageEnd)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
  return `${error.name}${code} ${places.join(' < ')}`.trim()
}
