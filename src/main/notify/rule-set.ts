import type { Detection, Instant } from '../../shared/detection.ts'
import { muteFields, type Mute, type MuteField, type Rule, type Rules, type Suppression } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { lookAt, matchingLooked, type Looked } from '../query/matches.ts'
import { parse } from '../query/parse.ts'
import { fold, type Query } from '../query/query.ts'
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

/** Queries that several sets of rules ask: each is read once, and asked once of each change. */
export type Queries = {
  read(text: string): Read
  look(detection: Detection): Looked
}
type Read = { readonly kind: 'read'; readonly asked: Asked } | { readonly kind: 'refused'; readonly detail: string }

/** `now` in epoch ms. */
export function createQueries(now: number): Queries {
  const known = new Map<string, Read>()
  let last: Looked | null = null
  return {
    read(text) {
      const read = known.get(text) ?? readQuery(text, now)
      known.set(text, read)
      return read
    },
    look: (detection) => (last = last?.detection === detection ? last : lookAt(detection)),
  }
}

/**
 * Reads every query once; `now` in epoch ms. A rule whose query cannot be read holds for nobody and is in `broken`, whether it is on or not;
 * a suppression whose query cannot be read hides nothing.
 */
export function compileRules(
  { rules, mutes, suppressions }: Pick<Rules, 'rules' | 'mutes' | 'suppressions'>,
  now: number,
  queries = createQueries(now),
): { readonly set: RuleSet } & Pick<Rules, 'broken' | 'brokenSuppressions'> {
  const broken: { readonly id: Rule['id']; readonly detail: string }[] = []
  const inOrder: { readonly rule: Rule; readonly asked: Asked; readonly ends: number }[] = []
  for (const rule of rules) {
    const read = queries.read(rule.query)
    if (read.kind === 'refused')
      broken.push({
        id: rule.id,
        detail: `This rule decides nothing, since its query cannot be read: ${read.detail} The other rules hold.`,
      })
    else if (rule.isOn) inOrder.push({ rule, asked: read.asked, ends: endOf(rule.expiresAt) })
  }
  const brokenSuppressions: { readonly id: Suppression['id']; readonly detail: string }[] = []
  const hiding = suppressions.flatMap(({ id, query, expiresAt, liftedAt }) => {
    const read = liftedAt === null ? queries.read(query) : null
    if (read?.kind === 'refused')
      brokenSuppressions.push({
        id,
        detail: `The suppression of “${query}” hides nothing, since its query cannot be read: ${read.detail} The others hold. Lift it, or open it with the Tocsin that wrote it.`,
      })
    return read?.kind === 'read' ? [{ asked: read.asked, ends: endOf(expiresAt) }] : []
  })
  return {
    broken,
    brokenSuppressions,
    set: {
      ruleOf(change, at) {
        if (inOrder.length === 0) return null
        const isNews = noNews(change) === null
        const looked = queries.look(change.detection)
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
        const looked = queries.look(detection)
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

function readQuery(text: string, now: number): Read {
  const read = parse(text, { now })
  if (read.kind === 'refused') return read
  const namesStatus = asksForStatus(read.query)
  // What is relative means another moment a while later.
  const later = parse(text, { now: now + 2 * 86_400_000 })
  if (JSON.stringify(read) === JSON.stringify(later))
    return { kind: 'read', asked: { matches: onceEach(matchingLooked(read.query)), namesStatus } }
  let minute: number | null = null
  let matches = matchingLooked(read.query)
  const matchesThen = onceEach((looked, at) => {
    const present = Math.floor(at / freshMs)
    if (present !== minute) {
      const again = parse(text, { now: present * freshMs })
      if (again.kind === 'parsed') matches = matchingLooked(again.query)
      minute = present
    }
    return matches(looked)
  })
  return { kind: 'read', asked: { matches: matchesThen, namesStatus } }
}

/** Rules of several sets ask the same of one change, one after the other. */
function onceEach(matches: Asked['matches']): Asked['matches'] {
  let last: { readonly looked: Looked; readonly at: number; readonly answer: boolean } | null = null
  return (looked, at) => {
    if (last?.looked !== looked || last.at !== at) last = { looked, at, answer: matches(looked, at) }
    return last.answer
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

/** Types and sources are names, compared as a search compares them; an entity is an id, in which every character counts. */
export function muteKeyOf({ field, value }: { readonly field: MuteField; readonly value: string }): string {
  return field === 'entity' ? value : fold(value)
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
      const spans = byValue[of.field].get(muteKeyOf(of))
      if (spans === undefined) byValue[of.field].set(muteKeyOf(of), [span])
      else spans.push(span)
    }
  }
  return ({ detection }, at) => {
    const holds = ({ begins, ends }: Span): boolean => at >= begins && at < ends
    const all = ofAll.find(holds)
    if (all !== undefined) return all.of
    for (const field of muteFields) {
      const value = valueOf[field](detection)
      const muted = value === null ? undefined : byValue[field].get(muteKeyOf({ field, value }))?.find(holds)
      if (muted !== undefined) return muted.of
    }
    return null
  }
}
