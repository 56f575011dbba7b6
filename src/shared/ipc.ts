/** The one contract between main and the page. A request without a handler, or a handler without a check of its arguments, does not compile. */
import type { BackupList, BackupMade, RetentionApplied, RetentionChoice, RetentionReport, RetentionSaved } from './care.ts'
import type { AttackAnswer, AttackMatrix } from './attack.ts'
import type { Detection, DetectionKey, Instant, Json, OrganizationId, Sequence, Transition, Trust } from './detection.ts'
import type { DriftList } from './drift.ts'
import type { EntityDetail, EntityKey, EntityList } from './entity.ts'
import type { Health } from './health.ts'
import type { Hook, HookDraft, HookId, HookSaved, HookTested } from './hooks.ts'
import type { Digest, DigestSeen, DigestUnseen, InboxFilter, InboxPage, LookId, NotificationId, SaidOf } from './inbox.ts'
import type { Gap, InletDraft, InletId, InletSaved, Tested, TunnelSaved, TunnelSetUp, WaysIn } from './inlets.ts'
import type { OrganizationColour, OrganizationCount, OrganizationState } from './organization.ts'
import type { CountAnswer, FacetsAnswer, HistogramAnswer } from './overview.ts'
import type { PostureAsked, PostureOverview, ReportFormat } from './posture.ts'
import type { Looked, QuarantineCounts, QuarantinePage, Untrusted } from './quarantine.ts'
import type { RegistrationState, SecretHeaderState, SecretWritten } from './registration.ts'
import type {
  Arrangement,
  DryRunAnswer,
  Impact,
  MuteDraft,
  MuteId,
  RuleDraft,
  RuleId,
  Rules,
  RulesSaved,
  SuppressionDraft,
  SuppressionId,
} from './rules.ts'
import type { SavedView, SavedViewDraft, ViewCount, ViewSaved } from './saved-views.ts'
import type { Settings } from './settings.ts'
import type { ExportFormat, Task, TaskId, TaskStarted } from './tasks.ts'
import type { AsOf, Note, Triaged, TriageChange, TriageEntry, TriageOf, Undone, UndoId } from './triage.ts'
import type { UnsignedInletState, UnsignedSwitched } from './unsigned.ts'
import type { TimeRange, Wanted } from './view.ts'

