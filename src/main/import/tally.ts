import type { Refusal } from '../../shared/trust.ts'
import type { Malformation } from './read-line.ts'

/** Deliveries, by what became of them. Each line or part of one that is none is `malformed`. */
export type ImportCounts = {
  readonly new: number
  readonly duplicate: number
  /** In quarantine: their keys are not known yet. */
  readonly waiting: number
  readonly refused: number
  readonly malformed: number
  /** Would wait for keys, and an import may fill only a small part of quarantine. */
  readonly noRoom: number
}

/** `unsigned`: nobody signed it, and nobody said that it is to be taken all the same. */
export type Reason = Refusal | Malformation | 'unsigned'

/** Where something was not taken, and why. */
export type Remark = { readonly file: string; readonly line: number; readonly because: Reason }

const mostRemarks = 20

/** Counts what becomes of an import, and remembers the first reasons. */
export function createTally() {
  const counts: { -readonly [name in keyof ImportCounts]: number } = {
    new: 0,
    duplicate: 0,
    waiting: 0,
    refused: 0,
    malformed: 0,
    noRoom: 0,
  }
  const reasons = new Map<Reason, number>()
  const first: Remark[] = []
  return {
    count: (what: keyof ImportCounts) => void (counts[what] += 1),
    remark(what: 'refused' | 'malformed', remark: Remark) {
      counts[what] += 1
      reasons.set(remark.because, (reasons.get(remark.because) ?? 0) + 1)
      if (first.length < mostRemarks) first.push(remark)
    },
    counts: (): ImportCounts => ({ ...counts }),
    reasons: (): Readonly<Partial<Record<Reason, number>>> => Object.fromEntries(reasons),
    first: (): readonly Remark[] => [...first],
  }
}
