import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Detection, OrganizationId } from '../shared/detection.ts'
import type { ExportFormat, Task, TaskId, TaskStarted, TaskState } from '../shared/tasks.ts'
import type { TriageOf } from '../shared/triage.ts'
import type { Exporting } from './exporting/exporting.ts'
import { isDeclaredUnsigned, keptImportCheck } from './import/check.ts'
import { importHistory } from './import-history.ts'
import type { Change, Keeper } from './ingest/delivery.ts'
import type { Schedule } from './ingest/refresher.ts'
import type { Store } from './store/store.ts'
import { exportTitle, exportedWords, importTitle, importedWords, unsignedImportWords } from './task-words.ts'

/** What takes its time beside everything else: exports and imports, each of which can be cancelled. */
export type Tasks = {
  list(): readonly Task[]
  /** Why none can be begun now, or null: asked before the user is bothered with a dialog. */
  refusal(wanted: { readonly kind: 'export'; readonly of: TriageOf } | { readonly kind: 'import' }): Refused | null
  /** In the place of a file that is there. */
  export(wanted: { readonly of: TriageOf; readonly format: ExportFormat; readonly path: string }): Started
  /**
   * `mayTakeUnsigned` asks the user whether detections of an organization are to be taken that nobody signed; where an unsigned way in was
   * declared for it, nobody is asked.
   */
  import(files: readonly string[], mayTakeUnsigned: (organization: OrganizationId) => Promise<boolean>): Started
  /** What to ask the user before. */
  unsignedConsent(organization: OrganizationId): { readonly message: string; readonly detail: string }
  /** Ends one that runs; one that has ended is forgotten. */
  cancel(id: TaskId): void
  /** Cancels what runs and waits for its end. Nothing is begun or told afterwards. */
  stop(): Promise<void>
}
type Started = Exclude<TaskStarted, { kind: 'cancelled' }>
type Refused = Exclude<Started, { kind: 'started' }>
type Ended = Exclude<TaskState, { kind: 'running' }>
type Progress = Pick<Task, 'done' | 'total'>

const mostRunning: Readonly<Record<Task['kind'], number>> = { export: 2, import: 1 }
/** Ended ones that are remembered, for a window that opens later. */
const mostEnded = 5
const tellEveryMs = 250

type Running = { readonly cancelled: AbortController; readonly ended: Promise<void> }

