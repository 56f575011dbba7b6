/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Bridge, Notice } from '../../shared/ipc.ts'
import type { ExportFormat, Task, TaskId, TaskStarted } from '../../shared/tasks.ts'
import type { TriageOf } from '../../shared/triage.ts'
import { reasonOf } from './reason.ts'

/** Exports and imports: those under way, and those that ended and were not dismissed. Listens, then asks, then merges by id. */
export class Tasks {
  /** In the order they were begun. */
  list = $state.raw<readonly Task[]>([])
  /** What ended last, for whoever does not look at the panel. */
  said = $state('')
  isChoosing = $state(false)
  readonly #bridge: Bridge
  readonly #tell: (notice: Notice) => void
  readonly #unlisten: () => void
  readonly #dismissed = new Set<TaskId>()

  constructor(bridge: Bridge, tell: (notice: Notice) => void) {
    this.#bridge = bridge
    this.#tell = tell
    this.#unlisten = bridge.on('task:changed', (task) => this.#take(task))
    void this.#read()
  }

  startExport(of: TriageOf, format: ExportFormat): Promise<void> {
    return this.#start('No export was begun', () => this.#bridge.invoke('export:start', { of, format }))
  }

  startImport(): Promise<void> {
    return this.#start('No import was begun', () => this.#bridge.invoke('import:start', null))
  }

  /** Cancels what is under way, or dismisses what ended. */
  async end(task: Task): Promise<void> {
    if (task.state.kind !== 'running') {
      this.#dismissed.add(task.id)
      this.list = this.list.filter(({ id }) => id !== task.id)
    }
    try {
      await this.#bridge.invoke('task:cancel', task.id)
    } catch (error) {
      this.#tell({ id: 'task', tone: 'trouble', title: 'It could not be cancelled', text: reasonOf(error) })
    }
  }

  async #start(trouble: string, ask: () => Promise<TaskStarted>): Promise<void> {
    if (this.isChoosing) return
    this.isChoosing = true
    try {
      const started = await ask()
      if (started.kind === 'started' && !this.list.some(({ id }) => id === started.task.id)) this.#take(started.task)
      if (started.kind === 'busy' || started.kind === 'refused')
        this.#tell({ id: 'task', tone: 'trouble', title: trouble, text: started.detail })
    } catch (error) {
      this.#tell({ id: 'task', tone: 'trouble', title: trouble, text: reasonOf(error) })
    } finally {
      this.isChoosing = false
    }
  }

  async #read(): Promise<void> {
    try {
      const answered = await this.#bridge.invoke('tasks:list', null)
      const told = new Map(this.list.map((task) => [task.id, task]))
      const known = new Set(answered.map(({ id }) => id))
      this.list = [...answered.map((task) => told.get(task.id) ?? task), ...this.list.filter(({ id }) => !known.has(id))]
    } catch {
      // What is under way tells of itself again soon.
    }
  }

  #take(task: Task): void {
    if (this.#dismissed.has(task.id)) return
    const before = this.list.find(({ id }) => id === task.id)
    this.list = before === undefined ? [...this.list, task] : this.list.map((one) => (one.id === task.id ? task : one))
    if (before === undefined && task.state.kind === 'running') this.said = `${task.title}: begun.`
    if (task.state.kind !== 'running') this.said = `${task.title}. ${task.state.detail}`
  }

  stop(): void {
    this.#unlisten()
  }
}
