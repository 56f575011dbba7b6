import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { assertNever } from '../shared/assert-never.ts'
import type { DetectionKey } from '../shared/detection.ts'
import type { AsOf } from '../shared/triage.ts'
import type { ExportFormat } from '../shared/tasks.ts'
import type { TimeRange } from '../shared/view.ts'
import { readAttack } from './export/attack.ts'
import { createCsvWriter } from './export/csv.ts'
import { createEcsWriter } from './export/ecs.ts'
import { pieces } from './export/exporter.ts'
import type { Writer } from './export/format.ts'
import { createHecWriter } from './export/hec.ts'
import { createNavigatorWriter } from './export/navigator.ts'
import { createNdjsonWriter } from './export/ndjson.ts'
import { createOcsfWriter } from './export/ocsf.ts'
import { openFileSink, type Sink } from './export/sink.ts'
import { toInstant } from './ingest/instant.ts'
import { within } from './query/query.ts'
import { indexesDamagedBy, mendSearchCommand, searchDamageWords } from './store/search-damage.ts'
import type { Snapshot } from './store/walk.ts'
import type { Store } from './store/store.ts'

export type ExportProgress = {
  /** Detections written. */
  readonly written: number
  /** Detections looked at, of all in the history: how far it is. */
  readonly looked: number
  readonly total: number
}

export type Exported =
  | { readonly kind: 'exported'; readonly written: number; /** Came or changed since `asOf`. */ readonly left: number }
  | { readonly kind: 'cancelled' }
  /** The search cannot be meant; `at` and `length` are the characters of its text that `detail` is about. */
  | { readonly kind: 'refused'; readonly at: number; readonly length: number; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }

export type ExportParts = {
  readonly store: Pick<Store, 'snapshot'>
  /** What to search for; '' is everything. */
  readonly text: string
  /** By detectedAt; everything where there is none. */
  readonly range?: TimeRange | null
  /** Found or not, these are left out. */
  readonly except?: readonly DetectionKey[]
  /** What a delivery has changed since then is left out. */
  readonly asOf?: AsOf
  /** Only these, in this order, whatever the search. */
  readonly keys?: readonly DetectionKey[]
  readonly format: ExportFormat
  /** resources/attack-enterprise.json */
  readonly attackFile: string
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ExportProgress) => void
  /** Bytes that the write-ahead log may grow meanwhile. */
  readonly mostLogGrowth?: number
}

/** A reader that stalls keeps the log from starting over, and everything that is received makes it longer. */
const defaultLogGrowth = 1024 * 1024 * 1024
const lookAtLogEveryMs = 1_000

type FileParts = {
  /** Whether a file that is there may go. */
  readonly replace: boolean
  /** Where it is until it is whole, if that has a name already. */
  readonly temporary?: string
}

/** Writes what a search finds to a file that has its name only once it is whole. */
export function exportToFile(path: string, { replace, temporary, ...parts }: ExportParts & FileParts): Promise<Exported> {
  return exportHistory({
    ...parts,
    async openSink() {
      const there = statSync(path, { throwIfNoEntry: false })
      if (there?.isDirectory() === true) throw new Error('a folder of that name is there: choose another name')
      if (!replace && there !== undefined)
        throw new Error('a file of that name is there already: choose another name, or remove that file first')
      if (!existsSync(dirname(path))) throw new Error(`the folder ${dirname(path)} is not there: make it first, or choose another one`)
      return openFileSink(path, { replace, ...(temporary === undefined ? {} : { temporary }) })
    },
  })
}

/**
 * Writes what a search finds, as the history is at the moment it begins: rows neither double nor go missing while it goes on receiving.
 * Reads no faster than `openSink`'s sink takes. Cancelled or failed, the sink is told to discard what it has.
 */
