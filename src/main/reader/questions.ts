import type { CountAnswer, Overview, Searched } from '../store/overview.ts'
import type { PageQuery } from '../store/pages.ts'
import type { PageAnswer } from '../../shared/ipc.ts'
import type { EntityDetail, EntityKey, EntityList } from '../../shared/entity.ts'
import type { PostureAsked, PostureOverview } from '../../shared/posture.ts'
import type { InboxPage } from '../../shared/inbox.ts'
import type { DryRunAnswer, Impact } from '../../shared/rules.ts'
import { tryRules, type RulesTried } from '../rules/dry-run.ts'
import { trySuppression, type SuppressionTried } from '../rules/impact.ts'
import type { DigestAsked, DigestRead } from '../store/digest.ts'
import type { Entities } from '../store/entities.ts'
import type { FoundRows, FoundRowsAsked } from '../store/found-rows.ts'
import type { MappingsAnswer } from '../store/mappings.ts'
import type { NotificationLog } from '../store/notification-log.ts'
import type { PostureReport } from '../store/posture-report.ts'
import type { SearchIndex } from '../store/search-damage.ts'
import type { Store } from '../store/store.ts'

/** What is read beside the main thread: whatever may have to look at many rows. */
export type Questions = {
  readonly page: { argument: PageQuery; answer: PageAnswer }
  readonly histogram: { argument: Parameters<Overview['histogram']>[0]; answer: ReturnType<Overview['histogram']> }
  readonly facets: { argument: Searched; answer: ReturnType<Overview['facets']> }
  readonly count: { argument: Searched; answer: CountAnswer }
  readonly seen: { argument: Parameters<Overview['seen']>[0]; answer: ReturnType<Overview['seen']> }
  readonly top: { argument: Parameters<Overview['top']>[0]; answer: ReturnType<Overview['top']> }
  readonly postureIntervals: { argument: Parameters<Overview['postureIntervals']>[0]; answer: ReturnType<Overview['postureIntervals']> }
  readonly entities: { argument: Parameters<Entities['list']>[0]; answer: EntityList }
  readonly entity: { argument: EntityKey; answer: EntityDetail | null }
  readonly posture: { argument: PostureAsked; answer: PostureOverview }
  readonly postureReport: { argument: PostureAsked; answer: PostureReport }
  readonly mappings: { argument: Searched; answer: MappingsAnswer }
  readonly foundRows: { argument: FoundRowsAsked; answer: FoundRows }
  readonly inbox: { argument: Parameters<NotificationLog['page']>[0]; answer: InboxPage }
  readonly digest: { argument: DigestAsked; answer: DigestRead }
  readonly rulesTry: { argument: RulesTried; answer: DryRunAnswer }
  readonly suppressionTry: { argument: SuppressionTried; answer: Impact }
  readonly keyAt: { argument: number; answer: ReturnType<Overview['keyAt']> }
}
export type QuestionName = keyof Questions

/** What both threads know of one question. `lane` and `turn` say when it is no longer wanted. */
export type Asked = {
  readonly id: number
  readonly name: QuestionName
  readonly argument: unknown
  readonly lane: number
  readonly turn: number
}
export type Told =
  | { readonly kind: 'answered'; readonly id: number; readonly value: unknown }
  /** `searchDamage`: indexes of searches that are damaged; nothing else is wrong then. */
  | { readonly kind: 'failed'; readonly id: number; readonly detail: string; readonly searchDamage?: readonly SearchIndex[] }
  /** The history could not be opened for reading. */
  | { readonly kind: 'not-opened'; readonly detail: string }

/** Questions of one lane follow one another: the newest is the only one still wanted. */
export const lanes = [
  'list',
  'lanes',
  'minimap',
  'facets',
  'values',
  'views',
  'entities',
  'entity',
  'posture',
  'report',
  'attack',
  'triage',
  'inbox',
  'digest',
  'suppressed',
  'rules',
  'suppression',
  'other',
] as const
export type Lane = (typeof lanes)[number]

export type ReaderData = {
  readonly file: string
  /** One number a lane: the turn of its newest question. Behind them one that is 0 until nothing is wanted any more. */
  readonly turns: SharedArrayBuffer
}
export const stopPlace = lanes.length

/** What takes long is answered in steps, between which other questions are. */
export type Steps<Answer> = Generator<void, Answer>
type Answered<N extends QuestionName> = Questions[N]['answer'] | Steps<Questions[N]['answer']>
const answers: { readonly [N in QuestionName]: (store: Store, argument: Questions[N]['argument']) => Answered<N> } = {
  page: (store, query) => store.detections.page(query),
  histogram: (store, wanted) => store.overview.histogram(wanted),
  facets: (store, wanted) => store.overview.facets(wanted),
  count: (store, wanted) => store.overview.count(wanted),
  seen: (store, wanted) => store.overview.seen(wanted),
  top: (store, wanted) => store.overview.top(wanted),
  postureIntervals: (store, wanted) => store.overview.postureIntervals(wanted),
  entities: (store, wanted) => store.entities.list(wanted),
  entity: (store, key) => store.entities.read(key),
  posture: (store, asked) => store.posture.steps(asked),
  postureReport: (store, asked) => store.posture.report(asked),
  mappings: (store, wanted) => store.mappings(wanted),
  foundRows: (store, asked) => store.foundRows(asked),
  inbox: (store, wanted) => store.notificationLog.page(wanted),
  digest: (store, asked) => store.digest(asked),
  rulesTry: (store, asked) => tryRules(store, asked),
  suppressionTry: (store, asked) => trySuppression(store, asked),
  keyAt: (store, position) => store.overview.keyAt(position),
}

export function answer<N extends QuestionName>(store: Store, name: N, argument: Questions[N]['argument']): Answered<N> {
  return answers[name](store, argument)
}

export function isInSteps<Answer>(answered: Answer | Steps<Answer>): answered is Steps<Answer> {
  return typeof answered === 'object' && answered !== null && Symbol.iterator in answered && 'next' in answered
}
