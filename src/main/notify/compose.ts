import type { Detection, DetectionKey } from '../../shared/detection.ts'
import type { Urgency } from './decide.ts'

/** One native notification as plain text. Not yet safe for a desktop that parses markup: that is the notifier's part. */
export type Note = {
  readonly title: string
  readonly body: string
  readonly urgency: Urgency
  /** What a click opens: this detection, or the timeline where there are many. */
  readonly key: DetectionKey | null
}

/** What one note speaks of. */
export type Gathered = {
  /** The detection most worth a look. */
  readonly top: Detection
  readonly threats: number
  readonly postures: number
  /** More than could be told apart: the counts are lower bounds. */
  readonly more: boolean
  /** Every one of them is a demonstration. */
  readonly demo: boolean
  /** How many of them nobody vouches for. */
  readonly unsigned: number
  readonly urgency: Urgency
  /** They had waited while we were not connected. */
  readonly isBacklog: boolean
}

/** The text for one detection, or for many. */
export function compose(gathered: Gathered): Note {
  const { top, threats, postures, urgency } = gathered
  const count = threats + postures
  const prefix = `${gathered.isBacklog ? 'While away: ' : ''}${gathered.demo ? 'Demo: ' : ''}`
  if (count <= 1) {
    return {
      title: `${prefix}${unsignedMark(top)}${top.type}`,
      body: describe(top),
      urgency,
      key: { organizationId: top.organizationId, id: top.id },
    }
  }
  const parts = [
    counted(threats, 'threat', 'threats'),
    counted(postures, 'posture issue', 'posture issues'),
    counted(gathered.unsigned, 'of them unsigned', 'of them unsigned'),
  ].filter((part) => part !== null)
  const total = `${gathered.more ? 'more than ' : ''}${count} detections`
  const topMark = top.demo && !gathered.demo ? 'Demo: ' : ''
  return {
    title: `${prefix}${total}: ${parts.join(', ')}`,
    body: `${topMark}${unsignedMark(top)}${top.type} · ${describe(top)}`,
    urgency,
    key: null,
  }
}

/** `okta_user 00u1… · okta_org · confidence 0.93`, without what the sender left out. */
function describe(detection: Detection): string {
  const entity = [detection.entityType, detection.entityId].filter((part) => part !== null).join(' ')
  const confidence = detection.confidence === null ? null : `confidence ${detection.confidence.toFixed(2)}`
  const status = detection.status === 'detected' ? null : detection.status
  const trust = detection.trust === 'late' ? detection.trust : null
  return [shorten(entity), detection.sourceType, confidence, status, trust].filter((part) => part !== null && part !== '').join(' · ')
}

/** In front, where no text of the sender's can push it out of sight. */
function unsignedMark({ trust }: Detection): string {
  return trust === 'unsigned' ? 'Unsigned: ' : ''
}

/** An entity id may be a whole path; what follows it in the note must stay readable. */
function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function counted(count: number, one: string, many: string): string | null {
  if (count === 0) return null
  return `${count} ${count === 1 ? one : many}`
}
