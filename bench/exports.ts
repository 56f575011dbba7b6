import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createExporting } from '../src/main/exporting/exporting.ts'
import { historyFile } from '../src/main/profile.ts'
import { compareAll, percentile, within, type Figure } from './figure.ts'
import { openHistory } from './histories.ts'
import type { Benchmark } from './index.ts'
import { inProcess } from './measured-process.ts'
import { createStream, receive } from './receiving.ts'
import { send } from './send.ts'

const million = 1_000_000
const attackFile = fileURLToPath(new URL('../resources/attack-enterprise.json', import.meta.url))

/** P15: everything as CSV, and what those who send meanwhile feel of it. */
export const exports: Benchmark = {
  id: 'P15',
  async run({ rows, histories }) {
    const size = rows ?? million
    const profile = await histories.profile(size)
    // The log is in the file since the history was closed, so that another SQLite may read it as it lies there, without a lock.
    openHistory(profile).close()
    const target = join(histories.folder, 'export.csv')
    const peaks: number[] = []
    const figures: Figure[] = [
      ...(await compareAll(
        async () => {
          const { ms, peakBytes, baseBytes } = await inProcess({ task: 'export', profile, target, attackFile })
          peaks.push((peakBytes - baseBytes) / 2 ** 20)
          return (size * 1000) / ms
        },
        [
          {
            id: 'P15',
            measured: `export of ${size} as CSV, rows a second`,
            peer: 'sqlite3 -csv, of the file at rest',
            async theirs() {
              const startedAt = performance.now()
              await runCsv(`file:${historyFile(profile)}?immutable=1`, target)
              return (size * 1000) / (performance.now() - startedAt)
            },
            bound: { kind: 'at-least', ratio: 0.6 },
            note: (ours, theirs) => `${ours.toFixed(0)} /s beside ${theirs.toFixed(0)} /s`,
            missed:
              'rows become objects, then Detections, then cells no spreadsheet calculates: 22 µs each, where the peer takes 6 in all; a writer of our own and one statement a stretch took 100k from 4.5 s of processor to 1.6',
          },
        ],
        { warmUp: false },
      )),
      within({
        id: 'P15',
        measured: `peak RSS of an export of ${size}, beyond that before it`,
        limit: 48,
        unit: 'MB',
        values: peaks,
        note: 'of the whole process, with the thread that exports',
      }),
    ]

    const { url, stop } = await receive(profile)
    const exportBeside = createExporting({
      file: historyFile(profile),
      thread: new URL('../src/main/exporting/thread.ts', import.meta.url),
    })
    const stream = createStream(histories.signer, size)
    const p99 = async () => percentile((await send({ url, bodies: stream.next(400), connections: 4, perSecond: 200 })).times, 0.99)
    figures.push(
      ...(await compareAll(async () => {
        const cancel = new AbortController()
        const { signal } = cancel
        const exporting = (async () => {
          // A small one is over before what is measured, and begins again.
          while (!signal.aborted)
            await exportBeside({ path: target, text: '', format: 'csv', attackFile, startedAt: Date.now(), signal, replace: true })
        })()
        const value = await p99()
        cancel.abort()
        await exporting
        return value
      }, [
        {
          id: 'P15',
          measured: 'acknowledgement p99 while the same process exports',
          peer: 'p99, quiet',
          theirs: p99,
          bound: { kind: 'at-most', ratio: 2 },
          note: (ours, theirs) => `${ours.toFixed(1)} ms beside ${theirs.toFixed(1)} ms at 200 a second`,
        },
      ])),
    )
    await stop()
    rmSync(target, { force: true })
    return figures
  },
}

async function runCsv(file: string, target: string): Promise<void> {
  const sql = `.output '${target}'\nSELECT * FROM detections ORDER BY changed_at DESC, row DESC;\n`
  const process = spawn('sqlite3', ['-csv', '-header', file], { stdio: ['pipe', 'ignore', 'inherit'] })
  process.stdin.end(sql)
  const [code] = (await once(process, 'exit')) as [number]
  if (code !== 0) throw new Error(`sqlite3 ended with ${code}`)
}
