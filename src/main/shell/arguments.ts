import { appArguments } from './arguments/app.ts'
import { careArguments } from './arguments/care.ts'
import { deskArguments } from './arguments/desk.ts'
import { detectionsArguments } from './arguments/detections.ts'
import { hooksArguments } from './arguments/hooks.ts'
import { insightArguments } from './arguments/insight.ts'
import { organizationsArguments } from './arguments/organizations.ts'
import { rulesArguments } from './arguments/rules.ts'
import type { Schemas } from './arguments/shapes.ts'
import { triageArguments } from './arguments/triage.ts'
import { waysArguments } from './arguments/ways.ts'

/**
 * The shape of every request's argument: strict objects and bounded text, so that nothing large or unexpected passes. Whether
 * the words in it make sense (an origin, a JWK set) is for the handler to say, in words the user can read.
 */
export const argumentSchemas: Schemas = {
  ...deskArguments,
  ...insightArguments,
  ...rulesArguments,
  ...hooksArguments,
  ...triageArguments,
  ...detectionsArguments,
  ...organizationsArguments,
  ...waysArguments,
  ...careArguments,
  ...appArguments,
}