export async function exportHistory(parts: ExportParts & { readonly openSink: () => Promise<Sink> }): Promise<Exported> {
  const { store, text, range = null, except = [], asOf, keys, signal } = parts
  const opened = store.snapshot()
  if (opened.kind !== 'opened') return { kind: 'failed', detail: opened.detail }
  const { snapshot } = opened
  let sink: Sink | null = null
  try {
    const parsed = snapshot.readSearch(text)
    if (parsed.kind === 'refused') return { kind: 'refused', at: parsed.at, length: parsed.length, detail: parsed.detail }
    const writer = createWriter(parts)
    sink = await parts.openSink()
    const watch = watchOver(snapshot, signal, parts.mostLogGrowth ?? defaultLogGrowth)
    try {
      let written = 0
      let left = 0
      const leaves = keys ? { keys } : { query: within(parsed.query, range), except, ...(asOf && { asOf }) }
      const total = keys?.length ?? snapshot.total
      for (const piece of pieces(snapshot, leaves, writer)) {
        // Also where nothing is to be written this lets others have their turn, and a cancel through.
        await watch.orEnd(piece.text === '' ? nextTurn() : sink.write(piece.text))
        written = piece.written
        left = piece.left
        parts.onProgress?.({ written, looked: piece.looked, total })
      }
      await sink.finish()
      return { kind: 'exported', written, left }
    } finally {
      watch.stop()
    }
  } catch (error) {
    await sink?.discard()
    if (signal.aborted) return { kind: 'cancelled' }
    const what = `The export came to no end: ${(error as Error).message}. The history is as it was; no half file was left.`
    const damaged = indexesDamagedBy(error)
    if (damaged.length === 0) return { kind: 'failed', detail: what }
    const next = `Search for the same in Tocsin, which makes it anew, or quit it and run ${mendSearchCommand}; then export again.`
    return { kind: 'failed', detail: `${what} ${searchDamageWords(damaged)}. ${next}` }
  } finally {
    snapshot.close()
  }
}

function createWriter({ format, attackFile, text, range, keys, except = [], now }: ExportParts): Writer {
  const attack = () => readAttack(readFileSync(attackFile, 'utf8'))
  switch (format) {
    case 'csv':
      return createCsvWriter()
    case 'ndjson':
      return createNdjsonWriter()
    case 'ocsf':
      return createOcsfWriter(attack())
    case 'ecs':
      return createEcsWriter(attack())
    case 'splunk-hec':
      return createHecWriter()
    case 'navigator':
      return createNavigatorWriter(attack(), {
        query: asSearch(text, range ?? null),
        picked: pickedWords(keys, except),
        madeAt: toInstant(now()),
      })
    default:
      return assertNever(format)
  }
}

/** What a view shows, as one could search for it. */
function asSearch(text: string, range: TimeRange | null): string {
  if (range === null) return text
  return `${text.trim() === '' ? '' : `(${text}) `}after:${range.from} before:${range.to}`
}

/** What no search says of what leaves; null where there is no such thing. */
function pickedWords(keys: readonly DetectionKey[] | undefined, except: readonly DetectionKey[]): string | null {
  const count = (many: number): string => many.toLocaleString('en')
  if (keys) return `of them ${count(keys.length)} that were selected one by one`
  return except.length === 0 ? null : `but for ${count(except.length)} that were left out one by one`
}

/** Ends waiting for a slow reader, by the user or where it costs too much. */
function watchOver(snapshot: Snapshot, signal: AbortSignal, mostLogGrowth: number) {
  let ended: Error | null = null
  let wake: ((error: Error) => void) | null = null
  const end = (because: string): void => {
    ended ??= new Error(because)
    wake?.(ended)
  }
  const cancel = (): void => end('it was cancelled')
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  const timer = setInterval(() => {
    if (snapshot.logGrowth() > mostLogGrowth)
      end('what was received meanwhile could not be put away any longer, since whoever takes the export is too slow')
  }, lookAtLogEveryMs)
  return {
    /** One at a time. */
    orEnd: (work: Promise<void>): Promise<void> =>
      new Promise((resolve, reject) => {
        wake = reject
        if (ended !== null) reject(ended)
        work.then(resolve, reject)
      }),
    stop() {
      clearInterval(timer)
      signal.removeEventListener('abort', cancel)
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
