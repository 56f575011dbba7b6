import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What a process did to the files of one folder, and what it said, in the order in which it was done. */
export type DiskEvent = {
  /** The thread, by its number. */
  readonly by: string
} & (
  | { readonly kind: 'created'; readonly path: string }
  /** `at` is null where it goes on behind the one before. */
  | { readonly kind: 'written'; readonly path: string; readonly at: number | null; readonly bytes: Buffer }
  | { readonly kind: 'opened'; readonly path: string; readonly isEmptied: boolean }
  | { readonly kind: 'resized'; readonly path: string; readonly size: number }
  | { readonly kind: 'renamed'; readonly path: string; readonly to: string }
  | { readonly kind: 'removed'; readonly path: string }
  /** Holds for what was written before event `since`: a write beside the sync may or may not be part of it. */
  | { readonly kind: 'synced'; readonly path: string; readonly since: number; readonly isOk: boolean }
  /** A write that changed nothing. */
  | { readonly kind: 'failed'; readonly path: string }
  /** The lock was asked for that one writer at a time has, which is a byte of the index of the log. */
  | { readonly kind: 'writer-locked'; readonly path: string }
  | { readonly kind: 'said'; readonly line: string }
)

const calls = 'fcntl,openat,open,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2'

/** Where SQLite has its WAL_WRITE_LOCK. */
const writerByte = 120

/** The command before a command that writes down all it does to files, data included. */
export function tracing(file: string, more: readonly string[] = []): readonly string[] {
  const traced = ['-f', '-y', '--seccomp-bpf', '-qq', '-e', `trace=${calls}`, '-e', 'signal=none', '-xx', '-s', '4194304']
  return ['strace', ...traced, ...more, '-o', file]
}

type Call = { readonly by: string; readonly name: string; readonly text: string; readonly since: number }

/** Reads what `tracing` has written, as far as it is about `folder` and the files right in it. What it does not understand of that is an error, not passed over. */
export function readTrace(file: string, folder: string): readonly DiskEvent[] {
  const events: DiskEvent[] = []
  const unfinished = new Map<string, Call>()
  const known = new Set<string>()
  const isInside = (path: string): boolean => path === folder || dirname(path) === folder

  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest)
    if (resumed) {
      const begun = unfinished.get(pid)
      unfinished.delete(pid)
      if (begun) done({ ...begun, text: begun.text + rest.slice(resumed[0].length) })
      continue
    }
    const name = /^(\w+)\(/.exec(rest)?.[1]
    if (name === undefined) continue
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, { by: pid, name, text: rest.slice(0, -'<unfinished ...>'.length), since: events.length })
    } else {
      done({ by: pid, name, text: rest, since: events.length })
    }
  }
  return events

  function done({ by, name, text, since }: Call): void {
    const [, result = ''] = /\)\s+= (-?\d+)[^"]*$/.exec(text) ?? []
    if (name === 'fsync' || name === 'fdatasync') {
      const path = descriptorPath(text)
      if (isInside(path)) events.push({ by, kind: 'synced', path, since, isOk: result === '0' })
      return
    }
    if (name === 'fcntl') {
      const [, from = '', length = ''] = /l_type=F_WRLCK, l_whence=SEEK_SET, l_start=(\d+), l_len=(\d+)/.exec(text) ?? []
      const isTheirs = isInside(descriptorPath(text)) && descriptorPath(text).endsWith('-shm')
      if (isTheirs && Number(from) <= writerByte && writerByte < Number(from) + Number(length))
        events.push({ by, kind: 'writer-locked', path: descriptorPath(text) })
      return
    }
    if (name === 'pwrite64' && result === '-1' && isInside(descriptorPath(text)))
      events.push({ by, kind: 'failed', path: descriptorPath(text) })
    if (result === '' || result.startsWith('-')) return
    const quoted = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => Buffer.from(hex.replaceAll('\\x', ''), 'hex'))
    const paths = quoted.map((bytes) => bytes.toString())
    const [first = '', second = ''] = paths
    switch (name) {
      case 'open':
      case 'openat': {
        if (!isInside(first) || first === folder) return
        // Whether it was there before is not said, and is known: the folder begins empty.
        if (text.includes('O_CREAT') && !known.has(first)) {
          known.add(first)
          events.push({ by, kind: 'created', path: first })
        }
        events.push({ by, kind: 'opened', path: first, isEmptied: text.includes('O_TRUNC') })
        return
      }
      case 'rename':
        if (!isInside(first)) return
        known.delete(first)
        known.add(second)
        events.push({ by, kind: 'renamed', path: first, to: second })
        return
      case 'unlink':
        if (!isInside(first)) return
        known.delete(first)
        events.push({ by, kind: 'removed', path: first })
        return
    }
    const path = descriptorPath(text)
    if (name === 'write' && text.startsWith('write(1<')) {
      for (const line of first.split('\n')) if (line !== '') events.push({ by, kind: 'said', line })
      return
    }
    if (!isInside(path)) return
    if (name === 'write' || name === 'pwrite64') {
      const at = name === 'write' ? null : lastNumber(text)
      events.push({ by, kind: 'written', path, at, bytes: (quoted[0] ?? Buffer.alloc(0)).subarray(0, Number(result)) })
    } else if (name === 'ftruncate') {
      events.push({ by, kind: 'resized', path, size: lastNumber(text) })
    } else {
      throw new Error(`${name} in ${dirname(path)} is not understood`)
    }
  }
}

function lastNumber(text: string): number {
  const [, number] = /, (\d+)\s*\)\s+= \d+[^"]*$/.exec(text) ?? []
  if (number === undefined) throw new Error(`no number in ${text.slice(-80)}`)
  return Number(number)
}

/** The path that strace gives behind a descriptor, all in hex. */
function descriptorPath(text: string): string {
  return Buffer.from((/^\w+\(\d+<((?:\\x[0-9a-f]{2})*)>/.exec(text)?.[1] ?? '').replaceAll('\\x', ''), 'hex').toString()
}
