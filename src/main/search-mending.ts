import type { IntegrityHealth } from '../shared/care.ts'
import { toInstant } from './ingest/instant.ts'
import { mendSearchCommand, searchDamageWords, type SearchIndex } from './store/search-damage.ts'
import type { TextIndex } from './store/text-index.ts'

/** Begins indexes of searches anew that are damaged: what they hold can be read from the detections again, and no backup is needed for it. */
export type SearchMending = {
  /** Each once in a start: what is damaged again so soon has a cause that this does not mend. Answers whether any was begun anew. Never throws. */
  mend(indexes: readonly SearchIndex[]): boolean
  /** How many times any was begun anew. */
  times(): number
  /** To be told when there is nothing left to index. */
  caughtUp(): void
}

export function createSearchMending(parts: {
  readonly textIndex: Pick<TextIndex, 'beginAnew' | 'isUpToDate' | 'isFilled'>
  /** Told in words; damaged only where it cannot be mended. */
  readonly onHealth: (health: IntegrityHealth) => void
  readonly now: () => number
}): SearchMending {
  const { textIndex, onHealth, now } = parts
  const mended = new Set<SearchIndex>()
  let times = 0
  let isFilling = false

  function mend(indexes: readonly SearchIndex[]): boolean {
    const fresh = indexes.filter((index) => !mended.has(index))
    if (fresh.length === 0) {
      if (indexes.length > 0 && !isFilling) onHealth({ kind: 'unknown', at: toInstant(now()), detail: again(indexes) })
      return false
    }
    try {
      textIndex.beginAnew(fresh)
    } catch (error) {
      onHealth(cannot(fresh, error))
      return false
    }
    for (const index of fresh) mended.add(index)
    times += 1
    isFilling = true
    const them = fresh.length === 1 ? 'it' : 'them'
    const detail = `${searchDamageWords(fresh)}. Tocsin is making ${them} anew, beside all else: until that is done, searches find less or take longer, and say so.`
    onHealth({ kind: 'mending', at: toInstant(now()), detail })
    return true
  }

  /** Nothing was changed. What stands in the way may pass, as a full disk does: the next who meets the damage tries again. */
  function cannot(indexes: readonly SearchIndex[], error: unknown): IntegrityHealth {
    const { code = '', message } = error as Error & { readonly code?: string }
    const what = `${searchDamageWords(indexes)}, and making it anew failed (${message}).`
    if (code.startsWith('SQLITE_CORRUPT'))
      return {
        kind: 'damaged',
        at: toInstant(now()),
        findings: [message],
        detail: `${what} Quit Tocsin, then run tocsin doctor: it says what can be done.`,
      }
    return {
      kind: 'unknown',
      at: toInstant(now()),
      detail: `${what} Make room, or check the disk: Tocsin tries again with the next search.`,
    }
  }

  return {
    mend,
    times: () => times,
    caughtUp() {
      if (!isFilling || !textIndex.isUpToDate() || !textIndex.isFilled()) return
      isFilling = false
      const detail = `What searches go by was damaged and has been made anew. Nothing that was received was affected, and everything can be found again.`
      onHealth({ kind: 'mended', at: toInstant(now()), detail })
    },
  }
}

function again(indexes: readonly SearchIndex[]): string {
  return `${searchDamageWords(indexes)}. It was made anew in this start already, so that the disk may be failing: make a copy of the profile elsewhere, then quit Tocsin and run ${mendSearchCommand}.`
}
