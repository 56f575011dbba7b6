import { careOnNode } from './care/history-files.ts'
import type { Core, CoreParts } from './core-parts.ts'
import { startCore } from './core.ts'
import { schedule } from './schedule.ts'

/** The app without its window on a profile, run as it is written. Whoever starts it stops it. */
export async function startTestCore(parts: Pick<CoreParts, 'profile'> & Partial<CoreParts>): Promise<Core> {
  const started = await startCore({
    readerThread: new URL('./reader/thread.ts', import.meta.url),
    exportThread: new URL('./exporting/thread.ts', import.meta.url),
    careProcess: careOnNode(new URL('./store/care-process.ts', import.meta.url)),
    resources: new URL('../../resources', import.meta.url).pathname,
    log: { info: () => undefined, error: () => undefined },
    now: Date.now,
    random: Math.random,
    schedule,
    ...parts,
  })
  if (started.kind !== 'started') throw new Error(started.detail)
  return started.core
}
