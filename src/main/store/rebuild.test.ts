import { expect, test } from 'vitest'
import type { Checked } from '../ingest/delivery.ts'
import type { Rebuilt } from './rebuild.ts'
import type { Store } from './store.ts'
import { at, content, keepOne, organization, temporaryFile, testDatabase, testStore, trusted, unsigned, waiting } from './test-support.ts'

function rebuildAll({ proof }: Store): readonly Rebuilt[] {
  const all: Rebuilt[] = []
  for (let next = proof.rebuildAfter(0); next !== null; next = proof.rebuildAfter(next.row)) all.push(next)
  return all
}

/** Small and seeded: the same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'what is made anew is what was made one by one, in whatever order they came, signed or not, seed %i',
  (seed) => {
    const store = testStore()
    const pick = numbers(seed)
    const waited: Checked[] = []
    for (let count = 0; count < 40; count += 1) {
      const detection = content({
        id: `d-${pick(3)}`,
        status: ['detected', 'ongoing', 'resolved', 'resolved'][pick(4)] ?? '',
        type: `type ${pick(2)}`,
        confidence: pick(3) / 2,
        detectedAt: at(pick(3)),
        metadata: pick(2) === 0 ? {} : { mfa: pick(2), [`member ${pick(3)}`]: [pick(2)] },
      })
      const options = { issued: pick(12), received: 20 + count }
      const checked = (pick(3) === 0 ? unsigned : trusted)(detection, options)
      if (pick(4) > 0 || checked.delivery.inlet === 'unsigned') keepOne(store.keeper, checked)
      else {
        keepOne(store.keeper, { ...checked, standing: waiting })
        waited.push(checked)
      }
    }
    const settled = store.keeper.waiting(organization, null, 100).map(({ sequence }, index) => ({ sequence, checked: waited[index]! }))
    store.keeper.settle(settled.reverse())
    const rebuilt = rebuildAll(store)
    expect(rebuilt.length).toBeGreaterThan(0)
    expect(rebuilt.flatMap(({ findings }) => findings)).toEqual([])
  },
)

test('an unsigned delivery that is made the present over a signed one is found', () => {
  const file = temporaryFile()
  const store = testStore({ file })
  keepOne(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 1 }))
  keepOne(store.keeper, unsigned(content({ status: 'resolved' }), { issued: 2 }))
  expect(rebuildAll(store)[0]?.findings).toEqual([])
  testDatabase(file).exec(`UPDATE detections SET status = 'resolved', trust = 'unsigned', newest_sequence = 2, resolved_at = changed_at`)
  expect(rebuildAll(store)[0]?.findings).toEqual([
    { what: 'detection-changed', columns: expect.arrayContaining(['status', 'trust', 'newest_sequence', 'resolved_at']) as unknown },
  ])
})

test('a transition of a delivery that is not there or not believed is found', () => {
  const file = temporaryFile()
  const store = testStore({ file })
  keepOne(store.keeper, trusted(content(), { issued: 1 }))
  keepOne(store.keeper, { ...trusted(content({ id: 'd-2' })), standing: waiting })
  testDatabase(file).exec(`PRAGMA foreign_keys = OFF;
    INSERT INTO transitions SELECT 2, detection, issued_at + 1, from_status, 'resolved', changes FROM transitions WHERE sequence = 1;
    INSERT INTO transitions SELECT 9, detection, issued_at + 2, from_status, 'resolved', changes FROM transitions WHERE sequence = 1`)
  expect(rebuildAll(store)[0]?.findings).toEqual([
    { what: 'transition-unfounded', sequence: 2 },
    { what: 'transition-unfounded', sequence: 9 },
  ])
})
