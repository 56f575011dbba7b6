import type { FieldChange } from '../../shared/detection.ts'
import { bundleLimits, type Bundle } from './bundle.ts'

type BoundedChanges = Pick<Bundle['transitions'][number], 'changes' | 'changesLeftOut'>

/** The changes of one transition that find room in a bundle, in their order. The same ones for whoever makes a bundle and for whoever checks it. */
export function boundedChanges(all: readonly FieldChange[]): BoundedChanges {
  const told = all.filter(({ from, to }) => asKept(from) !== asKept(to))
  let room = bundleLimits.changesLength
  const changes = told.filter((change) => {
    const { length } = asKept(change)
    if (change.field.length > bundleLimits.fieldLength || length > room) return false
    room -= length
    return true
  })
  const listed = changes.slice(0, bundleLimits.changes)
  return { changes: listed, changesLeftOut: told.length - listed.length }
}

/** As JSON that went through the history, which has one zero, and U+FFFD for half a surrogate pair. */
export function asKept(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? Buffer.from(one).toString() : one))
}
