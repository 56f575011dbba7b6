import type { Detection, Instant } from '../../shared/detection.ts'
import type { Urgency } from './notifier.ts'

/** What is remembered of a detection until its note is told: without its metadata, which may be large. */
export type Told = Pick<
  Detection,
  | 'organizationId'
  | 'id'
  | 'kind'
  | 'type'
  | 'status'
  | 'trust'
  | 'entityType'
  | 'entityId'
  | 'sourceType'
  | 'confidence'
  | 'detectedAt'
  | 'demo'
>

/** Detections of one type, entity and source. What nobody signed is a group of its own, and so never lends its confidence to what somebody did. */
export type Group = {
  readonly type: string
  readonly kind: Detection['kind']
  readonly entityType: string | null
  readonly entityId: string | null
  readonly sourceType: string | null
  readonly isUnsigned: boolean
  readonly demo: boolean
  readonly count: number
  readonly urgent: number
  /** The highest of them. */
  readonly confidence: number | null
  /** When the first of them was detected, as its sender says: what had waited for us did not begin when it came. */
  readonly since: Instant
}

/** All of the other groups that have this type, together. */
export type OtherType = Pick<Group, 'type' | 'isUnsigned' | 'demo' | 'count'>

/** What one note speaks of. */
export type Gathered = {
  /** Distinct detections. */
  readonly count: number
  readonly threats: number
  readonly postures: number
  readonly urgent: number
  /** How many of them nobody vouches for. */
  readonly unsigned: number
  /** More than could be told apart: the counts are lower bounds. */
  readonly more: boolean
  /** Every one of them is a demonstration. */
  readonly demo: boolean
  readonly urgency: Urgency
  /** They had waited while we were not connected. */
  readonly isBacklog: boolean
  /** Where there is no more than one. */
  readonly only: Told | null
  /** The group most worth a look. */
  readonly top: Group
  /** How many groups there are besides it, and what they are about: the most important types first, at most `mostTypes`. */
  readonly others: { readonly groups: number; readonly types: readonly OtherType[]; readonly isWhole: boolean }
}

export type Gathering = {
  /** Answers whether it is counted; beyond the limit only a change of what is, and what is urgent as long as anything is not. */
  add(detection: Told, urgency: Urgency, isBacklog?: boolean): boolean
  /** Everything added since it was cleared, or null: a note that is told again says all of it again. */
  peek(): Gathered | null
  clear(): void
}

/** Detections told apart at most; beyond it the counts are lower bounds, so that a flood costs bounded memory. */
const distinctLimit = 10_000
export const mostTypes = 3

/** Collects detections for one note: counts each once, in its latest state, however often it changed. */
export function createGathering(limit: number = distinctLimit): Gathering {
  const urgent = new Map<string, Told>()
  const others = new Map<string, Told>()
  let more = false
  let isBacklog = true
  let known: Gathered | null = null

  return {
    add(detection, urgency, cameLate = false) {
      const key = `${detection.organizationId}\n${detection.id}`
      known = null
      isBacklog &&= cameLate
      const isUrgent = urgency === 'urgent' || urgent.has(key)
      const isNew = !urgent.has(key) && !others.has(key)
      if (isNew && urgent.size + others.size >= limit) {
        more = true
        const [oldest] = others.keys()
        if (!isUrgent || oldest === undefined) return false
        // It stays among the "more than", and what is urgent is named.
        others.delete(oldest)
      }
      if (isUrgent) others.delete(key)
      ;(isUrgent ? urgent : others).set(key, toTold(detection))
      return true
    },
    peek() {
      if (urgent.size + others.size === 0) return null
      known ??= sum([...urgent.values()], [...others.values()], more, isBacklog)
      return known
    },
    clear() {
      urgent.clear()
      others.clear()
      more = false
      isBacklog = true
      known = null
    },
  }
}

