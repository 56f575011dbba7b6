import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { historyFile } from '../src/main/profile.ts'
import { examine } from './support/examine.ts'
import { scratch } from './support/history.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const writer = fileURLToPath(new URL('./support/writer.ts', import.meta.url))
const deliveries = isLong ? 200 : 60

/** Runs the writer while calls on one of its files fail; `when` is in the words of strace. */
function written(profile: string, file: string, calls: string, error: string, when: string) {
  const inject = ['-P', file, '-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${when}`]
  const quiet = ['-f', '-qq', '-e', 'signal=none', '-o', '/dev/null']
  const often = JSON.stringify({ pragmas: { 'wal_autocheckpoint = 16000': 'wal_autocheckpoint = 60' } })
  const run = spawnSync('strace', [...quiet, ...inject, process.execPath, writer, profile, String(deliveries), often], { encoding: 'utf8' })
  const lines = run.stdout.trim().split('\n')
  return {
    lines,
    acknowledged: lines.flatMap((line) => (line.startsWith('acknowledged ') ? [line.slice('acknowledged '.length)] : [])),
    error: run.stderr,
  }
}

describe.skipIf(process.platform !== 'linux')('a disk that fails', { timeout: 1_800_000 }, () => {
  const cases: readonly [what: string, suffix: string, calls: string, error: string, when: string][] = [
    ['a sync of the log', '-wal', 'fsync,fdatasync', 'EIO', '20+7'],
    ['a while of syncs of the log', '-wal', 'fsync,fdatasync', 'EIO', '20..40'],
    ['a write to the log', '-wal', 'pwrite64', 'EIO', '700+997'],
    ['a while of writes to a full disk', '-wal', 'pwrite64', 'ENOSPC', '700..760'],
    ['writes while the log is written back', '', 'pwrite64', 'EIO', '5+13'],
    ['syncs while the log is written back', '', 'fsync,fdatasync', 'EIO', '3+2'],
  ]
  test.each(cases)('in %s is told, and what was acknowledged before, between and after is there', async (_, suffix, calls, error, when) => {
    const profile = join(scratch(), 'profile')
    mkdirSync(profile)
    const run = written(profile, historyFile(profile) + suffix, calls, error, when)
    expect(run.lines.at(-1), run.error).toBe('done')
    expect(run.acknowledged).toHaveLength(deliveries)
    // A log that cannot be written back grows, and everything goes on.
    if (suffix === '-wal') {
      expect(run.lines).toContainEqual(expect.stringMatching(/^storage failing: (disk I\/O error|database or disk is full)/))
      expect(run.lines.filter((line) => line.startsWith('storage ')).at(-1)).toBe('storage ok')
    }
    await expectKept(profile, run.acknowledged)
  })

  test.each([
    ['syncs', 'fsync,fdatasync', 'EIO'],
    ['writes', 'pwrite64', 'EIO'],
  ])('in all %s of the log from some moment on acknowledges nothing from then on, and keeps what it had', async (_, calls, error) => {
    const profile = join(scratch(), 'profile')
    mkdirSync(profile)
    const run = written(profile, `${historyFile(profile)}-wal`, calls, error, calls === 'pwrite64' ? '700+' : '20+')
    const failing = run.lines.findIndex((line) => line.startsWith('storage failing'))
    expect(failing).toBeGreaterThan(0)
    expect(run.acknowledged.length).toBeGreaterThan(0)
    expect(run.lines.slice(failing).filter((line) => line.startsWith('acknowledged ') || line === 'storage ok')).toEqual([])
    await expectKept(profile, run.acknowledged)
  })

  test('in the mark is told, and nothing that was acknowledged depends on it', async () => {
    const profile = join(scratch(), 'profile')
    mkdirSync(profile)
    const run = written(profile, join(profile, 'history.mark.new'), 'fsync,fdatasync', 'EIO', '1+')
    expect(run.lines, run.error).toContain('proof not-marking')
    expect(run.acknowledged).toHaveLength(deliveries)
    const found = await examine(profile, { verify: false })
    // A mark that was never on the disk is none, rather than one that may claim too much.
    expect(found).toMatchObject({ kind: 'opened', brokenLinks: 0, structure: [], mark: { kind: 'no-mark', because: 'missing' } })
    expect(run.acknowledged.filter((body) => found.kind !== 'opened' || !found.bodies.includes(body))).toEqual([])
  })

  async function expectKept(profile: string, acknowledged: readonly string[]): Promise<void> {
    const found = await examine(profile, { verify: true })
    expect(found).toMatchObject({ kind: 'opened', brokenLinks: 0, structure: [], mark: { kind: 'ok' }, verified: { holds: true } })
    const bodies = found.kind === 'opened' ? found.bodies : []
    expect(new Set(bodies).size, 'none twice').toBe(bodies.length)
    expect(
      acknowledged.filter((body) => !bodies.includes(body)),
      'none lost',
    ).toEqual([])
  }
})
