import type { Instant } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Gathered, Group, OtherType, Told } from './gather.ts'
import { noteActions, type Note, type Target } from './notifier.ts'

/** Characters at most. What is ours stands in front of what a sender chose, so that only the latter can be cut. */
export const longestTitle = 120
export const longestBody = 400

/** Of one name that a sender chose, so that what follows it stays readable: an entity id may be a whole path. */
const longest = { type: 70, entity: 80, source: 40, otherType: 30 } as const

/** The text for one detection, for many of one group, or for many; times are those of this computer. */
export function compose(
  gathered: Gathered,
  of: { readonly id: NotificationId | null; readonly hasSound: boolean; /** Epoch ms. */ readonly now: number },
): Note {
  const { title, body } = textOf(gathered, of.now)
  return {
    id: of.id,
    title: cut(title, longestTitle),
    body: cut(body, longestBody),
    hidden: hiddenOf(gathered),
    urgency: gathered.urgency,
    hasSound: of.hasSound,
    target: targetOf(gathered, of.id),
    actions: noteActions,
  }
}

function textOf(gathered: Gathered, now: number): { readonly title: string; readonly body: string } {
  const { only, top, others } = gathered
  const away = gathered.isBacklog ? 'While away: ' : ''
  if (only !== null) return { title: `${away}${marksOf(top)}${cut(only.type, longest.type)}`, body: describe(only) }
  if (others.groups === 0)
    return { title: `${away}${marksOf(top)}${countOf(gathered)} × ${cut(top.type, longest.type)}`, body: circumstances(top, now) }
  const parts = [
    counted(gathered.threats, 'threat', 'threats'),
    counted(gathered.postures, 'posture issue', 'posture issues'),
    counted(gathered.unsigned, 'of them unsigned', 'of them unsigned'),
  ].filter((part) => part !== null)
  return {
    title: `${away}${gathered.demo ? 'Demo: ' : ''}${countOf(gathered)} detections: ${parts.join(', ')}`,
    body: `${sentenceOf(top, gathered.demo, now)}; and ${counted(others.groups, 'more group', 'more groups')}: ${listOf(others)}`,
  }
}

/** Nothing that a sender chose. */
function hiddenOf(gathered: Gathered): Note['hidden'] {
  const { count, urgent, unsigned, only } = gathered
  const away = gathered.isBacklog ? 'While away: ' : ''
  const marks = marksOf({ demo: gathered.demo, isUnsigned: unsigned === count })
  if (only !== null) {
    const what = `${urgent > 0 ? 'urgent ' : ''}${only.kind === 'threat' ? 'threat' : 'posture issue'}`
    return { title: `${away}${marks}1 ${what}`, body: 'Open Tocsin to see it.' }
  }
  const loud = urgent === 0 ? '' : `, ${urgent} urgent`
  return { title: `${away}${marks}${countOf(gathered)} detections${loud}`, body: 'Open Tocsin to see them.' }
}

function targetOf({ only }: Gathered, notification: NotificationId | null): Target {
  if (only !== null) return { kind: 'detection', key: { organizationId: only.organizationId, id: only.id } }
  return notification === null ? { kind: 'timeline' } : { kind: 'group', notification }
}

/** `okta_user 00u1… · okta_org · confidence 0.93`, without what the sender left out. */
function describe({ entityType, entityId, sourceType, confidence, status, trust }: Told): string {
  const parts = [
    entityOf({ entityType, entityId }),
    sourceType === null ? '' : cut(sourceType, longest.source),
    confidence === null ? '' : `confidence ${confidence.toFixed(2)}`,
    status === 'detected' ? '' : cut(status, longest.source),
    trust === 'late' ? trust : '',
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

/** `14 × MissingMFA on okta_user 00u1…, highest 0.97, since 14:02` */
function sentenceOf(group: Group, areAllDemo: boolean, now: number): string {
  const marks = marksOf({ demo: group.demo && !areAllDemo, isUnsigned: group.isUnsigned })
  const what = `${group.count === 1 ? '' : `${group.count} × `}${cut(group.type, longest.type)}`
  const about = circumstances(group, now)
  return `${marks}${what}${/^(?:on|in) /.test(about) ? ' ' : ', '}${about}`
}

/** `on okta_user 00u1…, highest 0.97, since 14:02`. Where the entity is not known, the source stands for it. */
function circumstances(group: Group, now: number): string {
  const entity = entityOf(group)
  const source = group.sourceType === null ? '' : `in ${cut(group.sourceType, longest.source)}`
  const confidence = group.confidence === null ? '' : `${group.count === 1 ? 'confidence' : 'highest'} ${group.confidence.toFixed(2)}`
  const parts = [entity === '' ? source : `on ${entity}`, confidence, `since ${clockAt(group.since, now)}`]
  return parts.filter((part) => part !== '').join(', ')
}

function listOf({ types, isWhole }: Gathered['others']): string {
  const list = types.map((one: OtherType) => {
    const marks = `${one.demo ? 'demo ' : ''}${one.isUnsigned ? 'unsigned ' : ''}`
    return `${marks}${cut(one.type, longest.otherType)} × ${one.count}`
  })
  return [...list, ...(isWhole ? [] : ['…'])].join(', ')
}

/** In front, where no text of the sender's can push them out of sight. */
function marksOf({ demo, isUnsigned }: Pick<Group, 'demo' | 'isUnsigned'>): string {
  return `${demo ? 'Demo: ' : ''}${isUnsigned ? 'Unsigned: ' : ''}`
}

function entityOf({ entityType, entityId }: Pick<Group, 'entityType' | 'entityId'>): string {
  return cut([entityType, entityId].filter((part) => part !== null).join(' '), longest.entity)
}

function countOf({ count, more }: Gathered): string {
  return `${more ? 'more than ' : ''}${count}`
}

function counted(count: number, one: string, many: string): string | null {
  if (count === 0) return null
  return `${count} ${count === 1 ? one : many}`
}

/** By the clock of this computer; with the day where it is not today. */
function clockAt(at: Instant, now: number): string {
  const date = new Date(at)
  const time = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
  return dayOf(date) === dayOf(new Date(now)) ? time : `${dayOf(date)} ${time}`
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

/** Never in the middle of a character that takes two places. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const whole = text.slice(0, limit - 1)
  return `${/[\ud800-\udbff]$/.test(whole) ? whole.slice(0, -1) : whole}…`
}
