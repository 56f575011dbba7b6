import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratch } from '../main/archive-test-support.ts'
import { historyFile } from '../main/profile.ts'
import { content, testStore, trusted } from '../main/store/test-support.ts'
import { queryDetections } from './query.ts'

/** A history of so many detections, which goes on receiving whenever a page of an answer is written. */
function receiving(count: number, meanwhile: (page: number, keep: (id: string, issued: number) => void) => void) {
  const profile = join(scratch(), 'profile')
  mkdirSync(profile)
  const store = testStore({ file: historyFile(profile) })
  const keep = (id: string, issued: number): void => void store.keeper.keep([trusted(content({ id }), { issued, padding: 1_000 })])
  for (let from = 0; from < count; from += 500)
    store.keeper.keep(
      Array.from({ length: Math.min(500, count - from) }, (_, index) =>
        trusted(content({ id: `d-${from + index}` }), { issued: from + index }),
      ),
    )
  const said: string[] = []
  const ids: string[] = []
  let pages = 0
  const context = {
    profile,
    now: Date.now,
    say: (text: string) => void said.push(text),
    async write(text: string) {
      ids.push(
        ...text
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { id: string }).id),
      )
      meanwhile((pages += 1), keep)
      await Promise.resolve()
    },
  }
  return { context, said, ids }
}

test.each(['', 'type:CredentialStuffingAttempt', '*redential*', 'stuffing'])(
  'what changes between two pages of “%s” is in the answer once, as it was when it was asked for',
  async (text) => {
    const { context, ids } = receiving(1_200, (page, keep) => {
      keep(`d-${3 + page}`, 5_000 + page)
      keep(`new-${page}`, 6_000 + page)
    })
    expect(await queryDetections(context, text, { json: true })).toBe(0)
    expect(ids).toEqual(Array.from({ length: 1_200 }, (_, index) => `d-${1_199 - index}`))
  },
)

test('whoever is too slow for what is received meanwhile gets a part of the answer, and is told so', async () => {
  const { context, said, ids } = receiving(1_200, (page, keep) => keep(`new-${page}`, 6_000 + page))
  expect(await queryDetections(context, '', { json: true, mostLogGrowth: 1 })).toBe(1)
  expect(ids).toHaveLength(500)
  expect(said).toEqual([expect.stringMatching(/^This is not all: .* Ask again/)])
})
