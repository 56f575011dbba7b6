import type { PageAnswer, Requests } from '../../shared/ipc.ts'
import type { CountAnswer, FacetsAnswer, HistogramAnswer } from '../../shared/overview.ts'
import type { SavedView } from '../../shared/saved-views.ts'
import { openEnd } from '../../shared/view.ts'
import type { Reader } from '../reader/reader.ts'
import type { Searched } from '../store/overview.ts'
import type { PageQuery } from '../store/pages.ts'
import type { SavedViewRows } from '../store/saved-views.ts'
import { createSavedViews, type SavedViews } from './saved-views.ts'

/** What the window is told of the history: read beside the main thread, each kind of question in a lane where a later one ends an earlier. */
export type DeskPlace = {
  page(query: PageQuery): Promise<PageAnswer>
  histogram(wanted: Requests['timeline:histogram']['argument']): Promise<HistogramAnswer>
  facets(wanted: Searched): Promise<FacetsAnswer>
  /** How many are suppressed, of what the timeline is about. */
  count(wanted: Searched): Promise<CountAnswer>
  complete(wanted: Requests['search:complete']['argument']): Promise<readonly string[]>
  readonly views: SavedViews
}

export function createDesk({
  ask,
  rows,
  onViews,
}: {
  readonly ask: Reader['ask']
  readonly rows: SavedViewRows
  readonly onViews: (views: readonly SavedView[]) => void
}): DeskPlace {
  return {
    page: (query) => ask('page', query, 'list'),
    histogram({ text, range, part, bars }) {
      const to = range === null || range.to === openEnd ? null : range.to
      return ask('histogram', { text, from: range?.from ?? null, to, bucket: bars }, part)
    },
    facets: ({ text, range = null }) => ask('facets', { text, range }, 'facets'),
    count: ({ text, range = null }) => ask('count', { text, range }, 'suppressed'),
    complete: (wanted) => ask('seen', wanted, 'values'),
    views: createSavedViews({ rows, count: (wanted) => ask('count', wanted, 'views'), onChanged: onViews }),
  }
}