/** Requests (`noun:verb`): the page asks, main answers. */
export type Requests = {
  /** `skip` passes over that many rows after `before`; only the list of everything (no text, no range) can. */
  'timeline:page': {
    argument: Wanted & { readonly before: PageKey | null; readonly skip: number; readonly limit: number }
    answer: PageAnswer
  }
  /** At most `bars` of them. The two parts of the timeline are asked apart: a later question ends an earlier one of the same part only. */
  'timeline:histogram': { argument: Wanted & { readonly part: 'lanes' | 'minimap'; readonly bars: number }; answer: HistogramAnswer }
  'timeline:facets': { argument: Wanted; answer: FacetsAnswer }
  /** How many a search finds. */
  'timeline:count': { argument: Wanted; answer: CountAnswer }
  /** Values seen of a field of the search language that begin like this, most first, at most 20. */
  'search:complete': { argument: { readonly field: string; readonly begins: string }; answer: readonly string[] }
  'entities:list': { argument: { readonly range: TimeRange | null; readonly begins: string }; answer: EntityList }
  /** null where no detection names it. */
  'entity:read': { argument: EntityKey; answer: EntityDetail | null }
  'posture:read': { argument: PostureAsked; answer: PostureOverview }
  /** Writes what an auditor can be handed to a file that the user chooses. */
  'report:save': { argument: PostureAsked & { readonly format: ReportFormat }; answer: FileSaved }
  'attack:matrix': { argument: null; answer: AttackMatrix }
  'attack:read': { argument: Wanted; answer: AttackAnswer }
  /** What happened since then; null is since the user looked last. */
  'digest:read': { argument: { readonly since: Instant | null }; answer: Digest }
  /** The user has seen what happened until then. */
  'digest:seen': { argument: { readonly until: Instant }; answer: DigestSeen }
  /** Takes such a mark back: the last look is the one before it again. */
  'digest:unseen': { argument: LookId; answer: DigestUnseen }
  /** Of one notification only, where `notification` names it. */
  'inbox:page': {
    argument: {
      readonly filter: InboxFilter
      readonly notification: NotificationId | null
      readonly before: number | null
      readonly limit: number
    }
    answer: InboxPage
  }
  'rules:list': { argument: null; answer: Rules }
  /** A new one comes last. */
  'rule:save': { argument: RuleDraft; answer: RulesSaved }
  /** All of it at once, or nothing. */
  'rules:arrange': { argument: Arrangement; answer: RulesSaved }
  'rule:remove': { argument: RuleId; answer: RulesSaved }
  /** What these rules would have said of what is in the history; `about` is the place of the one that is being edited. */
  'rules:try': { argument: { readonly rules: readonly RuleDraft[]; readonly about: number | null }; answer: DryRunAnswer }
  'mute:add': { argument: MuteDraft; answer: RulesSaved }
  /** As if it had not been added: what it took the place of is back. */
  'mute:take-back': { argument: MuteId; answer: RulesSaved }
  'mute:remove': { argument: MuteId; answer: RulesSaved }
  /** One that was removed since Tocsin began is muted again as it was. */
  'mute:restore': { argument: MuteId; answer: RulesSaved }
  /** What it would have hidden. */
  'suppression:try': { argument: { readonly query: string }; answer: Impact }
  'suppression:add': { argument: SuppressionDraft; answer: RulesSaved }
  /** From now on it holds no more; it stays in the list. */
  'suppression:lift': { argument: SuppressionId; answer: RulesSaved }
  /** As if it had not been lifted. */
  'suppression:restore': { argument: SuppressionId; answer: RulesSaved }
  'hooks:list': { argument: null; answer: readonly Hook[] }
  /** The user is asked before anything is sent to a host for the first time. */
  'hook:save': { argument: HookDraft; answer: HookSaved }
  'hook:remove': { argument: HookId; answer: HookSaved }
  'hook:test': { argument: HookId; answer: HookTested }
  'views:list': { argument: null; answer: readonly SavedView[] }
  'view:save': { argument: SavedViewDraft; answer: ViewSaved }
  'view:remove': { argument: { readonly id: number }; answer: ViewSaved }
  'views:count': { argument: null; answer: readonly ViewCount[] }
  'triage:write': { argument: { readonly of: TriageOf; readonly change: TriageChange }; answer: Triaged }
  'triage:undo': { argument: UndoId; answer: Undone }
  'detection:open': { argument: DetectionKey; answer: DetectionDetail | null }
  /** Marks one that retention never takes, or takes the mark away; null where there is no such detection. */
  'detection:keep': { argument: { readonly key: DetectionKey; readonly keep: boolean }; answer: { readonly isKept: boolean } | null }
  'evidence:save': { argument: DetectionKey; answer: EvidenceSaved }
  'health:read': { argument: null; answer: Health }
  'app:read': { argument: null; answer: AppFacts }
  'sample:send': { argument: null; answer: SampleOutcome }
  'organizations:list': { argument: null; answer: readonly OrganizationState[] }
  'organizations:count': { argument: null; answer: readonly OrganizationCount[] }
  'organization:add': { argument: NewOrganization; answer: OrganizationAdded }
  'organization:change': { argument: OrganizationChange; answer: OrganizationChanged }
  'quarantine:page': { argument: { readonly before: Sequence | null; readonly limit: number }; answer: QuarantinePage }
  'quarantine:open': { argument: Sequence; answer: Untrusted | null }
  'quarantine:look': { argument: OrganizationId; answer: Looked }
  'quarantine:discard': { argument: readonly Sequence[]; answer: QuarantineCounts }
  'drift:list': { argument: null; answer: DriftList }
  /** `look` asks SlashID; without it the answer is what is known here. */
  'registration:read': { argument: { readonly organizationId: OrganizationId; readonly look: boolean }; answer: RegistrationState }
  /** With the address of one way in, where `inlet` names it; a webhook that has another gets this one. */
  'registration:register': {
    argument: { readonly organizationId: OrganizationId; readonly name: string; readonly inlet?: InletId }
    answer: RegistrationState
  }
  'registration:repair': { argument: OrganizationId; answer: RegistrationState }
  'registration:remove': { argument: OrganizationId; answer: RegistrationState }
  /** An API key of the organization, or `file:/path` or `env:NAME` to read it from. It can be written, never read. */
  'secret:write': { argument: { readonly organizationId: OrganizationId; readonly value: string }; answer: SecretWritten }
  'secret:forget': { argument: OrganizationId; answer: RegistrationState }
  'secret-header:read': { argument: null; answer: SecretHeaderState }
  'secret-header:renew': { argument: null; answer: SecretHeaderState }
  'unsigned:read': { argument: null; answer: UnsignedInletState }
  /** null switches it off. */
  'unsigned:switch': { argument: { readonly organizationId: OrganizationId | null }; answer: UnsignedSwitched }
  'receiver:restart': { argument: null; answer: Health }
  'ways:read': { argument: null; answer: WaysIn }
  'inlet:save': { argument: InletDraft; answer: InletSaved }
  'inlet:switch': { argument: { readonly id: InletId; readonly isOn: boolean }; answer: WaysIn }
  'inlet:remove': { argument: InletId; answer: WaysIn }
  /** Connects anew at once. */
  'inlet:reconnect': { argument: InletId; answer: WaysIn }
  /** Sends a sample through the public address of an inlet, and says how far it came. */
  'inlet:test': { argument: InletId; answer: Tested }
  /** null: none is run by Tocsin. The user is asked before a command is run for the first time. */
  'tunnel:save': { argument: TunnelSetUp | null; answer: TunnelSaved }
  'tunnel:restart': { argument: null; answer: WaysIn }
  /** Newest first, of every inlet, or of one; those that end or last at or after `since`. */
  'gaps:list': {
    argument: { readonly inlet: InletId | null; readonly since: Instant | null; readonly limit: number }
    answer: readonly Gap[]
  }
  /** The user chooses where to in a dialog. */
  'export:start': { argument: { readonly of: TriageOf; readonly format: ExportFormat }; answer: TaskStarted }
  /** The user chooses the files in a dialog. */
  'import:start': { argument: null; answer: TaskStarted }
  /** One that has ended is forgotten. */
  'task:cancel': { argument: TaskId; answer: null }
  /** What is under way, and what ended last, in the order they were begun. */
  'tasks:list': { argument: null; answer: readonly Task[] }
  'backups:list': { argument: null; answer: BackupList }
  /** Makes one now, or waits for the one that is being made. */
  'backup:make': { argument: null; answer: BackupMade }
  'retention:preview': { argument: { readonly policy: RetentionChoice }; answer: RetentionReport }
  /** The user is asked before anything goes. */
  'retention:apply': { argument: { readonly policy: RetentionChoice }; answer: RetentionApplied }
  /** What goes every day; null keeps everything. The user is asked before anything may go. */
  'retention:save': { argument: { readonly policy: RetentionChoice | null }; answer: RetentionSaved }
  'settings:read': { argument: null; answer: Settings }
  'settings:write': { argument: Partial<Settings>; answer: SettingsWritten }
  'clipboard:write': { argument: string; answer: null }
}

