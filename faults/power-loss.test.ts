import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRandom } from '../src/main/sample/random.ts'
import { createDisk } from './support/disk.ts'
import { examine } from './support/examine.ts'
import type { Examined } from './support/examine.ts'
import { readTrace, tracing } from './support/trace.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const cuts = isLong ? 5_000 : 300
const deliveries = isLong ? 400 : 150
const writer = fileURLToPath(new URL('./support/writer.ts', import.meta.url))

/** Where syncing costs nothing: what a disk holds is worked out here, not tried. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Writes the log back often, so that a short run sees every kind of moment. */
const oftenBack = { 'wal_autocheckpoint = 16000': 'wal_autocheckpoint = 60' }

/** A run of the writer with all it did to its files. */
function recorded(pragmas: object, inject: readonly string[] = []) {
  const folder = mkdtempSync(join(memory, 'tocsin-power-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const profile = join(folder, 'profile')
  mkdirSync(profile)
  const log = join(folder, 'trace')
  const [command = '', ...wrapper] = tracing(log, inject)
  const run = spawnSync(command, [...wrapper, process.execPath, writer, profile, String(deliveries), JSON.stringify(pragmas)], {
    encoding: 'utf8',
    env: { ...process.env, UV_USE_IO_URING: '0' },
  })
  expect(run.stdout.trimEnd().split('\n').at(-1), run.stderr).toBe('done')
  return { folder, profile, events: readTrace(log, profile), said: run.stdout }
}

type Cut = { readonly at: number; readonly acknowledged: readonly string[]; readonly found: Examined }

/** Loses power at many moments of a run, and looks at what a disk could then hold. */
async function replay({ folder, profile, events }: ReturnType<typeof recorded>, seed: string, times = cuts): Promise<readonly Cut[]> {
  const random = createRandom(seed)
  const at = new Set<number>()
  while (at.size < Math.min(times, events.length)) at.add(random.between(0, events.length - 1))
  const disk = createDisk(profile, random)
  const acknowledged: string[] = []
  const found: Cut[] = []
  const copy = join(folder, 'copy')
  for (const [index, event] of events.entries()) {
    if (at.has(index)) {
      disk.writeTo(copy, createRandom(`${seed} ${index}`))
      const examined = await examine(copy, { verify: isLong || found.length % 10 === 0 })
      found.push({ at: index, acknowledged: [...acknowledged], found: examined })
    }
    disk.play(event, index)
    if (event.kind === 'said' && event.line.startsWith('acknowledged ')) acknowledged.push(event.line.slice('acknowledged '.length))
  }
  return found
}

/** Acknowledged, and not there exactly once. */
function lostIn({ acknowledged, found }: Cut): number {
  if (found.kind === 'not-opened') return acknowledged.length
  const times = new Map<string, number>()
  for (const body of found.bodies) times.set(body, (times.get(body) ?? 0) + 1)
  return new Set(acknowledged.filter((body) => times.get(body) !== 1)).size
}

function wrongWith(cut: Cut): readonly string[] {
  const { found } = cut
  const lost = lostIn(cut)
  const losses = lost > 0 ? [`${lost} of ${cut.acknowledged.length} acknowledged lost`] : []
  if (found.kind === 'not-opened') return [...losses, `${found.because}: ${found.detail}`]
  return [
    ...losses,
    ...found.structure,
    ...(found.brokenLinks > 0 ? [`${found.brokenLinks} links broken`] : []),
    ...(found.verified?.holds === false ? [`does not verify: ${JSON.stringify(found.verified)}`] : []),
    ...(found.mark.kind === 'ok' ? [] : [`the mark says ${JSON.stringify(found.mark)}`]),
  ]
}

describe.skipIf(process.platform !== 'linux')('power that fails at any moment', { timeout: 3_600_000 }, () => {
  test('loses nothing that was acknowledged, and leaves a sound history whose mark claims no more than it holds', async () => {
    const run = recorded(oftenBack)
    const found = await replay(run, 'power loss')
    expect(found.length).toBeGreaterThanOrEqual(300)
    expect(troubles(found)).toEqual([])
    // Else the cuts would prove little: unfinished commits of many moments, logs that start over, waiting ones released.
    expect(new Set(found.map(({ acknowledged }) => acknowledged.length)).size).toBeGreaterThan(deliveries / 4)
    expect(run.said).toMatch(/released [1-9]/)
    expect(run.events.filter((event) => event.kind === 'written' && event.path.endsWith('-wal') && event.at === 0).length).toBeGreaterThan(
      2,
    )
  })

  test('after syncs that failed loses nothing either, though the kernel never writes again what they gave up', async () => {
    for (const seed of isLong ? ['a', 'b', 'c', 'd', 'e', 'f'] : ['a', 'b']) {
      const random = createRandom(`failed syncs ${seed}`)
      // Past the start, where nothing is promised to anybody yet.
      const first = random.between(30, 60)
      const run = recorded(oftenBack, ['-e', `inject=fsync,fdatasync:error=EIO:when=${first}..${first + 200}+${random.between(4, 11)}`])
      expect(run.said).toContain('storage failing: disk I/O error')
      const found = await replay(run, `failed syncs ${seed}`, isLong ? cuts : 100)
      expect(troubles(found)).toEqual([])
    }
  })

  test('would lose acknowledged deliveries at synchronous=NORMAL, and the mark counts them: so the tests above can fail', async () => {
    const found = await replay(recorded({ 'synchronous = FULL': 'synchronous = NORMAL' }), 'control')
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

function troubles(found: readonly Cut[]) {
  return found.map((cut) => ({ at: cut.at, wrong: wrongWith(cut) })).filter(({ wrong }) => wrong.length > 0)
}
