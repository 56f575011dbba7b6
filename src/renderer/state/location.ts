import type { DetectionId, DetectionKey, Instant, OrganizationId } from '../../shared/detection.ts'
import type { EntityKey } from '../../shared/entity.ts'
import { inboxFilters, type InboxFilter, type NotificationId } from '../../shared/inbox.ts'
import type { RuleId } from '../../shared/rules.ts'
import { views, type View, type Wanted } from '../../shared/view.ts'

/** What lies under Connections, each with an address of its own. */
export const places = ['connect', 'quarantine', 'drift'] as const
export type Place = (typeof places)[number]

/** What lies under Rules: `new` is one that is being written. */
export const ruleParts = ['list', 'mutes', 'suppressions', 'new'] as const
export type RulesPart = (typeof ruleParts)[number]

/** Days back that entities are listed for; null is ever. */
export const entityDays = [1, 7, 30] as const
export type EntityDays = (typeof entityDays)[number] | null
/** As much of an id as main looks for. */
export const longestBegins = 512
/** Which entities the list is about: those whose ids begin like that, and that were seen within so many days. */
export type EntitiesWanted = { readonly begins: string; readonly days: EntityDays }

/** Since when the digest tells: the last look, or so long ago. */
export const digestSinces = ['last', 'day', 'week'] as const
export type DigestSince = (typeof digestSinces)[number]

/** Where the user is: a view, and all of it that an address keeps. */
export type Location =
  | ({ readonly view: 'timeline'; readonly open: DetectionKey | null } & Wanted)
  /** With `notification`, only what that one told. */
  | { readonly view: 'inbox'; readonly filter: InboxFilter; readonly notification: NotificationId | null }
  | { readonly view: 'entities'; readonly entity: EntityKey }
  /** The list of them. */
  | ({ readonly view: 'entities'; readonly entity: null } & EntitiesWanted)
  /** null is all of posture. */
  | { readonly view: 'posture'; readonly framework: string | null }
  /** `isWhole`: with the techniques that no detection names. */
  | ({ readonly view: 'attack'; readonly isWhole: boolean } & Wanted)
  | { readonly view: 'digest'; readonly since: DigestSince }
  /** A part of it, or one rule that is being changed. */
  | { readonly view: 'rules'; readonly part: RulesPart | RuleId }
  | { readonly view: 'connections'; readonly place: Place | null }
  | { readonly view: 'settings' }

/** Where each view begins. */
export const startOf: { readonly [V in View]: Extract<Location, { view: V }> } = {
  timeline: { view: 'timeline', text: '', range: null, open: null },
  inbox: { view: 'inbox', filter: 'all', notification: null },
  entities: { view: 'entities', entity: null, begins: '', days: null },
  posture: { view: 'posture', framework: null },
  attack: { view: 'attack', text: '', range: null, isWhole: false },
  digest: { view: 'digest', since: 'last' },
  rules: { view: 'rules', part: 'list' },
  connections: { view: 'connections', place: null },
  settings: { view: 'settings' },
}

/** As it stands behind `#/` or `tocsin://open/`; `toLocation` reads it back. */
export function toAddress(location: Location): string {
  switch (location.view) {
    case 'timeline':
      return withParameters('timeline', { ...wantedOf(location), open: location.open === null ? null : keyText(location.open) })
    case 'attack':
      return withParameters('attack', { ...wantedOf(location), techniques: location.isWhole ? 'all' : null })
    case 'inbox':
      return withParameters('inbox', {
        show: location.filter === 'all' ? null : location.filter,
        notification: location.notification === null ? null : String(location.notification),
      })
    case 'entities':
      return location.entity === null
        ? withParameters('entities', { begins: nonEmpty(location.begins), days: location.days === null ? null : String(location.days) })
        : withParameters(`entities/${encode(location.entity.entityId)}`, { org: location.entity.organizationId })
    case 'posture':
      return withParameters('posture', { framework: location.framework })
    case 'connections':
      return location.place === null ? 'connections' : `connections/${location.place}`
    case 'rules':
      return location.part === 'list' ? 'rules' : `rules/${location.part}`
    case 'digest':
      return withParameters('digest', { since: location.since === 'last' ? null : location.since })
    case 'settings':
      return location.view
  }
}