/** Pushes (`noun:pastTense`): main tells, the page merges by id. */
export type Pushes = {
  'detections:changed': DetectionsChanged
  'detection:chosen': DetectionKey
  /** A link led here: an address of the app, without its `#/`. */
  'address:chosen': string
  /** There are more lines, or they say something else. */
  'inbox:changed': null
  'views:changed': readonly SavedView[]
  'rules:changed': Rules
  /** At most four times a second. */
  'hooks:changed': readonly Hook[]
  'health:changed': Health
  'ways:changed': WaysIn
  /** One that began, ended, or became known better. */
  'gap:changed': Gap
  'organizations:changed': readonly OrganizationState[]
  'quarantine:changed': QuarantineCounts
  'settings:changed': Settings
  /** At most four times a second for each while it is under way. */
  'task:changed': Task
  'notice:raised': Notice
}

export type RequestName = keyof Requests
export type PushName = keyof Pushes
export type Argument<N extends RequestName> = Requests[N]['argument']
export type Answer<N extends RequestName> = Requests[N]['answer']

/** What the preload script puts on `window.tocsin`. */
export type Bridge = {
  invoke<N extends RequestName>(name: N, argument: Argument<N>): Promise<Answer<N>>
  /** Listens until the returned function is called. */
  on<N extends PushName>(name: N, listener: (value: Pushes[N]) => void): () => void
}

