import { assertNever } from '../../shared/assert-never.ts'
import type { Detection } from '../../shared/detection.ts'
import { fold } from './query.ts'
import type { Query } from './query.ts'

/** Whether the history would find this detection by this query. */
export function matches(query: Query, detection: Detection): boolean {
  return test(query, searchedText(detection))
}

function test(query: Query, text: string): boolean {
  switch (query.kind) {
    case 'all':
      return query.of.every((part) => test(part, text))
    case 'words':
      return text.includes(query.text)
    default:
      return assertNever(query)
  }
}

function searchedText(detection: Detection): string {
  const { id, type, status, kind, entityId, entityType, sourceType, connectionId, tactics, techniques, frameworks } = detection
  const fields = [id, type, status, kind, entityId, entityType, sourceType, connectionId, ...tactics, ...techniques, ...frameworks]
  return fold(fields.filter((field) => field !== null).join('\n'))
}
