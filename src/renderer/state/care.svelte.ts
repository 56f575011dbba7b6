import type { BackupList, BackupMade, RetentionApplied, RetentionChoice, RetentionReport } from '../../shared/care.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

/** What retention would take, or took. */
export type Shown = { readonly choice: RetentionChoice; readonly report: RetentionReport; readonly isDone: boolean }

/** The care of the history: its backups, and what goes when it is old. */
export class Care {
  backups = $state.raw<BackupList | null>(null)
  backupTrouble = $state<string | null>(null)
  isMaking = $state(false)
  /** What came of the last backup that was asked for here. */
  made = $state.raw<BackupMade | null>(null)
  shown = $state.raw<Shown | null>(null)
  doing = $state<'preview' | 'apply' | 'save' | null>(null)
  retentionTrouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #newestAt: string | null | undefined

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('health:changed', ({ backups }) => {
      // One that was made by the day belongs into the list, where somebody looks at it.
      const isNew = this.#newestAt !== undefined && this.#newestAt !== backups.newestAt
      this.#newestAt = backups.newestAt
      if (isNew && this.backups !== null) void this.readBackups()
    })
  }

  async readBackups(): Promise<void> {
    try {
      this.backups = await this.#bridge.invoke('backups:list', null)
      this.backupTrouble = null
    } catch (error) {
      this.backupTrouble = reasonOf(error)
    }
  }

  async makeBackup(): Promise<void> {
    if (this.isMaking) return
    this.isMaking = true
    this.made = null
    try {
      this.made = await this.#bridge.invoke('backup:make', null)
    } catch (error) {
      this.made = { kind: 'failed', detail: reasonOf(error) }
    }
    this.isMaking = false
    await this.readBackups()
  }

  /** Something else was typed: what is shown is not what would go. */
  forget(): void {
    this.shown = null
    this.retentionTrouble = null
  }

  preview(choice: RetentionChoice): Promise<void> {
    return this.#do('preview', async () => {
      const report = await this.#bridge.invoke('retention:preview', { policy: choice })
      this.shown = { choice, report, isDone: false }
      return report.isWhole ? null : 'The look ended early. Nothing was changed.'
    })
  }

  /** Main asks before anything goes. */
  apply(choice: RetentionChoice): Promise<void> {
    return this.#do('apply', async () => {
      const applied: RetentionApplied = await this.#bridge.invoke('retention:apply', { policy: choice })
      if (applied.kind !== 'applied') return applied.detail
      this.shown = { choice, report: applied.report, isDone: true }
      return applied.report.isWhole ? null : 'It ended early. What went is gone, everything else is as it was, and the history holds.'
    })
  }

  /** null keeps everything. The settings that are pushed then say that it is so. */
  save(choice: RetentionChoice | null): Promise<void> {
    return this.#do('save', async () => {
      const saved = await this.#bridge.invoke('retention:save', { policy: choice })
      return saved.kind === 'saved' ? null : saved.detail
    })
  }

  async #do(what: 'preview' | 'apply' | 'save', work: () => Promise<string | null>): Promise<void> {
    if (this.doing !== null) return
    this.doing = what
    this.retentionTrouble = null
    try {
      this.retentionTrouble = await work()
    } catch (error) {
      this.retentionTrouble = reasonOf(error)
    } finally {
      this.doing = null
    }
  }

  stop(): void {
    this.#unlisten()
  }
}
