import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { historyFile } from '../../src/main/profile.ts'
import { createRandom } from '../../src/main/sample/random.ts'
import { createDisk } from './disk.ts'
import { examine } from './examine.ts'
import type { Examined } from './examine.ts'
import { scratch } from './history.ts'
import { readTrace, tracing } from './trace.ts'
import type { DiskEvent } from './trace.ts'
import type { WriterOptions } from './writer.ts'

const isLong = process.env.TOCSIN_LONG === '1'
const writer = fileURLToPath(new URL('./writer.ts', import.meta.url))

/** A run of the writer, with all it did to its files and all it said. */
export type Recorded = {
  readonly folder: string
  readonly profile: string
  readonly events: readonly DiskEvent[]
  readonly said: readonly string[]
}

/** `inject` is in the words of strace, where the history is by its name. */
export function recorded(deliveries: number, options: WriterOptions, inject: (history: string) => readonly string[] = () => []): Recorded {
  const folder = scratch()
  return recordedIn(folder, deliveries, options, inject(historyFile(join(folder, 'profile'))))
}

/** The same with a history that is there already: its own file is then written only where the log is written back. */
export function recordedLater(deliveries: number, options: WriterOptions, inject: (history: string) => readonly string[]): Recorded {
  const folder = scratch()
  recordedIn(folder, 0, {}, [])
  return recordedIn(folder, deliveries, options, inject(historyFile(join(folder, 'profile'))))
}

function recordedIn(folder: string, deliveries: number, options: WriterOptions, inject: readonly string[]): Recorded {
  const profile = join(folder, 'profile')
  mkdirSync(profile, { recursive: true })
  const log = join(folder, 'trace')
  const [command = '', ...wrapper] = tracing(log, inject)
  const run = spawnSync(command, [...wrapper, process.execPath, writer, profile, String(deliveries), JSON.stringify(options)], {
    encoding: 'utf8',
    env: { ...process.env, UV_USE_IO_URING: '0' },
  })
  const said = run.stdout.trimEnd().split('\n')
  expect(said.at(-1), run.stderr).toBe('done')
  return { folder, profile, events: readTrace(log, profile), said }
}

/** Of the bodies that were acknowledged. */
export function acknowledgedIn(said: readonly string[]): readonly string[] {
  return said.flatMap((line) => (line.startsWith('acknowledged ') ? [line.slice('acknowledged '.length)] : []))
}

/** What is there of what was acknowledged before. */
export type Aftermath = { readonly acknowledged: readonly string[]; readonly found: Examined }

/** `at` is the event that power failed before. */
export type Cut = Aftermath & { readonly at: number }

/** Loses power at many moments of a run, half of them among `often` where there are any, and looks at what a disk could then hold. */
export async function replay(
  { folder, profile, events }: Recorded,
  seed: string,
  times: number,
  often: readonly number[] = [],
): Promise<readonly Cut[]> {
  const random = createRandom(seed)
  const at = new Set<number>()
  while (at.size < Math.min(times / 2, often.length)) at.add(often[random.between(0, often.length - 1)] ?? 0)
  while (at.size < Math.min(times, events.length)) at.add(random.between(0, events.length - 1))
  const disk = createDisk(profile, random)
  const acknowledged: string[] = []
  const found: Cut[] = []
  const copy = join(folder, 'copy')
  for (const [index, event] of events.entries()) {
    if (at.has(index)) {
      disk.writeTo(copy, createRandom(`${seed} ${index}`))
      const examined = await examine(copy, { verify: isLong || found.length % 10 === 0 }).catch(unreadable)
      found.push({ at: index, acknowledged: [...acknowledged], found: examined })
    }
    disk.play(event, index)
    if (event.kind === 'said') acknowledged.push(...acknowledgedIn([event.line]))
  }
  return found
}

/** So damaged that it cannot be looked at. */
function unreadable(error: unknown): Examined {
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))) throw error
  return { kind: 'not-opened', because: 'unreadable', detail: error.message }
}

/** Acknowledged, and not there exactly once. */
export function lostIn({ acknowledged, found }: Aftermath): number {
  if (found.kind === 'not-opened') return acknowledged.length
  const times = new Map<string, number>()
  for (const body of found.bodies) times.set(body, (times.get(body) ?? 0) + 1)
  return new Set(acknowledged.filter((body) => times.get(body) !== 1)).size
}

/** What no fault may do, in words. */
export function wrongWith(aftermath: Aftermath): readonly string[] {
  const { found } = aftermath
  const lost = lostIn(aftermath)
  const losses = lost > 0 ? [`${lost} of ${aftermath.acknowledged.length} acknowledged lost`] : []
  if (found.kind === 'not-opened') return [...losses, `${found.because}: ${found.detail}`]
  return [
    ...losses,
    ...found.structure,
    ...(found.brokenLinks > 0 ? [`${found.brokenLinks} links broken`] : []),
    ...(found.verified?.holds === false ? [`does not verify: ${JSON.stringify(found.verified)}`] : []),
    ...(found.mark.kind === 'ok' ? [] : [`the mark says ${JSON.stringify(found.mark)}`]),
  ]
}

export function troubles(found: readonly Cut[]) {
  return found.map((cut) => ({ at: cut.at, wrong: wrongWith(cut) })).filter(({ wrong }) => wrong.length > 0)
}
