import type { AttackCounts } from '../../shared/attack.ts'
import type { AttackNames } from '../../shared/attack-names.ts'
import type { Mappings } from '../store/mappings.ts'

const mostUnknown = 50
const mostWords = 20

/** What the words of senders come to in ATT&CK: a detection counts once for each technique and tactic, by however many words it names it. */
export function countAttack({ nameOf }: AttackNames, found: Mappings): AttackCounts {
  const counts = new Map<string, number>()
  const wholes = new Map<string, number>()
  const words = new Map<string, Set<string>>()
  const unknown = new Map<string, number>()
  // Two words for the same thing, of which nobody knows how often they stand together.
  let mayCountTwice = false
  let areWholesExact = true
  for (const mapping of found.mappings) {
    const ids = new Set<string>()
    for (const word of mapping.words) {
      const name = nameOf(word)
      if (name.kind === 'unknown') {
        unknown.set(word, (unknown.get(word) ?? 0) + mapping.count)
        continue
      }
      ids.add(name.id)
      words.set(name.id, (words.get(name.id) ?? new Set()).add(word))
    }
    for (const id of ids) {
      if (found.areApart && counts.has(id)) mayCountTwice = true
      counts.set(id, Math.min(found.counted, (counts.get(id) ?? 0) + mapping.count))
    }
    for (const id of new Set([...ids].map(wholeOf))) {
      if (found.areApart && wholes.has(id)) areWholesExact = false
      wholes.set(id, Math.min(found.counted, (wholes.get(id) ?? 0) + mapping.count))
    }
  }
  const isTactic = (id: string): boolean => id.startsWith('TA')
  return {
    techniques: Object.fromEntries([...counts].filter(([id]) => !isTactic(id))),
    wholes: Object.fromEntries([...wholes].filter(([id]) => !isTactic(id))),
    areWholesExact,
    tactics: Object.fromEntries([...counts].filter(([id]) => isTactic(id))),
    words: Object.fromEntries([...words].map(([id, named]) => [id, [...named].slice(0, mostWords)])),
    unknown: [...unknown]
      .map(([word, count]) => ({ word, count }))
      .sort((one, other) => other.count - one.count)
      .slice(0, mostUnknown),
    counted: found.counted,
    unmapped: found.unmapped,
    isExact: found.isExact && !mayCountTwice,
    countedTo: found.countedTo,
  }
}

/** The technique that a part belongs to; itself of any other. */
function wholeOf(id: string): string {
  return id.split('.')[0] ?? id
}
