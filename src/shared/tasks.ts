import type { SearchRefused } from './ipc.ts'

/** What an export can be written as. */
export const exportFormats = ['csv', 'ndjson', 'ocsf', 'ecs', 'splunk-hec', 'navigator'] as const
export type ExportFormat = (typeof exportFormats)[number]

declare const taskId: unique symbol
export type TaskId = string & { readonly [taskId]: true }

/** Something long that the user began and may cancel. It goes on while no window is open. */
export type Task = {
  readonly id: TaskId
  readonly kind: 'export' | 'import'
  /** For people: what is done, and with which file. */
  readonly title: string
  /** How far it is, in whatever it counts: detections looked at, or bytes read. */
  readonly done: number
  /** null while nobody knows. */
  readonly total: number | null
  readonly state: TaskState
}

/** `detail` is for people: what came of it, and where it is; or why there is nothing. */
export type TaskState = { readonly kind: 'running' } | { readonly kind: 'done' | 'cancelled' | 'failed'; readonly detail: string }

/** Where the user chose no file, nothing was begun. */
export type TaskStarted =
  | { readonly kind: 'started'; readonly task: Task }
  | { readonly kind: 'cancelled' }
  | SearchRefused
  | { readonly kind: 'busy'; readonly detail: string }
