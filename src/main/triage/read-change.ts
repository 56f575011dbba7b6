import { longestLabel, longestNote, longestReason, type TriageChange } from '../../shared/triage.ts'

export type ChangeRead = { readonly kind: 'read'; readonly change: TriageChange } | { readonly kind: 'refused'; readonly detail: string }

/** A change as it is kept: without the white space around its texts. Refused in words where it makes no sense, before anything is written. */
export function readChange(wanted: TriageChange, now: number): ChangeRead {
  const change: { -readonly [K in keyof TriageChange]: TriageChange[K] } = { ...wanted }
  if (Object.values(change).every((value) => value === undefined)) return refused('There is nothing to change. Choose what.')
  if (change.verdict !== undefined && change.verdict !== null) {
    const reason = change.verdict.reason.trim()
    if (reason.length > longestReason) return refused(`A reason may have ${longestReason} characters. Shorten it, or write a note.`)
    change.verdict = { verdict: change.verdict.verdict, reason }
  }
  if (change.snoozedUntil !== undefined && change.snoozedUntil !== null && Date.parse(change.snoozedUntil) <= now)
    return refused('This time has passed already. Choose a later one to snooze until.')
  if (change.note !== undefined) {
    change.note = change.note.trim()
    if (change.note === '') return refused('This note is empty. Write something, or leave it.')
    if (change.note.length > longestNote) return refused(`A note may have ${longestNote} characters. Shorten it, or write two.`)
  }
  for (const name of ['addLabel', 'removeLabel'] as const) {
    const label = change[name]
    if (label === undefined) continue
    const text = label.trim().replace(/\s+/g, ' ')
    if (text === '') return refused('A label needs a name. Type one.')
    if (name === 'addLabel' && text.length > longestLabel) return refused(`A label may have ${longestLabel} characters. Shorten it.`)
    // One that came with an import may be of any form, and can be taken away all the same.
    change[name] = name === 'addLabel' ? text : label
  }
  return { kind: 'read', change }
}

function refused(detail: string): ChangeRead {
  return { kind: 'refused', detail }
}