function toTold(detection: Told): Told {
  const { organizationId, id, kind, type, status, trust, entityType, entityId, sourceType, confidence, detectedAt, demo } = detection
  return { organizationId, id, kind, type, status, trust, entityType, entityId, sourceType, confidence, detectedAt, demo }
}

function sum(urgent: readonly Told[], others: readonly Told[], more: boolean, isBacklog: boolean): Gathered {
  const all = [...urgent, ...others]
  const groups = new Map<string, Group>()
  for (const [index, one] of all.entries()) {
    const key = groupOf(one)
    groups.set(key, joined(groups.get(key), one, index < urgent.length ? 1 : 0))
  }
  const keyed: readonly Keyed[] = [...groups]
  const top = keyed.reduce((best, one) => (isBefore(one, best) ? one : best))
  const types = byType(keyed.filter((one) => one !== top))
  const count = (test: (one: Told) => boolean) => all.filter(test).length
  return {
    count: all.length,
    threats: count(({ kind }) => kind === 'threat'),
    postures: count(({ kind }) => kind === 'posture'),
    urgent: urgent.length,
    unsigned: count(({ trust }) => trust === 'unsigned'),
    more,
    demo: all.every(({ demo }) => demo),
    urgency: urgent.length > 0 ? 'urgent' : 'normal',
    isBacklog,
    only: all.length === 1 && !more ? (all[0] as Told) : null,
    top: top[1],
    others: { groups: groups.size - 1, types: types.slice(0, mostTypes), isWhole: types.length <= mostTypes },
  }
}

/** The kind is part of the type; the organization and whether it is a demonstration keep apart what has the same names by chance. */
function groupOf({ organizationId, kind, type, entityType, entityId, sourceType, trust, demo }: Told): string {
  return JSON.stringify([organizationId, kind, type, entityType, entityId, sourceType, trust === 'unsigned', demo])
}

function joined(group: Group | undefined, one: Told, urgent: 0 | 1): Group {
  const { type, kind, entityType, entityId, sourceType, demo, confidence, detectedAt } = one
  if (group === undefined) {
    const isUnsigned = one.trust === 'unsigned'
    return { type, kind, entityType, entityId, sourceType, isUnsigned, demo, count: 1, urgent, confidence, since: detectedAt }
  }
  return {
    ...group,
    count: group.count + 1,
    urgent: group.urgent + urgent,
    confidence: confidence === null ? group.confidence : Math.max(confidence, group.confidence ?? 0),
    since: detectedAt < group.since ? detectedAt : group.since,
  }
}

type Keyed = readonly [key: string, group: Group]

/**
 * What is real before a demonstration, signed before not, urgent before not, a threat before a posture issue, then the more confident, then the
 * larger; of equals the same one every time, in whatever order they came.
 */
function isBefore([oneKey, one]: Keyed, [otherKey, other]: Keyed): boolean {
  const order =
    Number(one.demo) - Number(other.demo) ||
    Number(one.isUnsigned) - Number(other.isUnsigned) ||
    Number(other.urgent > 0) - Number(one.urgent > 0) ||
    Number(one.kind === 'posture') - Number(other.kind === 'posture') ||
    (other.confidence ?? -1) - (one.confidence ?? -1) ||
    other.count - one.count
  return order === 0 ? oneKey < otherKey : order < 0
}

/** Each in the place of its most important group. There may be ten thousand groups; of types there are few. */
function byType(groups: readonly Keyed[]): readonly OtherType[] {
  const types = new Map<string, { best: Keyed; count: number }>()
  for (const one of groups) {
    const { type, isUnsigned, demo, count } = one[1]
    const key = `${demo} ${isUnsigned} ${type}`
    const known = types.get(key)
    if (known === undefined) types.set(key, { best: one, count })
    else {
      known.count += count
      if (isBefore(one, known.best)) known.best = one
    }
  }
  const ranked = [...types.values()].sort((one, other) => (isBefore(one.best, other.best) ? -1 : 1))
  return ranked.map(({ best: [, { type, isUnsigned, demo }], count }) => ({ type, isUnsigned, demo, count }))
}
