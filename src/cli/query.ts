import type { Detection } from '../shared/detection.ts'
import type { PageAnswer, PageKey, SearchRefused } from '../shared/ipc.ts'
import type { Store } from '../main/store/store.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'
import { table, visibleJson } from './visible.ts'

export type QueryOptions = {
  readonly json: boolean
  readonly limit?: number
  /** What no index of words has seen yet is compared row by row, for so long in all. */
  readonly patienceMs?: number
  /** Bytes that the write-ahead log may grow meanwhile. */
  readonly mostLogGrowth?: number
}

const pageSize = 500
/** Enough for a million rows or so. */
const defaultPatienceMs = 30_000
/** Whoever does not take what was found keeps the log of the app from starting over, and everything that is received makes it longer. */
const defaultLogGrowth = 1024 * 1024 * 1024
const lookAtLogEveryMs = 1_000

/**
 * `query`: detections, newest first. Read page by page, so that any number of them takes the same room, and all of one moment: what changes
 * meanwhile moves to the top, and between two pages it would be passed over.
 */
export async function queryDetections(
  context: Context,
  text: string,
  { json, limit = Infinity, patienceMs = defaultPatienceMs, mostLogGrowth = defaultLogGrowth }: QueryOptions,
): Promise<ExitCode> {
  const opened = openToRead(context)
  if (opened.kind === 'missing') return fail(context, 'No detections yet: Tocsin has not run on this profile. Start it with npm start.', 0)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const still = opened.store.holdStill()
  let isOvertaken = false
  const lookAtLog = (): void => {
    if (isOvertaken || still.logGrowth() <= mostLogGrowth) return
    isOvertaken = true
    still.end()
  }
  const timer = setInterval(lookAtLog, lookAtLogEveryMs)
  try {
    let isEmpty = true
    let isWhole = true
    for (const page of pages(opened.store, text, limit, patienceMs)) {
      if (page.kind === 'refused') return failAt(context, text, page)
      isWhole &&= page.isWhole
      const { detections } = page
      if (detections.length === 0) continue
      await context.write(
        json ? detections.map((detection) => `${visibleJson(detection)}\n`).join('') : table(columns, detections.map(toCells), isEmpty),
      )
      isEmpty = false
      lookAtLog()
      if (isOvertaken)
        return fail(
          context,
          'This is not all: what was received meanwhile could not be put away any longer, since whoever takes the answer is too slow. Nothing ' +
            'is lost. Ask again, with --limit, for less of it, or write it to a file with tocsin export.',
        )
    }
    if (isEmpty) context.say(text === '' ? 'No detections yet.' : 'No detection matches.')
    if (!isWhole)
      context.say(
        'Words of the newest deliveries are not all found yet: the index is behind, and looking without it took too long. Nothing is lost. ' +
          'Ask again in a while; the app, when it runs, brings the index up to date.',
      )
    return 0
  } finally {
    clearInterval(timer)
    still.end()
    opened.store.close()
  }
}

/** The search on a line of its own, with a mark under the characters that are meant. */
export function failAt(context: Context, text: string, { at, length, detail }: Pick<SearchRefused, 'at' | 'length' | 'detail'>): ExitCode {
  context.say(detail)
  // A search that is too long is not worth showing whole.
  if (text.length <= 200) {
    context.say(`  ${text.replace(/\s/g, ' ')}`)
    context.say(`  ${' '.repeat(at)}${'^'.repeat(Math.max(1, length))}`)
  }
  return 2
}

function* pages(store: Store, text: string, limit: number, patienceMs: number): Generator<PageAnswer> {
  let before: PageKey | null = null
  let patience = patienceMs
  for (let left = limit; left > 0;) {
    const startedAt = performance.now()
    const page = store.detections.page({ text, before, limit: Math.min(left, pageSize), patienceMs: patience })
    patience = Math.max(0, patience - (performance.now() - startedAt))
    yield page
    if (page.kind === 'refused' || page.next === null) return
    before = page.next
    left -= page.detections.length
  }
}

const columns = [
  { title: 'CHANGED', most: 24 },
  { title: 'KIND', most: 8 },
  { title: 'TYPE', most: 40 },
  { title: 'STATUS', most: 16 },
  { title: 'CONF', most: 4 },
  { title: 'ENTITY', most: 64 },
  { title: 'SOURCE', most: 32 },
  { title: 'TRUST', most: 16 },
  { title: 'ID', most: 64 },
]

function toCells(detection: Detection): readonly string[] {
  return [
    detection.changedAt,
    detection.kind,
    detection.type,
    detection.status,
    detection.confidence === null ? '-' : detection.confidence.toFixed(2),
    [detection.entityType, detection.entityId].filter((part) => part !== null).join(' ') || '-',
    detection.sourceType ?? '-',
    [detection.trust, detection.demo ? 'demo' : null, detection.imported ? 'imported' : null].filter((mark) => mark !== null).join(', '),
    detection.id,
  ]
}
