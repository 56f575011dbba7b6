import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { historyFile } from '../src/main/profile.ts'
import { createRandom } from '../src/main/sample/random.ts'
import { long, restMs, writingBackIn } from './support/beside.ts'
import { examine } from './support/examine.ts'
import { copyProfile, scratch } from './support/history.ts'
import { acknowledgedIn, lostIn, recorded, recordedLater, replay, troubles, wrongWith } from './support/replay.ts'
import type { Recorded } from './support/replay.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const cuts = isLong ? 5_000 : 300
const deliveries = isLong ? 400 : 120
const kills = isLong ? 60 : 6
const writer = fileURLToPath(new URL('./support/writer.ts', import.meta.url))

/** A sync takes its time on a disk. Here it would cost nothing, and commits in the middle of writing back would be few. */
const slowSyncs = () => ['-e', 'inject=fsync,fdatasync:delay_enter=20000']

/** In the middle of writing back, and for a while after the log has begun anew. */
function delicate(run: Recorded): readonly number[] {
  const { middle, begunAnew } = writingBackIn(run)
  const after = begunAnew.flatMap((at) => Array.from({ length: 40 }, (_, place) => at + place))
  return [...new Set([...middle, ...after.filter((at) => at < run.events.length)])]
}

describe.skipIf(process.platform !== 'linux')('while a thread writes the log back', { timeout: 3_600_000 }, () => {
  test('power that fails at any moment loses nothing that was acknowledged, and leaves a sound history', async () => {
    const run = recorded(deliveries, { restMs, beside: { long } }, slowSyncs)
    const found = await replay(run, 'beside', cuts, delicate(run))
    expect(found.length).toBeGreaterThanOrEqual(300)
    expect(troubles(found)).toEqual([])
    expect(run.said.filter((line) => line.startsWith('log trouble'))).toEqual([])
    const { syncs, begunAnew, middle, besideTheMiddle, writers } = writingBackIn(run)
    expect([...writers], 'no commit ever waits for the thread').toEqual(['commits'])
    // Else the cuts would prove little: the thread was at work again and again, beside commits, and the log began anew.
    expect(syncs.length).toBeGreaterThan(3)
    expect(begunAnew.length).toBeGreaterThan(3)
    expect(besideTheMiddle).toBeGreaterThan(0)
    expect(found.filter(({ at }) => middle.includes(at)).length).toBeGreaterThan(30)
  })

  test('power that fails would lose acknowledged deliveries if the thread did not sync: so the test above can fail', async () => {
    const run = recorded(deliveries, { restMs, beside: { long, pragmas: { 'synchronous = FULL': 'synchronous = OFF' } } }, slowSyncs)
    const { writes, syncs } = writingBackIn(run)
    expect(writes.length).toBeGreaterThan(100)
    expect(syncs).toEqual([])
    const found = await replay(run, 'control beside', 60, delicate(run))
    expect(found.filter((cut) => lostIn(cut) > 0).length).toBeGreaterThan(found.length / 10)
  })

  /** Commits that have to write the log back do it before it is twice as long; and what has failed is tried again after 30 deliveries. */
  const soon = { restMs, pragmas: { 'wal_autocheckpoint = 16000': 'wal_autocheckpoint = 500' }, beside: { long } }
  const failing = (calls: string, error: string, when: string) => (history: string) => [
    ...['-P', history],
    ...['-e', `inject=${calls}:error=${error}:when=${when}`],
  ]

  // In a later pass than the first, since each thread has its own count and a new one may be begun.
  test.each([
    ['write', 'pwrite64', 'EIO', '200'],
    ['sync', 'fsync,fdatasync', 'EIO', '3'],
  ])('a %s of its that fails is told, commits take over, and it goes on later', async (_, calls, error, when) => {
    // After a failure the thread finds the log at its length by chance only: so many that it does.
    const run = recordedLater(320, soon, failing(calls, error, when))
    const { failures, syncs, syncsOfCommits } = writingBackIn(run)
    const told = troublesToldIn(run)
    expect(told[0]).toMatch(/: disk I\/O error$/)
    expect(told.length).toBeLessThanOrEqual(failures.length)
    const failed = failures[0] ?? Number.POSITIVE_INFINITY
    const again = syncs.find(({ index, isOk }) => isOk && index > failed)?.index
    expect(again).toBeDefined()
    expect(syncsOfCommits.filter(({ index, isOk }) => isOk && index > failed && index < Number(again)).length).toBeGreaterThan(0)
    await expectKept(run, 320)
  })

  test.each([
    ['writes', 'pwrite64'],
    ['syncs', 'fsync,fdatasync'],
  ])('all its %s that fail are told once, however often it tries, and everything else goes on', async (_, calls) => {
    const run = recordedLater(180, soon, failing(calls, 'EIO', '1+'))
    expect(troublesToldIn(run)).toEqual([expect.stringMatching(/: disk I\/O error$/)])
    expect(writingBackIn(run).failures.length).toBeGreaterThan(1)
    await expectKept(run, 180)
  })

  test('a process that is killed in the middle of it, again and again, loses nothing that was acknowledged', async () => {
    const folder = scratch()
    const profile = join(folder, 'profile')
    mkdirSync(profile)
    const random = createRandom('killed beside')
    const acknowledged: string[] = []
    const killers: string[] = []
    for (let round = 0; round < kills; round++) {
      const moment =
        round % 3 === 2 ? `fsync,fdatasync:signal=KILL:when=${random.between(1, 3)}` : `pwrite64:signal=KILL:when=${random.between(1, 200)}`
      const { said, by } = killed(profile, join(folder, 'trace'), moment)
      acknowledged.push(...acknowledgedIn(said))
      killers.push(by)
      // The next one goes on with what this one has left, not with what was looked at.
      const found = await examine(copyProfile(profile, join(folder, 'copy')), { verify: round === kills - 1 })
      expect(wrongWith({ acknowledged, found })).toEqual([])
    }
    expect(killers).not.toContain('nobody')
    expect(killers.filter((by) => by === 'thread').length).toBeGreaterThan(kills / 2)
  })
})

