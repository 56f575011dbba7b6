import { viewOf, wantedAt } from '../../shared/address.ts'
import { longestViewName, mostSavedViews } from '../../shared/saved-views.ts'
import type { SavedView, SavedViewDraft, ViewCount, ViewSaved } from '../../shared/saved-views.ts'
import { longestLink, type Wanted } from '../../shared/view.ts'
import type { CountAnswer } from '../store/overview.ts'
import type { KeptViews, SavedViewRows } from '../store/saved-views.ts'

/** Views the user gave a name, in the order they were saved, those that are pinned first. */
export type SavedViews = {
  list(): readonly SavedView[]
  /** A new one, or another name, address or pin for one that is there. */
  save(draft: SavedViewDraft): ViewSaved
  remove(wanted: Pick<SavedView, 'id'>): ViewSaved
  /** One after the other. Whoever asks while they are counted gets the next count, which has all that was saved meanwhile. */
  count(): Promise<readonly ViewCount[]>
}

export function createSavedViews(parts: {
  readonly rows: SavedViewRows
  readonly count: (wanted: Wanted) => Promise<CountAnswer>
  readonly onChanged: (views: readonly SavedView[]) => void
}): SavedViews {
  const { rows, onChanged } = parts
  let counting: Promise<readonly ViewCount[]> | null = null
  let next: Promise<readonly ViewCount[]> | null = null

  function list(): readonly SavedView[] {
    const { views } = rows.read()
    return [...views.filter(({ isPinned }) => isPinned), ...views.filter(({ isPinned }) => !isPinned)]
  }

  function write(kept: KeptViews): ViewSaved {
    try {
      rows.write(kept)
    } catch (error) {
      return refused(`They could not be written: ${(error as Error).message}. Your views are as they were; try again.`)
    }
    const views = list()
    onChanged(views)
    return { kind: 'saved', views }
  }

  async function countAll(): Promise<readonly ViewCount[]> {
    const counts: ViewCount[] = []
    for (const { id, address } of list()) {
      const wanted = wantedAt(address)
      const answer = wanted === null ? null : await parts.count(wanted)
      // A search that cannot be meant any more says so when it is opened.
      const found = answer?.kind === 'count' ? answer : { count: null, isCapped: false }
      counts.push({ id, count: found.count, isCapped: found.isCapped })
    }
    return counts
  }

  function count(): Promise<readonly ViewCount[]> {
    if (counting === null) {
      counting = countAll().finally(() => {
        counting = null
      })
      return counting
    }
    next ??= counting
      .catch(() => [])
      .then(() => {
        next = null
        return count()
      })
    return next
  }

  return {
    list,
    count,

    save({ id, name: typed, address, isPinned }) {
      const kept = rows.read()
      const { views, nextId } = kept
      const name = typed.trim().replace(/\s+/g, ' ')
      const others = views.filter((view) => view.id !== id)
      if (name === '') return refused('A view needs a name. Type one.')
      if (name.length > longestViewName) return refused(`A name may have ${longestViewName} characters. Shorten it.`)
      if (address.length > longestLink || viewOf(address) === null)
        return refused('This is no address of a view that can be kept. Shorten its search, then save it again.')
      if (others.some((view) => view.name.toLowerCase() === name.toLowerCase()))
        return refused(`There is a view named ${name} already. Choose another name, or remove that one first.`)
      if (id !== null && others.length === views.length) return refused('This view was removed meanwhile. Save it as a new one.')
      if (id === null && views.length >= mostSavedViews)
        return refused(`There are ${mostSavedViews} views, and no room for more. Remove one that you no longer need.`)
      const view = { id: id ?? nextId, name, address, isPinned }
      return write(
        id === null
          ? { nextId: nextId + 1, views: [...views, view] }
          : { ...kept, views: views.map((one) => (one.id === id ? view : one)) },
      )
    },

    remove({ id }) {
      const kept = rows.read()
      // One that is gone already is what was wanted.
      return write({ ...kept, views: kept.views.filter((view) => view.id !== id) })
    },
  }
}

function refused(detail: string): ViewSaved {
  return { kind: 'refused', detail }
}
