import type { Health } from '../shared/health.ts'
import type { Hook } from '../shared/hooks.ts'
import type { Gap, WaysIn } from '../shared/inlets.ts'
import type { DetectionsChanged } from '../shared/ipc.ts'
import type { OrganizationState } from '../shared/organization.ts'
import type { QuarantineCounts } from '../shared/quarantine.ts'
import type { Rules } from '../shared/rules.ts'
import type { SavedView } from '../shared/saved-views.ts'
import type { Settings } from '../shared/settings.ts'
import type { Task } from '../shared/tasks.ts'
import type { Change } from './ingest/delivery.ts'

/** What the core tells while it runs, after the fact. */
export type CoreEvents = {
  /** What deliveries changed, after their commit. */
  readonly changes: readonly Change[]
  /** What the user changed. */
  readonly touched: DetectionsChanged
  /** There are more lines in the inbox, or they say something else. */
  readonly inbox: null
  readonly health: Health
  readonly organizations: readonly OrganizationState[]
  readonly quarantine: QuarantineCounts
  readonly settings: Settings
  readonly views: readonly SavedView[]
  /** What decides when to speak, whenever the user changed it. */
  readonly rules: Rules
  /** Where they send, and how that goes; at most four times a second. */
  readonly hooks: readonly Hook[]
  readonly ways: WaysIn
  readonly gap: Gap
  /** Detections are gone, too many to name each. */
  readonly gone: null
  /** Another process changed the history, nobody says what; at most once a second. */
  readonly foreign: null
  readonly task: Task
}
