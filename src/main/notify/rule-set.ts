import type { Detection, Instant } from '../../shared/detection.ts'
import { muteFields, type Mute, type MuteField, type Rule, type Rules } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { lookAt, matchingLooked, type Looked } from '../query/matches.ts'
import { parse } from '../query/parse.ts'
import type { Query } from '../query/query.ts'
import { isWithin } from './hours.ts'
import { noNews } from './news.ts'

/** What the user decided about speaking, ready to be asked of one change after another. `at` in epoch ms: hours and expiries are judged by it. */
export type RuleSet = {
  /** The first rule that holds then and matches; null where only the defaults are left. */
  ruleOf(change: Change, at: number): Rule | null
  isSuppressed(change: Change, at: number): boolean
  /** What of it is muted then; null where nothing is. */
  muteOf(change: Change, at: number): Mute['of'] | null
}

/** Relative times in a query are taken from the minute in which it is asked, so that the answer does not depend on what was asked before. */
const freshMs = 60_000

/**
 * Reads every query once; `now` in epoch ms. A rule whose query cannot be read holds for nobody and is in `broken`, whether it is on or not;
 * a suppression whose query cannot be read hides nothing.
 */
export function compileRules(
  { rules, mutes, suppressions }: Pick<Rules, 'rules' | 'mutes' | 'suppressions'>,
  now: number,
): { readonly set: RuleSet; readonly broken: Rules['broken'] } {
  const broken: { readonly id: Rule['id']; readonly detail: string }[] = []
  const inOrder: { readonly rule: Rule; readonly asked: Asked; readonly ends: number }[] = []
  for (const rule of rules) {
    const read = readQuery(rule.query, now)
    if (read.kind === 'refused')
      broken.push({
        id: rule.id,
        detail: `This rule decides nothing, since its query cannot be read: ${read.detail} The other rules hold.`,
      })
    else if (rule.isOn) inOrder.push({ rule, asked: read.asked, ends: endOf(rule.expiresAt) })
  }
  const hiding = suppressions.flatMap(({ query, expiresAt, liftedAt }) => {
    const read = liftedAt === null ? readQuery(query, now) : null
    return read?.kind === 'read' ? [{ asked: read.asked, ends: endOf(expiresAt) }] : []
  })
  return {
    broken,
    set: {
      ruleOf(change, at) {
        if (inOrder.length === 0) return null
        const isNews = noNews(change) === null
        const looked = lookAt(change.detection)
        const found = inOrder.find(
          ({ rule, asked, ends }) =>
            at < ends &&
            // A rule for a type is not meant for the moment in which it is resolved, unless it says so.
            (isNews || asked.namesStatus) &&
            (rule.hours === null || isWithin(rule.hours, at)) &&
            asked.matches(looked, at),
        )
        return found?.rule ?? null
      },
      isSuppressed({ detection }, at) {
        if (hiding.length === 0) return false
        const looked = lookAt(detection)
        return hiding.some(({ asked, ends }) => at < ends && asked.matches(looked, at))
      },
      muteOf: compileMutes(mutes),
    },
  }
}

type Asked = {
  readonly matches: (looked: Looked, at: number) => boolean
  readonly namesStatus: boolean
}

function readQuery(
  text: string,
  now: number,
): { readonly kind: 'read'; readonly asked: Asked } | { readonly kind: 'refused'; readonly detail: string } {
  const read = parse(text, { now })
  if (read.kind === 'refused') return read
  const namesStatus = asksForStatus(read.query)
  // What is relative means another moment a while later.
  const later = parse(text, { now: now + 2 * 86_400_000 })
  if (JSON.stringify(read) === JSON.stringify(later)) return { kind: 'read', asked: { matches: matchingLooked(read.query), namesStatus } }
  let minute: number | null = null
  let matches = matchingLooked(read.query)
  return {
    kind: 'read',
    asked: {
      namesStatus,
      matches(looked, at) {
        const present = Math.floor(at / freshMs)
        if (present !== minute) {
          const again = parse(text, { now: present * freshMs })
          if (again.kind === 'parsed') matches = matchingLooked(again.query)
          minute = present
        }
        return matches(looked)
      },
    },
  }
}

/** Also by `is:resolved`, which says the same in other words. */
function asksForStatus(query: Query): boolean {
  switch (query.kind) {
    case 'all':
    case 'any':
      return query.of.some(asksForStatus)
    case 'not':
      return asksForStatus(query.of)
    default:
      return query.kind === 'text' && query.field === 'status'
  }
}

function endOf(at: Instant | null): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

const valueOf: Readonly<Record<MuteField, (detection: Detection) => string | null>> = {
  entity: ({ entityId }) => entityId,
  type: ({ type }) => type,
  source: ({ sourceType }) => sourceType,
}

type Span = { readonly of: Mute['of']; readonly begins: number; readonly ends: number }

/** There may be a thousand of them: each field is looked up by its value. */
function compileMutes(mutes: readonly Mute[]): RuleSet['muteOf'] {
  const ofAll: Span[] = []
  const byValue = { entity: new Map<string, Span[]>(), type: new Map<string, Span[]>(), source: new Map<string, Span[]>() }
  for (const { of, since, until } of mutes) {
    // One with an end is over also where the clock was put back before its beginning: it would last longer than was asked for.
    const span = { of, begins: until === null ? Number.NEGATIVE_INFINITY : Date.parse(since), ends: endOf(until) }
    if (of.kind === 'all') ofAll.push(span)
    else {
      const spans = byValue[of.field].get(of.value)
      if (spans === undefined) byValue[of.field].set(of.value, [span])
      else spans.push(span)
    }
  }
  return ({ detection }, at) => {
    const holds = ({ begins, ends }: Span): boolean => at >= begins && at < ends
    const all = ofAll.find(holds)
    if (all !== undefined) return all.of
    for (const field of muteFields) {
      const value = valueOf[field](detection)
      const muted = value === null ? undefined : byValue[field].get(value)?.find(holds)
      if (muted !== undefined) return muted.of
    }
    return null
  }
}
