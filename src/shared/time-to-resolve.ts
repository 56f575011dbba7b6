import type { Detection, Transition } from './detection.ts'

/** How long a detection stayed open, each time it was. Milliseconds. */
export type Resolving = {
  /** The last time it was resolved, counted from when it began, or began again. */
  readonly lastMs: number
  /** Together, where it was opened again after it was resolved. */
  readonly totalMs: number
  readonly reopened: number
}

/**
 * Time to resolve, from a detection's transitions in the order they happened. It begins when the sender first saw it, or with the
 * first delivery where that is earlier, and again with each one that takes a resolved one back. null while it is not resolved,
 * and for what is over at once: a threat that is only ever `detected`, or one whose first word is `resolved` and says not since when. Where some of them were signed, the unsigned ones do not count.
 */
export function timeToResolve(
  { status, detectedAt }: Pick<Detection, 'status' | 'detectedAt'>,
  all: readonly Pick<Transition, 'at' | 'to' | 'isUnsigned'>[],
): Resolving | null {
  const signed = all.filter(({ isUnsigned }) => !isUnsigned)
  const transitions = signed.length === 0 ? all : signed
  const first = transitions[0]
  if (status !== 'resolved' || first === undefined) return null
  let openSince: number | null = Math.min(Date.parse(detectedAt), Date.parse(first.at))
  const spans: number[] = []
  for (const { at, to } of transitions) {
    if (to === 'resolved' && openSince !== null) {
      spans.push(Date.parse(at) - openSince)
      openSince = null
    } else if (to !== 'resolved') openSince ??= Date.parse(at)
  }
  const lastMs = spans.at(-1)
  if (lastMs === undefined || (spans.length === 1 && lastMs === 0)) return null
  return { lastMs, totalMs: spans.reduce((sum, ms) => sum + ms, 0), reopened: spans.length - 1 }
}
