import { expect, test } from 'vitest'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import { startOf } from './location.ts'
import { stepOf, type Searched, type StepParts } from './address-step.ts'

const at = (text: string, open: string | null = null): Searched => ({
  view: 'timeline',
  text,
  range: null,
  open: open === null ? null : { organizationId: 'org' as OrganizationId, id: open as DetectionId },
})
const finished: StepParts = { isTyping: false, isDraft: false, refused: null }
const range = { from: '2031-05-17T00:00:00.000Z' as Instant, to: '2031-05-18T00:00:00.000Z' as Instant }

test.each<[string, Searched, Searched, Partial<StepParts>, 'push' | 'replace']>([
  ['a finished search is a step', at(''), at('okta'), {}, 'push'],
  ['a cleared one too', at('okta'), at(''), {}, 'push'],
  ['a facet beside an open detection too', at('', 'd1'), at('kind:threat', 'd1'), {}, 'push'],
  ['a range beside an open detection too', at('', 'd1'), { ...at('', 'd1'), range }, {}, 'push'],
  ['a range on ATT&CK too', startOf.attack, { ...startOf.attack, range }, {}, 'push'],
  ['the first letter is a step', at(''), at('o'), { isTyping: true }, 'push'],
  ['the next ones are not', at('o'), at('ok'), { isTyping: true, isDraft: true }, 'replace'],
  ['a facet after what was typed is a step', at('ok'), at('ok kind:threat'), { isDraft: true }, 'push'],
  ['opening and moving on are no steps', at('', 'd1'), at('', 'd2'), {}, 'replace'],
  ['closing is one', at('', 'd1'), at(''), {}, 'push'],
  ['a refused search is taken back', at('kind:'), at(''), { isTyping: true, refused: 'kind:' }, 'replace'],
  ['what follows a refused one takes its place', at(''), at('kind:x'), { isDraft: true, refused: 'kind:' }, 'replace'],
])('%s', (_, before, after, parts, step) => expect(stepOf(before, after, { ...finished, ...parts })).toBe(step))
