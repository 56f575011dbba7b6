import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { Exported, ExportProgress } from '../export-history.ts'
import type { ExportJob, ExportTold } from './job.ts'

export type WantedExport = Omit<ExportJob, 'file' | 'temporary'> & {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ExportProgress) => void
}

/**
 * Exports beside the main thread, so that no answer to SlashID and no frame waits for one. Cancelled, or with a thread that failed, it leaves
 * no half file; it resolves once the thread has closed its history and ended.
 */
export type Exporting = (wanted: WantedExport) => Promise<Exported>

/**
 * An export keeps little and makes much that is soon forgotten: with a small room for the young it is cleared more often, instead of growing to
 * hundreds of MB. The old room is far beyond what the largest deliveries take.
 */
const limits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 192 } as const

/** `thread` is the program of thread.ts, as built or as it is. */
export function createExporting({ file, thread }: { readonly file: string; readonly thread: URL | string }): Exporting {
  return async ({ signal, onProgress, ...wanted }) => {
    if (signal.aborted) return { kind: 'cancelled' }
    const temporary = `${wanted.path}.${randomBytes(6).toString('hex')}.part`
    const worker = new Worker(thread, {
      workerData: { ...wanted, file, temporary } satisfies ExportJob,
      name: 'export',
      resourceLimits: limits,
    })
    const cancel = (): void => worker.postMessage('cancel')
    signal.addEventListener('abort', cancel)
    let exported: Exported | null = null
    let trouble = 'its thread ended'
    worker.on('message', (told: ExportTold) => {
      if (told.kind === 'ended') exported = told.exported
      else onProgress?.(told.progress)
    })
    worker.on('error', (error) => (trouble = error.message))
    await new Promise((resolve) => worker.once('exit', resolve))
    signal.removeEventListener('abort', cancel)
    if (exported !== null) return exported
    await rm(temporary, { force: true })
    return { kind: 'failed', detail: `The export came to no end: ${trouble}. The history is as it was; no half file was left.` }
  }
}
