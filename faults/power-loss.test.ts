import { describe, expect, test } from 'vitest'
import { createRandom } from '../src/main/sample/random.ts'
import { lostIn, recorded, replay, troubles } from './support/replay.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const cuts = isLong ? 5_000 : 300
const deliveries = isLong ? 400 : 150

/** Writes the log back often, so that a short run sees every kind of moment. */
const oftenBack = { pragmas: { 'wal_autocheckpoint = 16000': 'wal_autocheckpoint = 60' } }

describe.skipIf(process.platform !== 'linux')('power that fails at any moment', { timeout: 3_600_000 }, () => {
  test('loses nothing that was acknowledged, and leaves a sound history whose mark claims no more than it holds', async () => {
    const run = recorded(deliveries, oftenBack)
    const found = await replay(run, 'power loss', cuts)
    expect(found.length).toBeGreaterThanOrEqual(300)
    expect(troubles(found)).toEqual([])
    // Else the cuts would prove little: unfinished commits of many moments, logs that start over, waiting ones released.
    expect(new Set(found.map(({ acknowledged }) => acknowledged.length)).size).toBeGreaterThan(deliveries / 4)
    expect(run.said).toContainEqual(expect.stringMatching(/^released [1-9]/))
    expect(run.events.filter((event) => event.kind === 'written' && event.path.endsWith('-wal') && event.at === 0).length).toBeGreaterThan(
      2,
    )
  })

  test('after syncs that failed loses nothing either, though the kernel never writes again what they gave up', async () => {
    for (const seed of isLong ? ['a', 'b', 'c', 'd', 'e', 'f'] : ['a', 'b']) {
      const random = createRandom(`failed syncs ${seed}`)
      // Past the start, where nothing is promised to anybody yet.
      const first = random.between(30, 60)
      const run = recorded(deliveries, oftenBack, () => [
        '-e',
        `inject=fsync,fdatasync:error=EIO:when=${first}..${first + 200}+${random.between(4, 11)}`,
      ])
      expect(run.said).toContain('storage failing: disk I/O error')
      const found = await replay(run, `failed syncs ${seed}`, isLong ? cuts : 100)
      expect(troubles(found)).toEqual([])
    }
  })

  test('would lose acknowledged deliveries at synchronous=NORMAL, and the mark counts them: so the tests above can fail', async () => {
    // With rests it lasts for several marks, on a fast machine too.
    const options = { restMs: 60, pragmas: { 'synchronous = FULL': 'synchronous = NORMAL' } }
    const found = await replay(recorded(deliveries, options), 'control', cuts)
    expect(found.filter((cut) => lostIn(cut) > 0).length).toBeGreaterThan(found.length / 10)
    // NORMAL loses, and corrupts nothing.
    expect(
      found.flatMap(({ found }) => (found.kind === 'opened' ? [...found.structure, found.brokenLinks] : [found.detail])).filter(Boolean),
    ).toEqual([])
    const told = found.flatMap(({ found }) =>
      found.kind === 'opened' && found.mark.kind === 'lost' ? [{ ...found.mark, there: found.sequence }] : [],
    )
    expect(told.length).toBeGreaterThan(3)
    for (const { lost, marked, there } of told) expect(lost).toBe(marked.sequence - there)
  })
})
