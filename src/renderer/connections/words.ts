import type { Counters, ReceiverHealth } from '../../shared/health.ts'
import { assertNever } from '../../shared/assert-never.ts'
import type { Looked, Quarantined, QuarantineCounts } from '../../shared/quarantine.ts'
import type { DriftKind } from '../../shared/drift.ts'
import type { Refusal, Wait } from '../../shared/trust.ts'

/** Why a delivery was not believed, for people. */
export const refusalWords: Readonly<Record<Refusal, string>> = {
  'not-a-token': 'The body is not a signed token',
  'not-json': 'The unsigned way in takes one JSON object, and the body is none',
  'header-malformed': 'The token’s header cannot be read',
  'algorithm-not-allowed': 'Signed by another method than ES256',
  'key-id-missing': 'The token does not say which key signed it',
  'claims-malformed': 'The token’s claims cannot be read',
  'organization-unknown': 'Addressed to an organization you have not added',
  'issuer-mismatch': 'Issued by another environment than the organization’s',
  'target-mismatch': 'Meant for another address',
  'webhook-mismatch': 'Sent by another webhook',
  'key-unknown': 'Signed by a key the organization does not have',
  'signature-invalid': 'The signature is wrong',
  expired: 'Expired before it came',
  'issued-in-future': 'Issued in the future: check this computer’s clock',
}

/** Why a delivery waits, for people. */
export const waitWords: Readonly<Record<Wait, string>> = {
  'keys-not-fetched': 'The organization’s keys could not be fetched yet',
  'key-not-found': 'Signed by a key the organization has not published yet',
}

export function reasonWords(standing: Quarantined['standing']): string {
  return standing.kind === 'waiting' ? waitWords[standing.because] : refusalWords[standing.because]
}

/** What asking the issuer came to, and then what that did. */
export function lookedWords(looked: Looked, timeOf: (at: string) => string): string {
  const { released, refused, waiting } = looked
  const done = [
    released > 0 ? `${released.toLocaleString('en')} released onto the timeline` : null,
    refused > 0 ? `${refused.toLocaleString('en')} refused` : null,
    waiting > 0 ? `${waiting.toLocaleString('en')} still ${waiting === 1 ? 'waits' : 'wait'}` : 'none waits any more',
  ]
  return `${askedWords(looked.keys, timeOf)} Now: ${done.filter((part) => part !== null).join(', ')}.`
}

function askedWords(keys: Looked['keys'], timeOf: (at: string) => string): string {
  switch (keys.kind) {
    case 'fetched':
      return 'The issuer answered with its keys.'
    case 'pinned':
      return 'Its keys are pinned, so nobody was asked.'
    case 'failed':
      return `${keys.detail} Nothing is lost.`
    case 'later':
      return `The issuer was asked often enough for now. It is asked again at ${timeOf(keys.at)}.`
    case 'organization-unknown':
      return 'This organization is not among yours.'
    default:
      return assertNever(keys)
  }
}

/** What went from quarantine for good, and why. */
export function removedWords({ crowdedOut, discarded }: QuarantineCounts): string {
  const parts = [
    crowdedOut > 0 ? `${crowdedOut.toLocaleString('en')} older refused made room for newer ones` : null,
    discarded > 0 ? `${discarded.toLocaleString('en')} discarded by you` : null,
  ].filter((part) => part !== null)
  return `${parts.join(', ')}; a tombstone of each stays in the history`
}

export function countWords({ detections, unread }: { readonly detections: number; readonly unread: number }): string {
  const many = unread >= 10_000 ? '10,000+' : unread.toLocaleString('en')
  return `${detections.toLocaleString('en')} ${detections === 1 ? 'detection' : 'detections'}, ${many} unread`
}

/** What is new, as a heading of its values. */
export const driftWords: Readonly<Record<DriftKind, string>> = {
  field: 'Field',
  form: 'Field in another form',
  type: 'Detection type',
  status: 'Status',
  'entity-type': 'Entity type',
  'source-type': 'Source type',
  'tracking-status': 'Tracking status',
  category: 'Trigger and category disagree',
  trigger: 'Other trigger',
  'trigger-type': 'Trigger type',
  claim: 'Claim',
  header: 'Header member',
  unreadable: 'Unreadable, because',
  overflow: 'More, only counted',
}

export type CounterRow = { readonly label: string; readonly meaning: string; readonly count: number; readonly isPart: boolean }

/** The counters as a table: each number with what it means, refusals by reason, the largest first. */
export function toCounterRows(counters: Counters): readonly CounterRow[] {
  const reasons = Object.entries(counters.refused).filter(([, count]) => count > 0) as [Refusal, number][]
  const refused = reasons.reduce((sum, [, count]) => sum + count, 0)
  const row = (label: string, count: number, meaning: string): CounterRow => ({ label, count, meaning, isPart: false })
  return [
    row('Received', counters.received, 'Bodies that reached the check'),
    row('Kept', counters.kept, 'Believed and in the history'),
    row('Duplicates', counters.duplicate, 'Sent again; they change nothing'),
    row('Quarantined', counters.quarantined, 'Kept until their keys are known'),
    row('Other triggers', counters.otherTrigger, 'Kept; not a detection'),
    row('Unreadable', counters.unreadable, 'Signed and kept, but not in a form Tocsin knows'),
    row('Refused', refused, refused === 0 ? 'Not believed' : 'Not believed, because:'),
    ...reasons
      .sort((a, b) => b[1] - a[1])
      .map(([reason, count]): CounterRow => ({ label: refusalWords[reason], count, meaning: '', isPart: true })),
    row('Turned away', counters.turnedAway, 'Wrong path, method or size: nothing was read'),
    row('Failed', counters.failed, 'Could not be kept; the sender was told to try again'),
  ]
}

export type ReceiverWords = { readonly title: string; readonly detail: string }

/** How the receiver stands, in a line and what to make of it. */
export function receiverWords(receiver: ReceiverHealth): ReceiverWords {
  switch (receiver.kind) {
    case 'starting':
      return { title: 'Starting', detail: 'The receiver is opening its port.' }
    case 'listening':
      return { title: 'Listening', detail: `On this computer only, port ${receiver.port}.` }
    case 'port-taken':
      return { title: `Not listening: port ${receiver.port} is taken`, detail: receiver.detail }
    case 'failed':
      return { title: 'Not listening', detail: receiver.detail }
    case 'stopped':
      return { title: 'Not listening', detail: 'The receiver was stopped.' }
    default:
      return assertNever(receiver)
  }
}

/** The address SlashID has to be given: the public origin, with the receiver's secret path. */
export function targetUrl(publicOrigin: string | null, receiverUrl: string | null): string | null {
  if (publicOrigin === null || receiverUrl === null) return null
  try {
    return new URL(new URL(receiverUrl).pathname, publicOrigin).href
  } catch {
    return null
  }
}
