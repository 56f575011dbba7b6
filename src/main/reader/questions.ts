import type { Overview } from '../store/overview.ts'
import type { PageQuery } from '../store/pages.ts'
import type { PageAnswer } from '../../shared/ipc.ts'
import type { Store } from '../store/store.ts'

/** What is read beside the main thread: whatever may have to look at many rows. */
export type Questions = {
  readonly page: { argument: PageQuery; answer: PageAnswer }
  readonly histogram: { argument: Parameters<Overview['histogram']>[0]; answer: ReturnType<Overview['histogram']> }
  readonly facets: { argument: string; answer: ReturnType<Overview['facets']> }
  readonly top: { argument: Parameters<Overview['top']>[0]; answer: ReturnType<Overview['top']> }
  readonly postureIntervals: { argument: Parameters<Overview['postureIntervals']>[0]; answer: ReturnType<Overview['postureIntervals']> }
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
  | { readonly kind: 'failed'; readonly id: number; readonly detail: string }
  /** The history could not be opened for reading. */
  | { readonly kind: 'not-opened'; readonly detail: string }

/** Questions of one lane follow one another: the newest is the only one still wanted. */
export const lanes = ['list', 'timeline', 'facets', 'other'] as const
export type Lane = (typeof lanes)[number]

export type ReaderData = {
  readonly file: string
  /** One number a lane: the turn of its newest question. Behind them one that is 0 until nothing is wanted any more. */
  readonly turns: SharedArrayBuffer
}
export const stopPlace = lanes.length

const answers: { readonly [N in QuestionName]: (store: Store, argument: Questions[N]['argument']) => Questions[N]['answer'] } = {
  page: (store, query) => store.detections.page(query),
  histogram: (store, wanted) => store.overview.histogram(wanted),
  facets: (store, text) => store.overview.facets(text),
  top: (store, wanted) => store.overview.top(wanted),
  postureIntervals: (store, wanted) => store.overview.postureIntervals(wanted),
  keyAt: (store, position) => store.overview.keyAt(position),
}

export function answer<N extends QuestionName>(store: Store, name: N, argument: Questions[N]['argument']): Questions[N]['answer'] {
  return answers[name](store, argument)
}
