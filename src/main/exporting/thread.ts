import { parentPort, workerData } from 'node:worker_threads'
import { exportToFile, type ExportProgress } from '../export-history.ts'
import { openSnapshot } from '../store/walk.ts'
import type { ExportJob, ExportTold } from './job.ts'

/** The other thread: one export, over a connection of its own that reads only and is closed before the thread ends. */
const { file, startedAt, ...job } = workerData as ExportJob
const tellEveryMs = 100
const cancelled = new AbortController()
const tell = (told: ExportTold): void => parentPort?.postMessage(told)

const now = (): number => startedAt

let toldAt = -Infinity
function onProgress(progress: ExportProgress): void {
  const at = performance.now()
  if (at - toldAt < tellEveryMs) return
  toldAt = at
  tell({ kind: 'progress', progress })
}

// The one message there is.
parentPort?.on('message', () => cancelled.abort())
const exported = exportToFile(job.path, {
  ...job,
  store: { snapshot: () => openSnapshot(file, now) },
  now,
  signal: cancelled.signal,
  onProgress,
})
void exported.then((value) => tell({ kind: 'ended', exported: value })).finally(() => parentPort?.close())
