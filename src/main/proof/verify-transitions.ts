import type { DetectionContent, Instant } from '../../shared/detection.ts'
import { asKept, boundedChanges } from '../export/bounded-changes.ts'
import type { Bundle } from '../export/bundle.ts'
import { fieldChanges } from '../store/field-changes.ts'

type Transition = Bundle['transitions'][number]

/** What a delivery of the bundle says by itself; null where its content was removed, or cannot be read. */
export type SaidByDelivery = { readonly at: Instant; readonly content: DetectionContent } | null

export type CheckedTransitions = {
  readonly recomputed: number
  /** Of these a part depends on content that is not in the bundle: it was removed, or found no room. */
  readonly notCheckable: number
  /** Deliveries of which the transition is not what the tokens make it. */
  readonly changed: readonly number[]
}

/** Makes the transitions anew from what the deliveries say, in the order of `iat`, signed and unsigned ones apart, and compares. */
export function checkTransitions(
  { transitions, deliveries, olderLeftOut }: Pick<Bundle, 'transitions' | 'deliveries' | 'olderLeftOut'>,
  said: ReadonlyMap<number, SaidByDelivery>,
): CheckedTransitions {
  const bySequence = new Map(deliveries.map((delivery) => [delivery.sequence, delivery]))
  const changed = new Set<number>()
  const partly = new Set<number>()
  const newest: { signed: Transition | null; unsigned: Transition | null } = { signed: null, unsigned: null }
  const seen = new Set<number>()
  let last: Transition | null = null

  for (const transition of transitions) {
    const { sequence } = transition
    const delivery = bySequence.get(sequence)
    const isOutOfOrder = last !== null && !isBefore(last, transition)
    last = transition
    if (delivery === undefined || seen.has(sequence) || isOutOfOrder) changed.add(sequence)
    seen.add(sequence)
    if (delivery === undefined) continue

    const line = delivery.trust === 'unsigned' ? 'unsigned' : 'signed'
    const previous = newest[line]
    newest[line] = transition
    const own = said.get(sequence) ?? null
    const before = previous === null ? null : (said.get(previous.sequence) ?? null)
    if (transition.receivedAt !== delivery.receivedAt || (transition.isUnsigned === true) !== (line === 'unsigned')) changed.add(sequence)
    if (own === null) partly.add(sequence)
    else if (transition.at !== own.at || transition.to !== asStored(own.content.status)) changed.add(sequence)

    const isAsRecomputed =
      transition.from === (before === null ? (previous?.to ?? null) : asStored(before.content.status)) &&
      (own === null || (previous !== null && before === null) || hasChanges(transition, before?.content ?? null, own.content))
    if (previous !== null && before === null) partly.add(sequence)
    if (isAsRecomputed) continue
    // The one before it may be among those that found no room.
    if (olderLeftOut > 0) partly.add(sequence)
    else changed.add(sequence)
  }
  for (const { sequence } of deliveries) if (!seen.has(sequence)) changed.add(sequence)
  return {
    recomputed: transitions.filter(({ sequence }) => !partly.has(sequence)).length,
    notCheckable: partly.size,
    changed: [...changed],
  }
}

function isBefore(one: Transition, other: Transition): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence)
}

function hasChanges({ changes, changesLeftOut }: Transition, from: DetectionContent | null, to: DetectionContent): boolean {
  const expected = boundedChanges(from === null ? [] : fieldChanges(from, to))
  return asKept(changes) === asKept(expected.changes) && changesLeftOut === expected.changesLeftOut
}

function asStored(text: string): string {
  return Buffer.from(text).toString()
}
