import { expect, onTestFinished, test } from 'vitest'
import { content, testStore, trusted } from '../store/test-support.ts'
import { createCsvWriter } from './csv.ts'
import { pieces } from './exporter.ts'

test('others have a turn the more often the longer a writer takes, and the text is the same', () => {
  const store = testStore()
  store.keeper.keep(Array.from({ length: 600 }, (_, index) => trusted(content({ id: `d-${index}` }), { issued: index })))
  const written = (msALook: number): string[] => {
    const opened = store.snapshot()
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    onTestFinished(() => opened.snapshot.close())
    let now = 0
    const clock = () => (now += msALook)
    return [...pieces(opened.snapshot, { query: { kind: 'all', of: [] }, except: [] }, createCsvWriter(), clock)].map(({ text }) => text)
  }
  const [cheap, dear] = [written(0), written(3)]
  expect(dear.join('')).toBe(cheap.join(''))
  expect(dear.length).toBeGreaterThan(cheap.length * 4)
})
