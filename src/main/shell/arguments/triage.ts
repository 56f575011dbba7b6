import { z } from 'zod'
import { triageStates } from '../../../shared/detection.ts'
import { inboxFilters, type LookId, type NotificationId } from '../../../shared/inbox.ts'
import { verdicts, type TriageChange, type UndoId } from '../../../shared/triage.ts'
import { instant, triageOf, type Schemas } from './shapes.ts'

// Texts are bounded loosely here: what is too long is for the handler to say, in words the user can read.
const change: z.ZodType<TriageChange> = z.strictObject({
  state: z.enum(triageStates).exactOptional(),
  verdict: z
    .strictObject({ verdict: z.enum(verdicts), reason: z.string().max(20_000) })
    .nullable()
    .exactOptional(),
  snoozedUntil: instant.nullable().exactOptional(),
  addLabel: z.string().max(20_000).exactOptional(),
  removeLabel: z.string().max(20_000).exactOptional(),
  note: z.string().max(100_000).exactOptional(),
  isRead: z.boolean().exactOptional(),
})

export const triageArguments = {
  // A page could call everything done: one act after the other and each of bounded size, the history of every detection keeps what it was
  // and when, all of it can be taken back, and nothing of a delivery changes or goes.
  'triage:write': z.strictObject({ of: triageOf, change }),
  // A page could take back what the user did, as the user can: the history keeps both.
  'triage:undo': z
    .int()
    .positive()
    .transform((id) => id as UndoId),
  // Names of detections with what was said of them, which the page may list anyway: few at a time, by an index.
  'inbox:page': z.strictObject({
    filter: z.enum(inboxFilters),
    notification: z
      .int()
      .positive()
      .transform((id) => id as NotificationId)
      .nullable(),
    before: z.int().nonnegative().nullable(),
    limit: z.int().min(1).max(200),
  }),
  // A page could have the newest changes looked through over and over: a bounded number of them, beside main.
  'digest:read': z.strictObject({ since: instant.nullable() }),
  // A page could call everything seen: nothing goes, no time to come is taken, and the timeline shows it all the same.
  'digest:seen': z.strictObject({ until: instant }),
  // A page could call news what was seen: it names a mark that was made, and only what stood before it comes back.
  'digest:unseen': z
    .int()
    .positive()
    .transform((id) => id as LookId),
} satisfies Partial<Schemas>
