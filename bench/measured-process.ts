import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What is done in a process of its own, so that its memory is its own. */
export type Task =
  | { readonly task: 'export'; readonly profile: string; readonly target: string; readonly attackFile: string }
  | { readonly task: 'import'; readonly profile: string; readonly files: readonly string[] }
  | { readonly task: 'vacuum'; readonly profile: string; readonly target: string }
export type Done = {
  readonly ms: number
  /** Resident before it, with the history open, and at most. */
  readonly baseBytes: number
  readonly peakBytes: number
}

export async function inProcess(task: Task): Promise<Done> {
  const worker = fork(new URL('./measured-task.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  worker.send(task)
  const [done] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(() => {
      throw new Error(`the ${task.task} failed`)
    }),
  ])) as [Done]
  return done
}
