import type { RetentionChoice } from '../../shared/care.ts'

/** What goes, in a sentence or two, and what never does. */
export function retentionWords({ olderThanDays, kinds, maxBytes, keepsNew }: RetentionChoice): string {
  const what = kinds === null ? 'Detections' : `Detections of kind ${kinds.join(' and ')}`
  const age = olderThanDays === null ? [] : [`that last changed more than ${days(olderThanDays)} ago`]
  const size =
    maxBytes === null
      ? []
      : [`the oldest ones while the history takes more than ${Math.round(maxBytes / 1_000_000).toLocaleString('en')} MB`]
  const stays = ['marked to keep', 'in open triage', 'still ongoing', ...(keepsNew ? ['not taken up yet'] : [])]
  return `${what} ${[...age, ...size].join(', and ')} go. What is ${stays.slice(0, -1).join(', ')} or ${stays.at(-1)} stays.`
}

function days(count: number): string {
  return count === 1 ? 'a day' : `${count.toLocaleString('en')} days`
}
