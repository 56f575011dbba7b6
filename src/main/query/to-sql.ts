import { assertNever } from '../../shared/assert-never.ts'
import type { Query } from './query.ts'

/** A condition on the table `detections`, with its values in the order of its question marks. */
export type Condition = { readonly sql: string; readonly values: readonly string[] }

/** The fields of `searchedText`, joined alike. NULL is left out by both functions. */
const searched = `lower(concat_ws(char(10), id, type, status, kind, entity_id, entity_type, source_type, connection_id,
  (SELECT group_concat(value, char(10)) FROM json_each(tactics)),
  (SELECT group_concat(value, char(10)) FROM json_each(techniques)),
  (SELECT group_concat(value, char(10)) FROM json_each(frameworks))))`

export function toSql(query: Query): Condition {
  switch (query.kind) {
    case 'all': {
      const parts = query.of.map(toSql)
      return {
        sql: parts.length === 0 ? 'TRUE' : parts.map(({ sql }) => `(${sql})`).join(' AND '),
        values: parts.flatMap(({ values }) => values),
      }
    }
    case 'words':
      // Not LIKE: that knows wildcards, ends at a NUL and limits its patterns. This is a substring and nothing else.
      return { sql: `instr(${searched}, ?) > 0`, values: [query.text] }
    default:
      return assertNever(query)
  }
}
