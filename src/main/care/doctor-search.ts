import { mendSearchCommand, searchDamageWords } from '../store/search-damage.ts'
import type { SearchSample } from '../store/search-sample.ts'
import type { DoctorLine } from './doctor.ts'

const mostBehind = 10_000

/** What searches go by: how far it has come, and whether what was looked at is found by it. */
export function searchLine(textBehind: number, sample: SearchSample | null): DoctorLine {
  const what = 'search'
  if (sample !== null && sample.damaged.length > 0) {
    const found = `${count(sample.unfound)} of ${count(sample.looked)} detections that were looked at are not found by all they say`
    return { what, state: 'trouble', text: `${searchDamageWords(sample.damaged)} (${found})`, next: mendSearchCommand }
  }
  const indexed = textBehind === 0 ? 'everything is indexed' : `${count(textBehind)} deliveries behind`
  const text = sample === null ? indexed : `${indexed}; ${count(sample.looked)} detections looked at are found by all they say`
  if (textBehind <= mostBehind) return { what, state: 'ok', text, next: null }
  return { what, state: 'attention', text, next: 'Leave Tocsin running: it catches up' }
}

function count(value: number): string {
  return value.toLocaleString('en')
}
