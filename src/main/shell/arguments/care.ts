import { z } from 'zod'
import { leastBytes, leastDays, mostBytes, mostDays, type RetentionChoice } from '../../../shared/care.ts'
import { kinds } from '../../../shared/detection.ts'
import { exportFormats, type TaskId } from '../../../shared/tasks.ts'
import { nothing, triageOf, type Schemas } from './shapes.ts'

const retention: z.ZodType<RetentionChoice> = z
  .strictObject({
    olderThanDays: z.int().min(leastDays).max(mostDays).nullable(),
    kinds: z.array(z.enum(kinds)).min(1).max(kinds.length).nullable(),
    maxBytes: z.int().min(leastBytes).max(mostBytes).nullable(),
    keepsNew: z.boolean(),
  })
  // Everything may not go by mistake.
  .refine(({ olderThanDays, maxBytes }) => olderThanDays !== null || maxBytes !== null)

export const careArguments = {
  // A page could fill the disk, overwrite a file, or bury the user in dialogs: the user chooses each place in a dialog of the desktop,
  // one at a time, and few tasks run at once.
  'export:start': z.strictObject({ of: triageOf, format: z.enum(exportFormats) }),
  // A page could have files read: the user chooses them in a dialog, and all that is in them is checked as if it had arrived.
  'import:start': nothing,
  // A page could cancel what the user began, as the user can: no half file stays, and what was kept stays.
  'task:cancel': z
    .string()
    .max(36)
    .transform((text) => text as TaskId),
  // Names of files the user chose, with counts.
  'tasks:list': nothing,
  // Names, sizes and times of backups, and where they lie.
  'backups:list': nothing,
  // A page could have backups made over and over: one at a time, they replace those of the same day, and room is left on the disk.
  'backup:make': nothing,
  // A page could have the history looked through over and over: between other work, and a later look ends an earlier one.
  'retention:preview': z.strictObject({ policy: retention }),
  // A page could have the history emptied: the user is asked in a dialog of the desktop each time, with Cancel as its default.
  'retention:apply': z.strictObject({ policy: retention }),
  // The same by the day: asked in the same way. To keep everything takes nothing from anybody.
  'retention:save': z.strictObject({ policy: retention.nullable() }),
} satisfies Partial<Schemas>