export function createTasks(parts: {
  readonly store: Pick<Store, 'readSearch' | 'keyStore' | 'imported' | 'settings'>
  readonly exportBeside: Exporting
  /** Whoever watches what is kept has to see an import as well. */
  readonly keeper: Pick<Keeper, 'keep'>
  /** The folder of attack-enterprise.json. */
  readonly resources: string
  readonly onChanged: (task: Task) => void
  /** After each commit of an import. */
  readonly onImported: (changes: readonly Change[]) => void
  /** After each commit that brought no more of them than what a user made of them. */
  readonly onCarried: (detections: readonly Detection[]) => void
  readonly onFault: (error: unknown) => void
  readonly now: () => number
  readonly schedule: Schedule
}): Tasks {
  const { store, keeper, onChanged, now, schedule } = parts
  const tasks = new Map<TaskId, Task>()
  const running = new Map<TaskId, Running>()
  /** What is still to be told of each, at the end of its pause. */
  const pauses = new Map<TaskId, { cancel(): void; isOwed: boolean }>()
  const writing = new Set<string>()
  let isStopping = false

  function refusal(wanted: Parameters<Tasks['refusal']>[0]): Refused | null {
    if (isStopping) return busy('Tocsin is ending.')
    if (
      [...tasks.values()].filter(({ kind, state }) => kind === wanted.kind && state.kind === 'running').length >= mostRunning[wanted.kind]
    )
      return busy(
        wanted.kind === 'import'
          ? 'An import is under way. Wait for it, or cancel it.'
          : 'Two exports are under way. Wait for one, or cancel one.',
      )
    if (wanted.kind === 'import' || wanted.of.kind === 'keys') return null
    const parsed = store.readSearch(wanted.of.text)
    return parsed.kind === 'refused' ? parsed : null
  }

  function begin(
    kind: Task['kind'],
    title: string,
    work: (signal: AbortSignal, tell: (progress: Progress) => void) => Promise<Ended>,
  ): Started {
    const id = randomUUID() as TaskId
    const cancelled = new AbortController()
    const task: Task = { id, kind, title, done: 0, total: null, state: { kind: 'running' } }
    tasks.set(id, task)
    const ended = work(cancelled.signal, (progress) => move(id, progress))
      .catch((error: unknown): Ended => {
        parts.onFault(error)
        return { kind: 'failed', detail: `It came to no end: ${error instanceof Error ? error.message : String(error)}.` }
      })
      .then((state) => end(id, state))
    running.set(id, { cancelled, ended })
    onChanged(task)
    return { kind: 'started', task }
  }

  function move(id: TaskId, progress: Progress): void {
    const task = tasks.get(id)
    if (task === undefined) return
    tasks.set(id, { ...task, ...progress })
    const pause = pauses.get(id)
    if (pause !== undefined) pause.isOwed = true
    else tell(id)
  }

  function tell(id: TaskId): void {
    const task = tasks.get(id)
    if (task === undefined || isStopping) return
    onChanged(task)
    const cancel = schedule(() => {
      const isOwed = pauses.get(id)?.isOwed === true
      pauses.delete(id)
      if (isOwed) tell(id)
    }, tellEveryMs)
    pauses.set(id, { cancel, isOwed: false })
  }

  function end(id: TaskId, state: Ended): void {
    pauses.get(id)?.cancel()
    pauses.delete(id)
    running.delete(id)
    const task = tasks.get(id)
    if (task === undefined) return
    const ended = { ...task, state }
    tasks.set(id, ended)
    const over = [...tasks.values()].filter((one) => one.state.kind !== 'running').slice(0, -mostEnded)
    for (const one of over) tasks.delete(one.id)
    if (!isStopping) onChanged(ended)
  }

  return {
    list: () => [...tasks.values()],
    refusal,

    export({ of, format, path }) {
      const refused = refusal({ kind: 'export', of })
      if (refused !== null) return refused
      if (writing.has(path)) return busy('An export to this file is under way. Choose another file.')
      writing.add(path)
      return begin('export', exportTitle(format, path), async (signal, tell) => {
        try {
          const exported = await parts.exportBeside({
            path,
            ...(of.kind === 'keys'
              ? { text: '', keys: of.keys }
              : { text: of.text, range: of.range, except: of.except ?? [], ...(of.asOf && { asOf: of.asOf }) }),
            format,
            attackFile: join(parts.resources, 'attack-enterprise.json'),
            replace: true,
            startedAt: now(),
            signal,
            onProgress: ({ looked, total }) => tell({ done: looked, total }),
          })
          return exportedWords(exported, path)
        } finally {
          writing.delete(path)
        }
      })
    },

    import(files, mayTakeUnsigned) {
      const refused = refusal({ kind: 'import' })
      if (refused !== null) return refused
      return begin('import', importTitle(files), async (signal, tell) => {
        const imported = await importHistory({
          files,
          check: await keptImportCheck(store.keyStore, now),
          takesUnsigned: (organization) => isDeclaredUnsigned(store.settings, organization) || mayTakeUnsigned(organization),
          keeper,
          imported: store.imported,
          now,
          signal,
          // What a pipe holds is not known before.
          onProgress: ({ read, total }) => tell({ done: read, total: total < read ? null : total }),
          onKept: parts.onImported,
          onCarried: parts.onCarried,
        })
        return importedWords(imported)
      })
    },

    unsignedConsent(organization) {
      const known = store.keyStore.organizations().find(({ id }) => id === organization)
      return unsignedImportWords((known?.name ?? organization).slice(0, 80))
    },

    cancel(id) {
      const one = running.get(id)
      if (one === undefined) tasks.delete(id)
      else one.cancelled.abort()
    },

    async stop() {
      isStopping = true
      for (const { cancelled } of running.values()) cancelled.abort()
      await Promise.all([...running.values()].map(({ ended }) => ended))
      for (const { cancel } of pauses.values()) cancel()
    },
  }
}

function busy(detail: string): Refused {
  return { kind: 'busy', detail }
}
