import type {
  BackupList,
  BackupMade,
  IntegrityHealth,
  RetentionApplied,
  RetentionChoice,
  RetentionReport,
  RetentionSaved,
} from '../../shared/care.ts'
import type { DetectionKey } from '../../shared/detection.ts'
import type { Settings } from '../../shared/settings.ts'
import type { HealthMonitor } from '../health.ts'
import { toInstant } from '../ingest/instant.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { historyFile } from '../profile.ts'
import { backupFolder, megabytes } from '../store/backup-folder.ts'
import type { SearchIndex } from '../store/search-damage.ts'
import type { Store } from '../store/store.ts'
import { createBackups, type BackupOutcome } from './backup.ts'
import { createHistoryFiles, type StartCareProcess } from './history-files.ts'
import { retentionWords } from './retention-words.ts'
import { createRetentionRuns } from './retention-runs.ts'
import { createEndWatch } from './unclean-end.ts'

type Consent = { readonly message: string; readonly detail: string }

/** What can be asked of the care of the history. */
export type CarePlace = {
  readonly backups: { list(): BackupList; make(): Promise<BackupMade> }
  readonly retention: {
    preview(choice: RetentionChoice): Promise<RetentionReport>
    /** What to ask the user before anything goes. */
    consent(choice: RetentionChoice, how: 'now' | 'daily'): Consent
    apply(choice: RetentionChoice): Promise<RetentionApplied>
    /** null keeps everything from now on. */
    save(choice: RetentionChoice | null): RetentionSaved
  }
  /** Marks a detection as one that retention never takes, or takes the mark away. null where there is no such detection. */
  keep(key: DetectionKey, isKept: boolean): { readonly isKept: boolean } | null
}

/** Keeps the history well: backups and retention by the day, and a look at it after an end that was none. */
export type Care = {
  readonly place: CarePlace
  /** Before anything is received: notes that the history is open, and looks at it, beside all else, where the last end was none. */
  open(): void
  /** What comes by the day. */
  start(): void
  /** To be told of what searches go by, where that was damaged. */
  searchMending(health: IntegrityHealth): void
  /** Ends what is under way, so that nobody else has the history open. */
  stop(): Promise<void>
  /** When the history is closed. */
  closed(): Promise<void>
}

export function createCare(parts: {
  readonly profile: string
  readonly store: Pick<Store, 'retention' | 'settings'>
  readonly careProcess: StartCareProcess
  /** Begins indexes of searches anew that are damaged, and tells `searchMending`. */
  readonly mendSearch: (indexes: readonly SearchIndex[]) => void
  readonly health: Pick<HealthMonitor, 'integrity' | 'backups' | 'retention'>
  readonly publish: { (event: 'settings', settings: Settings): void; (event: 'gone', detections: null): void }
  readonly log: { error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly schedule: Schedule
}): Care {
  const { profile, store, mendSearch, health, publish, log, now, schedule } = parts
  const files = createHistoryFiles(parts.careProcess)
  const history = historyFile(profile)
  const folder = backupFolder(history)
  let structure: IntegrityHealth = { kind: 'ok' }
  let search: IntegrityHealth | null = null
  /** What is wrong with the whole is told before what is wrong with what searches go by. */
  function tellIntegrity(news: IntegrityHealth): void {
    health.integrity(search === null || structure.kind === 'damaged' || structure.kind === 'checking' ? structure : search)
    if (news.kind === 'damaged' || news.kind === 'unknown' || news.kind === 'mending') log.error(news.detail)
  }
  const endWatch = createEndWatch({
    profile,
    history,
    files,
    now,
    onHealth(integrity) {
      structure = integrity
      tellIntegrity(integrity)
    },
    onSearchDamage: mendSearch,
  })
  const backups = createBackups({
    history,
    folder,
    files,
    now,
    schedule,
    onSearchDamage: mendSearch,
    onHealth(backup) {
      health.backups(backup)
      if (backup.kind === 'failing') log.error(backup.detail)
    },
  })
  const runs = createRetentionRuns({
    retention: store.retention,
    daily: () => store.settings.read().retention,
    onHealth(retention) {
      health.retention(retention)
      if (retention.kind === 'failing') log.error(retention.detail)
    },
    onGone: () => publish('gone', null),
    now,
    schedule,
  })

  return {
    place: {
      backups: {
        list: () => ({
          folder,
          backups: backups.list().map(({ name, madeAt, sequence, bytes, beforeSchema }) => {
            return { name, madeAt: toInstant(madeAt), deliveries: sequence, bytes, beforeSchema }
          }),
        }),
        make: async () => toMade(await backups.make()),
      },
      retention: {
        preview: runs.preview,
        consent: (choice, how) => ({
          message: how === 'now' ? 'Let go of old detections now?' : 'Let go of old detections every day?',
          detail: `${retentionWords(choice)} Their content cannot be brought back but from a backup; that they were received stays provable.`,
        }),
        apply: runs.apply,
        save(retention) {
          publish('settings', store.settings.write({ retention }))
          return { kind: 'saved' }
        },
      },
      keep: (key, isKept) => (store.retention.keep(key, isKept) ? { isKept } : null),
    },
    open() {
      endWatch.start()
      health.backups(backups.health())
    },
    start() {
      backups.start()
      runs.start()
    },
    searchMending(news) {
      search = news
      tellIntegrity(news)
    },
    async stop() {
      await Promise.all([backups.stop(), runs.stop(), endWatch.stopLooking()])
    },
    async closed() {
      await endWatch.stop().catch((error: unknown) => log.error('that the history was closed could not be noted', error))
    },
  }
}

function toMade(outcome: BackupOutcome): BackupMade {
  switch (outcome.kind) {
    case 'made': {
      const { backup, copyMs, verifyMs } = outcome
      const took = ((copyMs + verifyMs) / 1000).toFixed(1)
      return {
        kind: 'made',
        detail: `A backup of ${backup.sequence.toLocaleString('en')} deliveries was made and verified: ${megabytes(backup.bytes)}, ${took} s.`,
      }
    }
    case 'failed':
      return outcome
    case 'cancelled':
      return { kind: 'cancelled', detail: 'No backup was made: Tocsin is quitting.' }
    case 'nothing-to-back-up':
      return { kind: 'nothing-to-back-up', detail: 'There are no deliveries to back up yet.' }
  }
}
