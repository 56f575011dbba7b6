import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { careOnNode, createHistoryFiles } from '../src/main/care/history-files.ts'
import { historyFile } from '../src/main/profile.ts'
import { compareAll, within } from './figure.ts'
import type { Benchmark } from './index.ts'
import { inProcess } from './measured-process.ts'
import { createStream, receive } from './receiving.ts'
import { send } from './send.ts'

const million = 1_000_000
const perSecond = 100

const sharedDisk =
  'the copy runs in a process of its own, and a thread writes the log back; the longest waits left are syncs of COMMIT, on the disk that all of them share, and where the indexes of words and of parts merge. Tried once each, before that thread, on a busy machine: steps of 2 MiB with a pause and of 1 MiB without; the copy took 53 s for 30 s, stalls of 628 and 263 ms beside 457 ms decide nothing'

/** P16: a copy of the history in one piece while it receives, and the longest time the receiver did nothing else. */
export const backups: Benchmark = {
  id: 'P16',
  async run({ rows, histories }) {
    const size = rows ?? million
    const profile = await histories.profile(size)
    const { url, stop } = await receive(profile)
    const stream = createStream(histories.signer, size)
    const files = createHistoryFiles(careOnNode(new URL('../src/main/store/care-process.ts', import.meta.url)))
    const target = join(histories.folder, 'backup.sqlite')
    const stalls: number[] = []
    const quiet: number[] = []

    /** As long as the work takes; answers what it took. */
    async function whileReceiving(work: () => Promise<void>, longest: number[]): Promise<number> {
      rmSync(target, { force: true })
      let isOver = false
      const receiving = (async () => {
        while (!isOver) await send({ url, bodies: stream.next(perSecond), connections: 4, perSecond })
      })()
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const startedAt = performance.now()
      await work()
      const ms = performance.now() - startedAt
      delay.disable()
      longest.push(delay.max / 1e6)
      isOver = true
      await receiving
      return ms
    }

    const copy = async () => {
      const copied = await files.copy(historyFile(profile), target, {})
      if (copied.kind !== 'copied') throw new Error(JSON.stringify(copied))
    }
    const vacuum = async () => void (await inProcess({ task: 'vacuum', profile, target }))
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 2_000))
    for (let round = 0; round < 3; round++) await whileReceiving(pause, quiet)
    const figures = await compareAll(
      () => whileReceiving(copy, stalls),
      [
        {
          id: 'P16',
          measured: `backup of ${size} while receiving ${perSecond} a second, ms`,
          peer: 'VACUUM INTO, as well while receiving',
          theirs: () => whileReceiving(vacuum, []),
          bound: { kind: 'at-most', ratio: 1.3 },
          note: (ours, theirs) => `${(ours / 1000).toFixed(1)} s beside ${(theirs / 1000).toFixed(1)} s`,
        },
      ],
      { warmUp: false },
    )
    await stop()
    rmSync(target, { force: true })
    const beside = `${Math.min(...quiet).toFixed(1)}–${Math.max(...quiet).toFixed(1)} ms without a backup`
    return [
      ...figures,
      within({
        id: 'P16',
        measured: 'longest stall of the receiver meanwhile',
        limit: 10,
        unit: 'ms',
        values: stalls,
        note: beside,
        missed: sharedDisk,
      }),
    ]
  },
}
