/** One export or import, measured in a process of its own. */
import { exportToFile } from '../src/main/export-history.ts'
import { keptImportCheck } from '../src/main/import/check.ts'
import { importHistory } from '../src/main/import-history.ts'
import { historyFile } from '../src/main/profile.ts'
import { openDatabase } from '../src/main/store/database.ts'
import { openHistory } from './histories.ts'
import type { Done, Task } from './measured-process.ts'

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
    const exported = await exportToFile(target, { store, text: '', format: 'csv', attackFile, now: Date.now, signal, replace: true })
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
  return { ms, baseBytes, peakBytes: process.resourceUsage().maxRSS * 1024 }
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
