import type { Detection } from '../shared/detection.ts'
import type { DriftList } from '../shared/drift.ts'
import type { Health } from '../shared/health.ts'
import type { Gap } from '../shared/inlets.ts'
import type { NewOrganization, OrganizationAdded, OrganizationChange, OrganizationChanged, Requests, SampleOutcome } from '../shared/ipc.ts'
import type { OrganizationCount, OrganizationState } from '../shared/organization.ts'
import type { CarePlace } from './care/care.ts'
import type { StartCareProcess } from './care/history-files.ts'
import type { CoreEvents } from './core-events.ts'
import type { DeskPlace } from './desk/desk.ts'
import type { InsightPlace } from './desk/insight.ts'
import type { DetectionPlace } from './detection-place.ts'
import type { HooksPlace } from './hooks/hooks-place.ts'
import type { InboxPlace } from './inbox/inbox-place.ts'
import type { Schedule } from './ingest/refresher.ts'
import type { InletFactories } from './ways/inlet-runners.ts'
import type { Listeners } from './publish.ts'
import type { QuarantinePlace } from './quarantine.ts'
import type { Reception } from './ways/reception.ts'
import type { RulesPlace } from './rules/rules-place.ts'
import type { Keychain } from './secrets.ts'
import type { SettingsPlace } from './settings-place.ts'
import type { SlashIdAccess } from './slashid-access.ts'
import type { SpeakingPlace } from './speaking/speaking.ts'
import type { Tasks } from './tasks.ts'
import type { TriagePlace } from './triage/triage-place.ts'
import type { CreateTunnel } from './ways/tunnel-keeper.ts'
import type { UnsignedInlet } from './ways/unsigned-inlet.ts'
import type { WaysInManager } from './ways/ways-in-parts.ts'

export type CoreParts = {
  readonly profile: string
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
  /** Without one, secrets last until the app quits. */
  readonly keychain?: Keychain
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The program of reader/thread.ts, as built or as it is. */
  readonly readerThread: URL | string
  /** The program of exporting/thread.ts, likewise. */
  readonly exportThread: URL | string
  /** The program of store/log-thread.ts, likewise. Without it commits write the log back themselves. */
  readonly logThread?: URL | string
  /** Starts store/care-process.ts beside this process. */
  readonly careProcess: StartCareProcess
  /** The folder of the files that the running app opens. */
  readonly resources: string
  /** The real ones where there are no others. */
  readonly inlets?: InletFactories
  readonly tunnel?: CreateTunnel
}

/** Everything Tocsin does without a window: the way of a delivery from the receiver to the history, and what can be asked of it. */
export type Core = SettingsPlace & {
  subscribe(listeners: Listeners<CoreEvents>): () => void
  health(): Health
  /** Where deliveries reach this app on loopback, secret included; null while there is no port yet. */
  receiverUrl(): string | null
  /** Tries the same address again, e.g. after another program has given the port back. */
  restartReceiver(): Promise<Health>
  readonly desk: DeskPlace
  readonly insight: InsightPlace
  readonly triage: TriagePlace
  readonly inbox: InboxPlace
  readonly rules: RulesPlace
  readonly hooks: HooksPlace
  readonly speaking: SpeakingPlace
  readonly open: DetectionPlace['open']
  readonly evidence: DetectionPlace['evidence']
  readonly tasks: Omit<Tasks, 'stop'>
  readonly care: CarePlace
  /** The window is gone: what only served it is given back, until it is asked something again. */
  rest(): void
  unread(): number
  newest(most: number): readonly Detection[]
  organizations(): readonly OrganizationState[]
  organizationCounts(): readonly OrganizationCount[]
  /** Believes an organization from now on. */
  addOrganization(wanted: NewOrganization): Promise<OrganizationAdded>
  changeOrganization(change: OrganizationChange): Promise<OrganizationChanged>
  readonly quarantine: QuarantinePlace
  readonly drift: { list(): DriftList }
  readonly registration: SlashIdAccess['registration']
  readonly secretHeader: SlashIdAccess['secretHeader']
  readonly unsigned: Pick<UnsignedInlet, 'read' | 'switch'>
  readonly ways: Pick<WaysInManager, 'read' | 'consent'>
  readonly inlets: Reception['inlets']
  readonly tunnel: WaysInManager['tunnel']
  readonly gaps: { list(query: Requests['gaps:list']['argument']): readonly Gap[] }
  /** Told by whoever watches the computer. */
  readonly wake: WaysInManager['wake'] & {
    /** The clock jumped, or its time zone is another: what was over may hold again, and the other way round. */
    clockSet(): void
  }
  /** Signs one detection of the demo organization and sends it to the receiver, the way SlashID would. */
  sendSample(): Promise<SampleOutcome>
  /** In reverse order of the start: no new deliveries, those in flight are kept and answered, then the history closes. */
  stop(): Promise<void>
}
