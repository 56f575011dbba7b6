import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Instant } from '../../shared/detection.ts'
import type { Place, ProofHealth } from '../../shared/health.ts'
import type { Keeper } from '../ingest/delivery.ts'
import { toInstant } from '../ingest/instant.ts'
import { readSmallFile } from '../profile.ts'
import type { Store } from '../store/store.ts'

/** What is compared: the history that is open, or a file that may take its place. */
type History = {
  readonly chain: Pick<Store['chain'], 'head' | 'genesis'>
  readonly proof: Pick<Store['proof'], 'databaseId' | 'linkAt'>
}

/** What a comparison can find missing or changed in the history, or that nobody can tell any more; it stays in the mark, since the next comparison would no longer see it. */
export type Loss = Extract<ProofHealth, { kind: 'lost' | 'rewritten' | 'other-history' | 'no-mark' }>
export type FoundLoss = Loss & { readonly foundAt: Instant }

/** How far the history has come, kept outside it: a log that was cut off, or an older copy in its place, is a sound database otherwise. */
export type Mark = {
  readonly databaseId: string
  readonly sequence: number
  /** Hex. */
  readonly chainHash: string
  readonly at: Instant
  /** Oldest first, the last 20. */
  readonly losses: readonly FoundLoss[]
}

const instant = z.iso.datetime().transform((text) => text as Instant)
const place = z.object({ sequence: z.int().nonnegative(), at: instant })
const markSchema = z.object({
  databaseId: z.string().max(64),
  sequence: z.int().nonnegative(),
  chainHash: z.string().regex(/^[0-9a-f]{64}$/),
  at: instant,
  losses: z
    .array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('lost'), lost: z.int().positive(), kept: place.nullable(), marked: place, foundAt: instant }),
        z.object({ kind: z.literal('rewritten'), marked: place, foundAt: instant }),
        z.object({ kind: z.literal('other-history'), marked: place, foundAt: instant }),
        z.object({ kind: z.literal('no-mark'), because: z.enum(['missing', 'unreadable']), foundAt: instant }),
      ]),
    )
    .max(1_000),
})

const mostBytes = 256 * 1024
const mostLosses = 20

export type MarkReading =
  { readonly kind: 'read'; readonly mark: Mark } | { readonly kind: 'none'; readonly because: 'missing' | 'unreadable' }

export function readMark(file: string): MarkReading {
  const text = readSmallFile(file, mostBytes)
  if (text === null) return { kind: 'none', because: 'missing' }
  try {
    const parsed = markSchema.safeParse(JSON.parse(text))
    return parsed.success ? { kind: 'read', mark: parsed.data } : { kind: 'none', because: 'unreadable' }
  } catch {
    return { kind: 'none', because: 'unreadable' }
  }
}

export type MarkComparison =
  /** `unmarked` deliveries came after the mark was written last: a second's worth at most, and no reason to worry. */
  { readonly kind: 'ok'; readonly marked: Place | null; readonly unmarked: number } | Loss

export function compareMark(reading: MarkReading, { chain, proof }: History): MarkComparison {
  const head = chain.head()
  if (reading.kind === 'none')
    return head.sequence === 0 ? { kind: 'ok', marked: null, unmarked: 0 } : { kind: 'no-mark', because: reading.because }
  const { mark } = reading
  const marked: Place = { sequence: mark.sequence, at: mark.at }
  if (mark.databaseId !== proof.databaseId()) return { kind: 'other-history', marked }
  if (head.sequence < mark.sequence) {
    const last = proof.linkAt(head.sequence)
    const kept = last === null ? null : { sequence: last.sequence, at: last.receivedAt }
    return { kind: 'lost', lost: mark.sequence - head.sequence, kept, marked }
  }
  const link = mark.sequence === 0 ? chain.genesis() : proof.linkAt(mark.sequence)
  if (link === null || hex(link.chainHash) !== mark.chainHash) return { kind: 'rewritten', marked }
  return { kind: 'ok', marked, unmarked: head.sequence - mark.sequence }
}

export type HighWaterMark = {
  /** Compares, tells what was found, and marks where the history stands. Never rejects. */
  start(): Promise<void>
  /** The same keeper; the mark follows what it keeps. */
  follow(keeper: Keeper): Keeper
  /** Another process may have kept something. */
  wake(): void
  /** Marks the last delivery. To be called when nothing is kept any more. */
  stop(): Promise<void>
}

/** Together with the write itself well below the second that the mark may be behind. */
const gatherMs = 400
const retryMs = 5_000

export function createHighWaterMark(parts: {
  readonly file: string
  readonly history: History
  readonly now: () => number
  readonly onHealth: (health: ProofHealth) => void
}): HighWaterMark {
  const { file, history, now, onHealth } = parts
  let found: ProofHealth = { kind: 'ok' }
  let losses: readonly FoundLoss[] = []
  let written = -1
  let isFailing = false
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  async function start(): Promise<void> {
    const reading = readMark(file)
    const comparison = compareMark(reading, history)
    if (reading.kind === 'read') losses = reading.mark.losses
    if (comparison.kind !== 'ok') {
      found = comparison
      onHealth(found)
      losses = [...losses, { ...comparison, foundAt: toInstant(now()) }].slice(-mostLosses)
    }
    await write()
  }

  function follow(keeper: Keeper): Keeper {
    return {
      ...keeper,
      keep(batch) {
        const kept = keeper.keep(batch)
        soon()
        return kept
      },
    }
  }

  const soon = (): void => plan(isFailing ? retryMs : gatherMs)

  /** Not worth keeping the process alive for: a clean end marks by itself, and after any other the tail is only unmarked. */
  function plan(afterMs: number): void {
    timer ??= setTimeout(() => {
      timer = null
      void write()
    }, afterMs).unref()
  }

  function write(): Promise<void> {
    writing = writing.then(async () => {
      try {
        const head = history.chain.head()
        if (head.sequence === written) return
        const mark: Mark = {
          databaseId: history.proof.databaseId(),
          sequence: head.sequence,
          chainHash: hex(head.chainHash),
          at: toInstant(now()),
          losses,
        }
        await replaceDurably(file, `${JSON.stringify(mark)}\n`)
        written = head.sequence
        if (isFailing) onHealth(found)
        isFailing = false
      } catch (error) {
        if (!isFailing) onHealth({ kind: 'not-marking', since: toInstant(now()), detail: (error as Error).message })
        isFailing = true
        plan(retryMs)
      }
    })
    return writing
  }

  async function stop(): Promise<void> {
    await write()
    if (timer !== null) clearTimeout(timer)
  }

  return { start, follow, wake: soon, stop }
}

/** After a crash at any moment the file holds the old text or the new one, and once this resolved, the new one. */
async function replaceDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  // Windows has no such thing as syncing a folder.
  if (process.platform === 'win32') return
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
