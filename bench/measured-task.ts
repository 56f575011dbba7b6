/** One export or import, measured in a process of its own. */
import { readFileSync } from 'node:fs'
import { createExporting } from '../src/main/exporting/exporting.ts'
import { keptImportCheck } from '../src/main/import/check.ts'
import { importHistory } from '../src/main/import-history.ts'
import { historyFile } from '../src/main/profile.ts'
import { openDatabase } from '../src/main/store/database.ts'
import { openHistory } from './histories.ts'
import type { Done, Task } from './measured-process.ts'

const exportThread = new URL('../src/main/exporting/thread.ts', import.meta.url)

process.once('message', (task: Task) => {
  run(task).then(
    (done) => process.send?.(done, () => process.exit(0)),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run(task: Task): Promise<Done> {
  if (task.task === 'vacuum') return vacuum(task.profile, task.target)
  const store = openHistory(task.profile, task.task === 'export')
  const { signal } = new AbortController()
  const baseBytes = process.memoryUsage.rss()
  const startedAt = performance.now()
  if (task.task === 'export') {
    const { target, attackFile } = task
    const exportBeside = createExporting({ file: historyFile(task.profile), thread: exportThread })
    const exported = await exportBeside({ path: target, text: '', format: 'csv', attackFile, startedAt: Date.now(), signal, replace: true })
    if (exported.kind !== 'exported') throw new Error(JSON.stringify(exported))
  } else {
    const check = await keptImportCheck(store.keyStore, Date.now)
    const imported = await importHistory({
      files: task.files,
      check,
      takesUnsigned: () => false,
      keeper: store.keeper,
      imported: store.imported,
      now: Date.now,
      signal,
    })
    if (imported.kind !== 'imported' || Object.keys(imported.reasons).length > 0) throw new Error(JSON.stringify(imported))
  }
  const ms = performance.now() - startedAt
  store.close()
  return { ms, baseBytes, peakBytes: peakOfThis() }
}

/** Linux counts what the parent held when it forked as the most that a child ever held, unless asked about the program that runs now. */
function peakOfThis(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function vacuum(profile: string, target: string): Done {
  const startedAt = performance.now()
  const opened = openDatabase(historyFile(profile), { readOnly: true })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  opened.db.pragma('query_only = OFF')
  opened.db.prepare('VACUUM INTO ?').run(target)
  opened.db.close()
  return { ms: performance.now() - startedAt, baseBytes: 0, peakBytes: 0 }
}
