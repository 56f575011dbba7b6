import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { CareLine } from '../store/care-line.ts'
import type { HistoryHead } from '../store/history-file.ts'
import type { SearchIndex } from '../store/search-damage.ts'

type Failed = { readonly kind: 'failed'; readonly code: string; readonly detail: string }
type Cancelled = { readonly kind: 'cancelled' }

export type FileChecked =
  | Extract<CareLine, { kind: 'sound' | 'damaged' }>
  /** The time ran out: so many of so many tables are in order, and nothing is known of the others. */
  | { readonly kind: 'partial'; readonly done: number; readonly of: number; readonly head: HistoryHead | null }
  | Failed
  | Cancelled

export type FileCopied = Extract<CareLine, { kind: 'copied' }> | Failed | Cancelled
export type FileMended = Extract<CareLine, { kind: 'mended' }> | Failed | Cancelled

/** Work on whole history files in a process of its own, so that nobody waits for it who receives. Nothing here ever rejects. */
export type HistoryFiles = {
  /** `quick` is the structure, table by table; `full` the structure of the whole file, then every link and content of the chain. */
  check(
    file: string,
    how: { readonly depth: 'quick' | 'full'; readonly mostMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<FileChecked>
  /** Copies a history, as it is at one moment, into a file that is not there yet. Half a copy may be left where it is not `copied`. */
  copy(
    file: string,
    copy: string,
    how: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (done: number, of: number) => void },
  ): Promise<FileCopied>
  /** Begins indexes of searches anew in a copy that nobody else has open. */
  mend(copy: string, indexes: readonly SearchIndex[], how: { readonly signal?: AbortSignal | undefined }): Promise<FileMended>
}

type Ended = {
  readonly line: Exclude<CareLine, { kind: 'head' | 'part' }> | Cancelled | { readonly kind: 'late' }
  readonly part: Part
  readonly head: HistoryHead | null
}
type Part = { readonly done: number; readonly of: number }

/** A process that runs `store/care-process`. */
export type CareProcess = {
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves once it is gone and all that it said was read, with how it ended, in words. Never rejects. */
  readonly ended: Promise<string>
  /** At once, whatever it does. */
  kill(): void
}
export type StartCareProcess = (task: readonly string[]) => CareProcess

/** With the Node that runs this one. */
export function careOnNode(script: URL): StartCareProcess {
  return (task) => {
    const child = spawn(process.execPath, [fileURLToPath(script), ...task], { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    const ended = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message))
      child.on('close', (code, killedBy) => resolve(`it ended by itself (${killedBy ?? code})`))
    })
    return { stdout: child.stdout, stderr: child.stderr, ended, kill: () => void child.kill('SIGKILL') }
  }
}

export function createHistoryFiles(start: StartCareProcess): HistoryFiles {
  return {
    async check(file, { depth, mostMs, signal }) {
      const { line, part, head } = await run([depth, file], { mostMs, signal })
      if (line.kind === 'late') return { kind: 'partial', ...part, head }
      return line.kind === 'copied' || line.kind === 'mended' ? unexpected : line
    },
    async copy(file, copy, { signal, onProgress }) {
      const { line } = await run(['copy', file, copy], { signal, onPart: ({ done, of }) => onProgress?.(done, of) })
      return line.kind === 'copied' || line.kind === 'failed' || line.kind === 'cancelled' ? line : unexpected
    },
    async mend(copy, indexes, { signal }) {
      const { line } = await run(['mend', copy, ...indexes], { signal })
      return line.kind === 'mended' || line.kind === 'failed' || line.kind === 'cancelled' ? line : unexpected
    },
  }

  function run(
    task: readonly string[],
    how: { readonly mostMs?: number | undefined; readonly signal?: AbortSignal | undefined; readonly onPart?: (part: Part) => void },
  ): Promise<Ended> {
    const { mostMs, signal, onPart } = how
    return new Promise((resolve) => {
      let line: Ended['line'] | null = null
      let head: HistoryHead | null = null
      let part: Part = { done: 0, of: 0 }
      let complaint = ''
      if (signal?.aborted) return resolve({ line: { kind: 'cancelled' }, part, head })
      const child = start(task)
      const end = (because: Ended['line']): void => {
        line ??= because
        child.kill()
      }
      const cancel = (): void => end({ kind: 'cancelled' })
      signal?.addEventListener('abort', cancel, { once: true })
      const timer = mostMs === undefined ? null : setTimeout(() => end({ kind: 'late' }), mostMs)
      createInterface({ input: child.stdout }).on('line', (text) => {
        const said = parseLine(text)
        if (said === null) return
        if (said.kind === 'head') head = said.head
        else if (said.kind === 'part') onPart?.((part = said))
        else {
          // The last: it has closed what it had open, and waits to be ended.
          end(said)
          finish('')
        }
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2_000)))
      void child.ended.then(finish)

      function finish(how: string): void {
        if (timer !== null) clearTimeout(timer)
        signal?.removeEventListener('abort', cancel)
        const last = complaint.trim().split('\n').at(-1) ?? ''
        resolve({ line: line ?? { kind: 'failed', code: '', detail: `${how} ${last}`.trim() }, part, head })
      }
    })
  }
}

/** null for half a line: the last words of one that was killed. */
function parseLine(text: string): CareLine | null {
  try {
    return JSON.parse(text) as CareLine
  } catch {
    return null
  }
}

const unexpected: Failed = { kind: 'failed', code: '', detail: 'it answered something else' }
