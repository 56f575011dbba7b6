import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { TriageChange } from '../../shared/triage.ts'
import { changeWords } from './triage-words.ts'

test.each<readonly [TriageChange, string]>([
  [{ state: 'acknowledged' }, 'acknowledged'],
  [{ state: 'done', verdict: { verdict: 'false-positive', reason: 'a test of ours' } }, 'done, false positive: a test of ours'],
  [{ verdict: { verdict: 'expected', reason: '' } }, 'expected'],
  [{ verdict: null }, 'verdict taken away'],
  [{ snoozedUntil: '2031-05-18T09:00:00.000Z' as Instant }, 'snoozed until 2031-05-18 09:00:00 UTC'],
  [{ snoozedUntil: null }, 'woken'],
  [{ addLabel: 'a', removeLabel: 'b' }, 'label “a” added, label “b” taken away'],
  [{ note: 'x', isRead: false, state: 'new' }, 'new, note added, marked unread'],
])('%j is said as %s', (change, words) => expect(changeWords(change, 'UTC')).toBe(words))
