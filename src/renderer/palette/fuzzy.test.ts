import { expect, test } from 'vitest'
import { score } from './fuzzy.ts'

const names = ['Go to Timeline', 'Go to Posture', 'Theme: dark', 'Theme: light', 'Export this view', 'Export as Navigator layer', 'Undo']
const best = (typed: string) =>
  names
    .map((name) => [name, score(name, typed)] as const)
    .filter(([, points]) => points > 0)
    .sort((one, other) => other[1] - one[1])
    .map(([name]) => name)

test.each([
  ['tim', 'Go to Timeline'],
  ['gtp', 'Go to Posture'],
  ['dark', 'Theme: dark'],
  ['td', 'Theme: dark'],
  ['nav', 'Export as Navigator layer'],
  ['export v', 'Export this view'],
  ['UNDO', 'Undo'],
])('%s finds %s first', (typed, name) => expect(best(typed)[0]).toBe(name))

test('letters in another order find nothing', () => expect(best('zzz')).toEqual([]))
test('nothing typed finds everything alike', () => expect(names.map((name) => score(name, ' '))).toEqual(names.map(() => 1)))