/** Where a page ends: the next one starts strictly before it. Lists go by changedAt, then by row. */
export type PageKey = { readonly changedAt: Instant; readonly row: number }

export type Page = {
  /** Newest first. */
  readonly detections: readonly Detection[]
  /** The key of its first row; null where there is none. */
  readonly first: PageKey | null
  /** null where this page reaches the oldest. */
  readonly next: PageKey | null
  /** All detections in the history, whatever the text. */
  readonly total: number
  /** Where the search took too long: how far back it looked, by changedAt. `next` goes on from there. */
  readonly searchedTo: Instant | null
  /** Words of the newest deliveries may not be found yet where it is not. */
  readonly isWhole: boolean
  /** All of it that somebody sees is no newer. */
  readonly asOf: AsOf
}

/** A search that cannot be meant is refused in words for people; `at` and `length` are the characters of its text that they are about. */
export type SearchRefused = { readonly kind: 'refused'; readonly at: number; readonly length: number; readonly detail: string }
export type PageAnswer = ({ readonly kind: 'page' } & Page) | SearchRefused

export type DetectionsChanged = {
  readonly changed: readonly Detection[]
  /** More changed than are listed here: ask again. */
  readonly more: boolean
}

export type DetectionDetail = {
  readonly detection: Detection
  readonly transitions: readonly Transition[]
  /** Newest first. */
  readonly deliveries: readonly DeliverySummary[]
  /** Marked as one that retention never takes. */
  readonly isKept: boolean
  /** Newest first. */
  readonly notes: readonly Note[]
  readonly triageHistory: readonly TriageEntry[]
  /** Why the verdict is what it is, where the user said so. */
  readonly verdictReason: string | null
  /** What became of its changes, where that was decided on this computer: why each was told, or not. The newest first, at most 20. */
  readonly said: readonly SaidOf[]
  /** How many detections of this history share its entity and its connection, itself included; null without one. */
  readonly entityCount: number | null
  readonly connectionCount: number | null
}

/** Where the user had a file written to; `detail` is for people. */
export type FileSaved = EvidenceSaved

/** Where the user had the evidence written to; `detail` is for people. */
export type EvidenceSaved =
  { readonly kind: 'saved'; readonly path: string } | { readonly kind: 'cancelled' } | { readonly kind: 'failed'; readonly detail: string }

export type DeliverySummary = {
  readonly sequence: Sequence
  readonly inlet: string
  readonly receivedAt: Instant
  readonly trust: Trust
  readonly keyId: string | null
  readonly issuedAt: Instant | null
  readonly expiresAt: Instant | null
  /** Size of the raw body in bytes. */
  readonly size: number
  /** Its `jti` came before, with another signing input. */
  readonly isJtiReused: boolean
  /** Decoded header and claims. The body of an unsigned one stands under `claims` as it came. */
  readonly header: Json
  readonly claims: Json
}

export type AppFacts = {
  readonly version: string
  readonly electron: string
  readonly profile: string
  readonly platform: string
  /** Where SlashID's deliveries reach this app on loopback, secret included; null before the receiver has an address. */
  readonly receiverUrl: string | null
}

export type SampleOutcome =
  { readonly kind: 'arrived'; readonly key: DetectionKey; readonly afterMs: number } | { readonly kind: 'failed'; readonly detail: string }

export type NewOrganization = {
  readonly id: string
  readonly issuer: string
  readonly name: string
  /** A JWK set as JSON text pins the keys; null has them fetched from the issuer. */
  readonly jwks: string | null
  /** One that no other organization has, where none is given. */
  readonly colour?: OrganizationColour
}
export type OrganizationAdded =
  { readonly kind: 'added'; readonly organization: OrganizationState } | { readonly kind: 'refused'; readonly detail: string }

export type OrganizationChange = { readonly id: OrganizationId; readonly name: string; readonly colour: OrganizationColour }
export type OrganizationChanged =
  { readonly kind: 'changed'; readonly organization: OrganizationState } | { readonly kind: 'refused'; readonly detail: string }

export type SettingsWritten =
  { readonly kind: 'written'; readonly settings: Settings } | { readonly kind: 'refused'; readonly detail: string }

/** Something a person should know now: what happened, what is safe, what to do next. */
export type Notice = { readonly id: string; readonly tone: 'info' | 'trouble'; readonly title: string; readonly text: string }
