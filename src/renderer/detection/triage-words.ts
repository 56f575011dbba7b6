import type { TriageState } from '../../shared/detection.ts'
import type { TriageChange } from '../../shared/triage.ts'
import { verdictWords } from '../state/triage.svelte.ts'
import { exactTime } from '../ui/time.ts'

export const stateWords: Readonly<Record<TriageState, string>> = { new: 'New', acknowledged: 'Acknowledged', done: 'Done' }

/** What was changed at once, in a line: `done, as false positive: a test of ours`. */
export function changeWords(change: TriageChange, timeZone?: string): string {
  const { state, verdict, snoozedUntil, addLabel, removeLabel, note, isRead } = change
  const parts = [
    state === undefined ? null : stateWords[state].toLowerCase(),
    verdict === undefined
      ? null
      : verdict === null
        ? 'verdict taken away'
        : `${verdictWords[verdict.verdict].toLowerCase()}${verdict.reason === '' ? '' : `: ${verdict.reason}`}`,
    snoozedUntil === undefined ? null : snoozedUntil === null ? 'woken' : `snoozed until ${exactTime(snoozedUntil, timeZone)}`,
    addLabel === undefined ? null : `label “${addLabel}” added`,
    removeLabel === undefined ? null : `label “${removeLabel}” taken away`,
    note === undefined ? null : 'note added',
    isRead === undefined ? null : isRead ? 'marked read' : 'marked unread',
  ]
  return parts.filter((part) => part !== null).join(', ')
}
