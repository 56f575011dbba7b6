import { z } from 'zod'
import { mostBars } from '../../../shared/overview.ts'
import { instant, nothing, wanted, type Schemas } from './shapes.ts'

export const deskArguments = {
  // A page could ask for the whole history at once and stall main: the text and the number of rows are bounded, and only the list of
  // everything, whose places are counted, can be skipped through.
  'timeline:page': z
    .strictObject({
      ...wanted,
      before: z.strictObject({ changedAt: instant, row: z.int().nonnegative() }).nullable(),
      skip: z.int().nonnegative(),
      limit: z.int().min(1).max(500),
    })
    .refine(({ text, range, skip }) => skip === 0 || (text.trim() === '' && range === null)),
  // A page could have the history counted over and over: beside main, within a bounded time, and a later count ends an earlier one.
  'timeline:histogram': z.strictObject({ ...wanted, part: z.enum(['lanes', 'minimap']), bars: z.int().min(1).max(mostBars) }),
  'timeline:facets': z.strictObject(wanted),
  'timeline:count': z.strictObject(wanted),
  // Values that stand in detections, which the page may list anyway: a few of them, from indexes.
  'search:complete': z.strictObject({ field: z.string().max(200), begins: z.string().max(1_000) }),
  // Names and addresses that the user chose.
  'views:list': nothing,
  // A page could fill the rail with views, or name one like another: few and bounded, names differ, and an address leads nowhere but to a
  // view of the app.
  'view:save': z.strictObject({
    id: z.int().positive().nullable(),
    name: z.string().max(1_000),
    address: z.string().max(10_000),
    isPinned: z.boolean(),
  }),
  // A page could remove them, as the user can: no detection goes with a view.
  'view:remove': z.strictObject({ id: z.int().positive() }),
  // The same as counting: one view after another, and no two counts at a time.
  'views:count': nothing,
} satisfies Partial<Schemas>
