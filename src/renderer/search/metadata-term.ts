import type { Json } from '../../shared/detection.ts'
import { narrow } from './edit-text.ts'

/** As deep as the search language looks. */
const mostSteps = 8

/** Whether a search can name this place of the metadata and have this value there: names with other characters cannot be written in one. */
export function canAskFor(path: readonly string[], leaf: Json): boolean {
  return (
    leaf !== null &&
    leaf !== '' &&
    typeof leaf !== 'object' &&
    path.length > 0 &&
    path.length <= mostSteps &&
    // eslint-disable-next-line no-control-regex -- they are among what cannot be written
    path.every((name) => /^[^\s:<>=()".\\\u0000-\u001f]+$/.test(name))
  )
}

/** The same search, of what has this value at this place of its metadata only. */
export function narrowByMetadata(text: string, path: readonly string[], value: string): string {
  return narrow(text, ['metadata', ...path].join('.'), value)
}