function troublesToldIn({ said }: Recorded): readonly string[] {
  return said.filter((line) => line.startsWith('log trouble'))
}

/** Everything was acknowledged, as if nothing had failed, and is there. */
async function expectKept({ profile, said }: Recorded, count: number): Promise<void> {
  const acknowledged = acknowledgedIn(said)
  expect(acknowledged).toHaveLength(count)
  expect(said.filter((line) => line.startsWith('storage failing'))).toEqual([])
  expect(wrongWith({ acknowledged, found: await examine(profile, { verify: true }) })).toEqual([])
}

/** Runs the writer until a call on its history ends it, and tells who made that call. */
function killed(profile: string, log: string, inject: string) {
  const history = historyFile(profile)
  // Without a filter in the kernel: calls that come by way of one cannot be answered by a signal.
  const wrapper = ['-f', '-qq', '-s', '0', '-e', 'signal=none', '-e', 'trace=openat,pwrite64,fsync,fdatasync', '-P', history]
  const options = JSON.stringify({ restMs, beside: { long } })
  const run = spawnSync('strace', [...wrapper, '-e', `inject=${inject}`, '-o', log, process.execPath, writer, profile, '200', options], {
    encoding: 'utf8',
  })
  const calls = [...readFileSync(log, 'latin1').matchAll(/^(\d+) +(?:openat|pwrite64|fsync|fdatasync)\(/gm)].map(([, by]) => by)
  const by = run.signal !== 'SIGKILL' ? 'nobody' : calls.at(-1) === calls[0] ? 'commits' : 'thread'
  return { said: run.stdout.trimEnd().split('\n'), by }
}
