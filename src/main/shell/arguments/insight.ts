import { z } from 'zod'
import type { OrganizationId } from '../../../shared/detection.ts'
import { reportFormats } from '../../../shared/posture.ts'
import { branded, nothing, range, wanted, type Schemas } from './shapes.ts'

/** A framework is the sender's word. */
const framework = z.string().min(1).max(512).nullable()

export const insightArguments = {
  // A page could have every entity counted over and over: beside the main thread, a later question ends an earlier one, and lines are few.
  'entities:list': z.strictObject({ range: range.nullable(), begins: z.string().max(512) }),
  // A page could look for whom it was not shown: the id names one entity, which the user may read anyway, and so much of it.
  'entity:read': z.strictObject({ entityId: z.string().min(1).max(512), organizationId: branded<OrganizationId>().nullable() }),
  // A page could have all posture looked through for ever: beside the main thread, in short steps, a later question ends an earlier one.
  'posture:read': z.strictObject({ framework }),
  // A page could fill the disk, overwrite a file, or bury the user in dialogs: the user chooses each place in a dialog of the desktop, one
  // at a time, and what is written runs nothing and asks for nothing.
  'report:save': z.strictObject({ framework, format: z.enum(reportFormats) }),
  // Names that anybody can read, which came with Tocsin.
  'attack:matrix': nothing,
  // A page could have the history searched over and over: beside the main thread, for so long, and a later question ends an earlier one.
  'attack:read': z.strictObject(wanted),
} satisfies Partial<Schemas>
