import { z } from 'zod'
import { longestViewName, mostSavedViews, type SavedView } from '../../shared/saved-views.ts'
import { longestLink } from '../../shared/view.ts'
import type { Database } from './database.ts'

/** The views that the user gave a name, under a key of their own among the settings. */
export type SavedViewRows = {
  read(): KeptViews
  write(kept: KeptViews): void
}
/** `nextId` was given to none: the id of a view that is gone does not come back for another. */
export type KeptViews = { readonly nextId: number; readonly views: readonly SavedView[] }

const view = z.object({
  id: z.int().positive(),
  name: z.string().min(1).max(longestViewName),
  address: z.string().max(longestLink),
  isPinned: z.boolean(),
})
/** One that is damaged takes no other with it. */
const kept: z.ZodType<KeptViews> = z
  .object({ nextId: z.int().positive().catch(1), views: z.array(z.unknown()) })
  .transform(({ nextId, views: all }) => {
    const read = all.map((one) => view.safeParse(one)).flatMap((one) => (one.success ? [one.data] : []))
    const views = read.filter((one, at) => read.findIndex(({ id }) => id === one.id) === at).slice(0, mostSavedViews)
    return { nextId: Math.max(nextId, ...views.map(({ id }) => id + 1)), views }
  })

export function createSavedViewRows(db: Database): SavedViewRows {
  const get = db.prepare<[], string>("SELECT value FROM settings WHERE key = 'views.saved'").pluck()
  const put = db.prepare<[string]>(
    "INSERT INTO settings (key, value) VALUES ('views.saved', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  )

  return {
    read() {
      const parsed = kept.safeParse(parseJson(get.get()))
      return parsed.success ? parsed.data : { nextId: 1, views: [] }
    },
    write: (changed) => void put.run(JSON.stringify(changed)),
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
