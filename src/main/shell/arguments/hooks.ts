import { z } from 'zod'
import { hookFormats, type HookDraft, type HookId } from '../../../shared/hooks.ts'
import { nothing, url, type Schemas } from './shapes.ts'

const id = z
  .int()
  .positive()
  .transform((id) => id as HookId)
// What is too long for a name, or is no address, is for the handler to say, in words the user can read.
const hook: z.ZodType<HookDraft> = z.strictObject({
  id: id.nullable(),
  name: z.string().max(1_000),
  url,
  format: z.enum(hookFormats),
  isOn: z.boolean(),
  secret: z.string().min(1).max(4_200).nullable(),
})

export const hooksArguments = {
  // Addresses and counts. A secret is never read again.
  'hooks:list': nothing,
  // A page could have the history sent to where it likes, or have a file read and shown there: the user is asked in a dialog about every server
  // that is new and about everything that is read, and a token stays with the server it was given for.
  'hook:save': hook,
  // A page could remove what sends, as the user can: rules stay, the history has everything.
  'hook:remove': id,
  // A page could have samples sent again and again: to where the user allowed it, one after another, and marked as a demonstration.
  'hook:test': id,
} satisfies Partial<Schemas>
