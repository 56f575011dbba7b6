import { expect, onTestFinished, test } from 'vitest'
import type { PageKey } from '../../shared/ipc.ts'
import { parse } from '../query/parse.ts'
import { content, start, temporaryFile, testStore, trusted } from './test-support.ts'
import { openSnapshot } from './walk.ts'

/** How many rows each stretch of a walk looked at, where each look at the clock finds it so much later. */
function stretches(text: string, msALook: number): { readonly looked: number[]; readonly ids: string[] } {
  const file = temporaryFile()
  const store = testStore({ file })
  store.keeper.keep(Array.from({ length: 1_200 }, (_, index) => trusted(content({ id: `d-${index}` }), { issued: index })))
  let now = 0
  const opened = openSnapshot(file, Date.now, () => (now += msALook))
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  onTestFinished(() => opened.snapshot.close())
  const parsed = parse(text, { now: start })
  if (parsed.kind !== 'parsed') throw new Error(parsed.detail)
  const walk = opened.snapshot.walk(parsed.query)
  const looked: number[] = []
  const ids: string[] = []
  for (let after: PageKey | null = null; ;) {
    const stretch = walk(after)
    looked.push(stretch.looked)
    ids.push(...stretch.found.map(({ detection }) => detection.id))
    after = stretch.next
    if (after === null) return { looked, ids }
  }
}

test.each(['', 'okta_user OR nothing', 'status:detected', '*okta* nothing'])(
  'a walk by %j has fewer rows in a stretch the longer each takes',
  (text) => {
    const cheap = stretches(text, 0)
    const dear = stretches(text, 3)
    expect(Math.max(...cheap.looked)).toBe(250)
    expect(cheap.looked.length).toBeLessThan(12)
    expect(Math.max(...dear.looked)).toBeLessThan(50)
    expect(dear.looked.length).toBeGreaterThan(cheap.looked.length * 5)
    expect(dear.ids, 'and finds the same').toEqual(cheap.ids)
    const all = (looked: readonly number[]) => looked.reduce((sum, rows) => sum + rows, 0)
    expect([all(cheap.looked), all(dear.looked)]).toEqual([1_200, 1_200])
  },
)
