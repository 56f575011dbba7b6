import { assertNever } from '../../shared/assert-never.ts'
import type { IntegrityHealth, RetentionChoice, RetentionReport, StaysBecause } from '../../shared/care.ts'
import { leastBytes, leastDays, mostBytes, mostDays } from '../../shared/care.ts'
import type { Kind } from '../../shared/detection.ts'
import { dayOf, exactTime } from '../ui/time.ts'

export type IntegrityWords = { readonly icon: 'checked' | 'clock' | 'alert' | 'info'; readonly text: string }

export function integrityWords(integrity: IntegrityHealth): IntegrityWords {
  switch (integrity.kind) {
    case 'ok':
      return { icon: 'checked', text: 'Tocsin ended in order last time, so there was nothing to look for.' }
    case 'checking':
      return {
        icon: 'clock',
        text: `Tocsin did not end in order last time. Since ${exactTime(integrity.startedAt)} every table is looked at; deliveries are received meanwhile.`,
      }
    case 'checked':
      return {
        icon: 'checked',
        text: `Tocsin did not end in order last time. Every table was looked at, and all is well (${exactTime(integrity.at)}).`,
      }
    case 'mending':
      return { icon: 'clock', text: integrity.detail }
    case 'mended':
      return { icon: 'checked', text: integrity.detail }
    case 'damaged':
    case 'unknown':
      return { icon: integrity.kind === 'damaged' ? 'alert' : 'info', text: integrity.detail }
    default:
      return assertNever(integrity)
  }
}

/** What stands in the form, as it was typed. */
export type RetentionFields = { readonly days: string; readonly megabytes: string; readonly kind: Kind | 'all'; readonly keepsNew: boolean }

export function toFields(choice: RetentionChoice | null): RetentionFields {
  if (choice === null) return { days: '365', megabytes: '', kind: 'all', keepsNew: true }
  const { olderThanDays, maxBytes, kinds, keepsNew } = choice
  return {
    days: olderThanDays === null ? '' : String(olderThanDays),
    megabytes: maxBytes === null ? '' : String(Math.round(maxBytes / 1_000_000)),
    kind: kinds?.length === 1 ? (kinds[0] ?? 'all') : 'all',
    keepsNew,
  }
}

/** What is asked for, or what is wrong with it. */
export function toChoice({ days, megabytes, kind, keepsNew }: RetentionFields): RetentionChoice | string {
  const olderThanDays = wholeNumber(days)
  const size = wholeNumber(megabytes)
  const maxBytes = size === null ? null : size * 1_000_000
  if (olderThanDays === null && maxBytes === null) return 'Say how old it may become, how large, or both.'
  if (olderThanDays !== null && !(olderThanDays >= leastDays && olderThanDays <= mostDays))
    return `The age is a whole number of days from ${leastDays} to ${mostDays.toLocaleString('en')}.`
  if (maxBytes !== null && !(maxBytes >= leastBytes && maxBytes <= mostBytes))
    return `The size is a whole number of MB, at least ${leastBytes / 1_000_000}.`
  return { olderThanDays, maxBytes, kinds: kind === 'all' ? null : [kind], keepsNew }
}

/** null where nothing was typed; NaN for what is no whole number. */
function wholeNumber(text: string): number | null {
  const trimmed = text.trim()
  if (trimmed === '') return null
  return /^\d{1,12}$/.test(trimmed) ? Number(trimmed) : Number.NaN
}

const kindNames: Readonly<Record<string, string>> = { threat: 'threats', posture: 'posture issues' }

/** What goes every day, in a sentence. */
export function dailyWords({ olderThanDays, kinds, maxBytes }: RetentionChoice): string {
  const what = kinds === null ? 'Detections' : kinds.map((kind) => kindNames[kind] ?? kind).join(' and ')
  const parts = [
    ...(olderThanDays === null ? [] : [`older than ${olderThanDays.toLocaleString('en')} ${olderThanDays === 1 ? 'day' : 'days'}`]),
    ...(maxBytes === null ? [] : [`beyond ${bytesText(maxBytes)}, the oldest first,`]),
  ]
  return `${what.charAt(0).toUpperCase()}${what.slice(1)} ${parts.join(' or ')} go every day.`
}

export type Going = { readonly what: string; readonly count: string; readonly more: string }

/** What goes, a line for each kind. */
export function goingLines({ goes }: RetentionReport): readonly Going[] {
  return goes.map(({ kind, detections, deliveries, unread, bytes, oldestAt, newestAt }) => ({
    what: kind === null ? 'deliveries without a detection' : (kindNames[kind] ?? kind),
    count: (kind === null ? deliveries : detections).toLocaleString('en'),
    more: [
      ...(kind === null ? [] : [counted(deliveries, 'delivery', 'deliveries')]),
      ...(unread > 0 ? [`${unread.toLocaleString('en')} never opened`] : []),
      `about ${bytesText(bytes)}`,
      `last changed ${dayOf(oldestAt)} to ${dayOf(newestAt)}`,
    ].join(' · '),
  }))
}

const staysWords: Readonly<Record<StaysBecause, string>> = {
  kept: 'marked to keep',
  'open-triage': 'in open triage',
  new: 'not taken up yet',
  ongoing: 'still ongoing',
  young: 'received since',
  'other-kind': 'of another kind',
}

/** null where nothing as old stays. */
export function staysText({ stays }: RetentionReport): string | null {
  const all = (Object.keys(staysWords) as StaysBecause[]).flatMap((because) => {
    const found = stays[because] ?? 0
    return found === 0 ? [] : [`${found.toLocaleString('en')} ${staysWords[because]}`]
  })
  return all.length === 0 ? null : `Stays, though as old: ${all.join(', ')}.`
}

/** What comes before the lines of what goes. By size it is looked at again on the way, so that no more goes than there has to. */
export function goesText({ goes }: RetentionReport, { maxBytes }: RetentionChoice, isDone: boolean): string {
  if (goes.length === 0) return isDone ? 'Nothing went.' : 'Nothing would go.'
  if (isDone) return 'Gone:'
  return maxBytes === null ? 'Would go:' : 'Would go, no more than this, and less where there is room sooner:'
}

export function sizeText({ usedBytes, leftBytes }: RetentionReport, { maxBytes }: RetentionChoice, isDone: boolean): string {
  const left = isDone ? 'and takes' : maxBytes === null ? 'and would take about' : 'and would take at least about'
  return `The history took ${bytesText(usedBytes)}, ${left} ${bytesText(leftBytes)}.`
}

export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1_000).toLocaleString('en')} kB`
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`
}
