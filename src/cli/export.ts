import { resolve } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { streamSink } from '../main/export/sink.ts'
import { exportHistory, exportToFile, type Exported } from '../main/export-history.ts'
import { exportFormats, type ExportFormat } from '../shared/tasks.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'
import { failAt } from './query.ts'

export type ExportOptions = { readonly format: ExportFormat; readonly out: string }
export { exportFormats }

const attackFile = fileURLToPath(new URL('../../resources/attack-enterprise.json', import.meta.url))

/** `export`: what a search finds, in a form that other programs read. Ctrl+C leaves no half file; what went to a pipe is gone. */
export async function exportDetections(context: Context, text: string, { format, out }: ExportOptions): Promise<ExitCode> {
  const opened = openToRead(context)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const cancelled = new AbortController()
  const cancel = (): void => cancelled.abort()
  process.once('SIGINT', cancel)
  const parts = { store: opened.store, text, format, attackFile, now: context.now, signal: cancelled.signal }
  const isPipe = out === '-'
  try {
    const exported = isPipe
      ? await exportHistory({ ...parts, openSink: () => Promise.resolve(streamSink(asStream(context))) })
      : await exportToFile(resolve(out), { ...parts, replace: false })
    return tell(context, text, exported, isPipe ? 'the output' : resolve(out))
  } finally {
    process.off('SIGINT', cancel)
    opened.store.close()
  }
}

function tell(context: Context, text: string, exported: Exported, place: string): ExitCode {
  switch (exported.kind) {
    case 'exported':
      context.say(`${exported.written.toLocaleString('en')} ${exported.written === 1 ? 'detection' : 'detections'} exported to ${place}.`)
      return 0
    case 'cancelled':
      return fail(context, place === 'the output' ? 'Cancelled: what was written so far is not all.' : 'Cancelled. No file was written.')
    case 'refused':
      return failAt(context, text, exported)
    case 'failed':
      return fail(context, exported.detail)
  }
}

function asStream({ write }: Context): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      write(text).then(() => done(), done)
    },
  })
}