/** Reads an address with or without its `#/`. Whatever cannot be read is left out; an unknown view is the timeline. */
export function toLocation(address: string): Location {
  const [path = '', query = ''] = split(address.replace(/^#?\/?/, ''), '?')
  const [name = '', rest = ''] = split(path, '/')
  const view = views.find((one) => one === name) ?? 'timeline'
  const parameters = readParameters(query)
  switch (view) {
    case 'timeline':
      return { view, ...toWanted(parameters), open: toKey(parameters.get('open')) }
    case 'attack':
      return { view, ...toWanted(parameters), isWhole: parameters.get('techniques') === 'all' }
    case 'inbox':
      return {
        view,
        filter: inboxFilters.find((filter) => filter === parameters.get('show')) ?? 'all',
        notification: toNumber(parameters.get('notification')) as NotificationId | null,
      }
    case 'entities': {
      const entityId = decode(rest)
      const organizationId = nonEmpty(parameters.get('org')) as OrganizationId | null
      if (entityId === null || entityId === '') return { view, entity: null, ...toEntitiesWanted(parameters) }
      return { view, entity: { entityId, organizationId } }
    }
    case 'posture':
      return { view, framework: nonEmpty(parameters.get('framework')) }
    case 'connections':
      return { view, place: places.find((place) => place === rest) ?? null }
    case 'rules':
      return { view, part: ruleParts.find((part) => part === rest) ?? (toNumber(rest) as RuleId | null) ?? 'list' }
    case 'digest':
      return { view, since: digestSinces.find((since) => since === parameters.get('since')) ?? 'last' }
    case 'settings':
      return { view }
  }
}

type Parameters = Readonly<Record<string, string | null>>

function wantedOf({ text, range }: Wanted): Parameters {
  return { q: text === '' ? null : text, from: range?.from ?? null, to: range?.to ?? null }
}

function toWanted(parameters: ReadonlyMap<string, string>): Wanted {
  const [from, to] = [toInstant(parameters.get('from')), toInstant(parameters.get('to'))]
  return { text: parameters.get('q') ?? '', range: from === null || to === null || from >= to ? null : { from, to } }
}

function toEntitiesWanted(parameters: ReadonlyMap<string, string>): EntitiesWanted {
  const begins = parameters.get('begins') ?? ''
  return {
    begins: begins.length > longestBegins ? '' : begins,
    days: entityDays.find((days) => String(days) === parameters.get('days')) ?? null,
  }
}

function toInstant(text: string | undefined): Instant | null {
  const at = text === undefined ? NaN : Date.parse(text)
  return Number.isNaN(at) || new Date(at).toISOString() !== text ? null : (text as Instant)
}

/** An id that main counted up to; null for whatever is none. */
function toNumber(text: string | undefined): number | null {
  const id = text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(id) ? id : null
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}

/** Both ids are the sender's words: each is encoded on its own, so that the slash between them is the only one. */
function keyText({ organizationId, id }: DetectionKey): string {
  return `${encode(organizationId)}/${encode(id)}`
}

function toKey(text: string | undefined): DetectionKey | null {
  const [organizationId, id] = (text?.split('/') ?? []).map(decode)
  return organizationId && id ? { organizationId: organizationId as OrganizationId, id: id as DetectionId } : null
}

function withParameters(path: string, parameters: Parameters): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null)
  return given.length === 0 ? path : `${path}?${given.map(([name, value]) => `${name}=${encode(value)}`).join('&')}`
}

function readParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const [name = '', text = ''] = split(part, '=')
    const value = decode(text)
    if (value !== null && !parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

function split(text: string, by: string): readonly string[] {
  const at = text.indexOf(by)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** A lone surrogate, which no address can carry, becomes the replacement character. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
