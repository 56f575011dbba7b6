import type { DetectionKey } from '../../shared/detection.ts'
import type { AsOf } from '../../shared/triage.ts'
import type { ExportFormat } from '../../shared/tasks.ts'
import type { TimeRange } from '../../shared/view.ts'
import type { Exported, ExportProgress } from '../export-history.ts'

/** What is to be exported where, as the thread is given it. */
export type ExportJob = {
  /** The history. */
  readonly file: string
  readonly path: string
  /** Where it is written until it is whole: whoever starts the thread removes it where the thread could not. */
  readonly temporary: string
  /** Whether a file that is there may go. */
  readonly replace: boolean
  readonly text: string
  readonly range?: TimeRange | null
  readonly except?: readonly DetectionKey[]
  readonly asOf?: AsOf
  readonly keys?: readonly DetectionKey[]
  readonly format: ExportFormat
  readonly attackFile: string
  /** Epoch ms: what relative times start from. */
  readonly startedAt: number
}

export type ExportTold =
  { readonly kind: 'progress'; readonly progress: ExportProgress } | { readonly kind: 'ended'; readonly exported: Exported }
