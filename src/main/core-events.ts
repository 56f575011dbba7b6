import type { Detection } from '../shared/detection.ts'
import type { Health } from '../shared/health.ts'
import type { Gap, WaysIn } from '../shared/inlets.ts'
import type { OrganizationState } from '../shared/organization.ts'
import type { QuarantineCounts } from '../shared/quarantine.ts'
import type { Settings } from '../shared/settings.ts'
import type { Task } from '../shared/tasks.ts'
import type { Change } from './ingest/delivery.ts'

/** What the core tells while it runs, after the fact. */
export type CoreEvents = {
  /** What deliveries changed, after their commit. */
  readonly changes: readonly Change[]
  /** What the user changed. */
  readonly touched: Detection
  readonly health: Health
  readonly organizations: readonly OrganizationState[]
  readonly quarantine: QuarantineCounts
  readonly settings: Settings
  readonly ways: WaysIn
  readonly gap: Gap
  /** Detections are gone, too many to name each. */
  readonly gone: null
  /** Another process changed the history, nobody says what; at most once a second. */
  readonly foreign: null
  readonly task: Task
}
