import type { Schedule } from './ingest/refresher.ts'

/** Runs a task once after a while, unless the returned function is called first. */
export const schedule: Schedule = (task, afterMs) => {
  const timer = setTimeout(task, afterMs)
  return () => clearTimeout(timer)
}
