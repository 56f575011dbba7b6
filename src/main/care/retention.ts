import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RetentionCounts, RetentionReport, StaysBecause } from '../../shared/care.ts'
import { oldest, oldestDetection } from '../store/retention.ts'
import type { Candidate, Retention, RetentionPlace, RetentionPolicy, RetentionSlice } from '../store/retention.ts'

/** What the user asks for. What is older than `before` goes; then, where the history is larger than `mostBytes`, the oldest. */
export type RetentionWish = {
  /** Epoch ms; null: none goes for its age. */
  readonly before: number | null
  /** Of the history without free pages; null: none goes for its size. */
  readonly mostBytes: number | null
} & Pick<RetentionPolicy, 'kinds' | 'keepsNew' | 'keepsOngoing'>

type Parts = {
  readonly retention: Retention
  readonly signal: AbortSignal
  /** ms from any start. */
  readonly clock?: () => number
}

/** A delivery may wait for one slice and its commit. */
const sliceMs = 4
const mostOfASlice = 256
const mostPages = 1_024
const mostPacked = 512
/** Fewer cost more commits. */
const packAt = 128

/** What would go. Changes nothing. */
export function previewRetention(wish: RetentionWish, parts: Parts): Promise<RetentionReport> {
  return run(wish, parts, parts.retention.look)
}

/** Lets go of it slice by slice, between other work, then gives the room back to the disk. */
export async function applyRetention(wish: RetentionWish, parts: Parts): Promise<RetentionReport> {
  const report = await run(wish, parts, parts.retention.remove)
  const pace = createPace(parts.clock ?? (() => performance.now()), mostPages)
  for (let left = Infinity; left > 0 && !parts.signal.aborted;) {
    await nextTurn()
    const before = left
    left = pace.step((pages) => parts.retention.giveBack(pages))
    // A history from before this was possible keeps its free pages, and fills them again.
    if (left >= before) break
  }
  return { ...report, leftBytes: parts.retention.usedBytes(), longestSliceMs: Math.max(report.longestSliceMs, pace.longest()) }
}

async function run(
  wish: RetentionWish,
  { retention, signal, clock = () => performance.now() }: Parts,
  act: (policy: RetentionPolicy, from: RetentionPlace, limit: number) => RetentionSlice,
): Promise<RetentionReport> {
  const { before, mostBytes, kinds, keepsNew, keepsOngoing } = wish
  const usedBytes = retention.usedBytes()
  const goes = new Map<string | null, RetentionCounts>()
  let stays: Partial<Record<StaysBecause, number>> = {}
  const pace = createPace(clock, mostOfASlice)
  const packPace = createPace(clock, mostPacked)
  const isPreview = act === retention.look
  let going = 0

  const count = (candidate: Candidate): void => {
    const { kind: of, at, bytes, deliveries, isUnread, isWhole } = candidate
    if (candidate.stays !== null) {
      stays[candidate.stays] = (stays[candidate.stays] ?? 0) + 1
      return
    }
    going += bytes
    const known = goes.get(of)
    goes.set(of, {
      kind: of,
      detections: (known?.detections ?? 0) + (of === null || !isWhole ? 0 : 1),
      unread: (known?.unread ?? 0) + (isUnread && isWhole ? 1 : 0),
      deliveries: (known?.deliveries ?? 0) + deliveries,
      bytes: (known?.bytes ?? 0) + bytes,
      oldestAt: Math.min(known?.oldestAt ?? at, at),
      newestAt: Math.max(known?.newestAt ?? at, at),
    })
  }
  const packDownTo = async (most: number): Promise<void> => {
    for (let left = retention.pack(0); left > most;) {
      await nextTurn()
      left = packPace.step((limit) => retention.pack(limit))
      retention.writeBack()
    }
  }
  const walk = async (
    policy: Omit<RetentionPolicy, 'enoughBytes'>,
    start: RetentionPlace,
    count: (candidate: Candidate) => void,
    enough: () => number,
  ): Promise<boolean> => {
    let isInParts = false
    for (let place: RetentionPlace | null = start; place !== null;) {
      await nextTurn()
      // What goes in parts, goes: half of it is of no use.
      const enoughBytes = isInParts ? 1 : enough()
      if (enoughBytes <= 0) break
      if (signal.aborted) return false
      const from: RetentionPlace = place
      const slice: RetentionSlice = pace.step((limit) => act({ ...policy, enoughBytes }, from, limit))
      for (const candidate of slice.candidates) count(candidate)
      place = slice.next
      isInParts = slice.candidates.at(-1)?.isWhole === false
      if (isPreview) continue
      await nextTurn()
      retention.writeBack()
      await packDownTo(packAt)
    }
    return true
  }

  const policy = { kinds, keepsNew, keepsOngoing }
  let isWhole = true
  if (before !== null) isWhole = await walk({ before, ...policy }, oldest, count, () => Infinity)
  // By what was counted, in a preview and after it: more than was shown, and agreed to, never goes.
  const tooMuch = (): number => (mostBytes === null ? 0 : usedBytes - going - mostBytes)
  if (isWhole && tooMuch() > 0) {
    // Those are met again.
    stays = {}
    // In a preview those that are too old are there still, and are counted already.
    const isCounted = ({ at, receivedAt, stays }: Candidate): boolean =>
      isPreview && before !== null && stays === null && at < before && receivedAt < before
    const countNew = (candidate: Candidate): void => {
      if (!isCounted(candidate)) count(candidate)
    }
    const enough = (): number => (isPreview || retention.usedBytes() > (mostBytes ?? 0) ? tooMuch() : 0)
    isWhole = await walk({ before: Infinity, ...policy }, oldestDetection, countNew, enough)
  }
  if (!isPreview) await packDownTo(0)
  const left = isPreview ? usedBytes - going : retention.usedBytes()
  return {
    goes: [...goes.values()],
    stays,
    usedBytes,
    leftBytes: Math.max(0, left),
    longestSliceMs: Math.max(pace.longest(), packPace.longest()),
    isWhole,
  }
}

/** Finds how much can be done in a slice. */
function createPace(clock: () => number, most: number): { step<T>(work: (amount: number) => T): T; longest(): number } {
  let amount = 4
  let longest = 0
  return {
    step(work) {
      const begunAt = clock()
      const result = work(amount)
      const took = clock() - begunAt
      longest = Math.max(longest, took)
      amount = Math.max(1, Math.min(most, Math.round(amount * Math.min(2, sliceMs / Math.max(took, 0.01)))))
      return result
    },
    longest: () => longest,
  }
}
