import type { Instant } from '../../shared/detection.ts'
import { importInlet, unsignedImportInlet } from '../../shared/imported.ts'
import { archiveLimits, archiveLine, type ArchivedDelivery, type ArchiveLine } from '../export/archive.ts'
import type { Delivery } from '../ingest/delivery.ts'

export const malformations = [
  'line-too-long',
  'not-text',
  'not-json',
  'not-an-archive',
  /** A detection with nothing in it that could be checked, as `query --json` prints one. */
  'without-deliveries',
  /** Retention had removed what could be checked before the archive was written. */
  'content-removed',
  'body-too-large',
  'neither-token-nor-archive',
] as const
export type Malformation = (typeof malformations)[number]

export type BroughtDelivery = {
  readonly delivery: Delivery
  /** Its archive says that it came late: nobody has a reason to say so of one that did not. */
  readonly isCalledLate: boolean
}

/** What a line brings. Nothing of it is believed. */
export type Brought = {
  readonly deliveries: readonly BroughtDelivery[]
  /** The detection it says it is about; null for a raw token. */
  readonly about: Pick<ArchiveLine, 'organizationId' | 'id' | 'triage' | 'own'> | null
  readonly malformed: readonly Malformation[]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const compactToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * Reads a line of an archive or of a file of raw tokens; null for an empty one. `issuedAt` reads when a token says it was made, which stands
 * for when it was received where nobody says that. Nothing is received later than `now`, in epoch ms.
 */
export function readLine(
  bytes: Uint8Array,
  { now, issuedAt }: { readonly now: number; readonly issuedAt: (body: Uint8Array) => Instant | null },
): Brought | null {
  let text: string
  try {
    text = utf8.decode(bytes).trim()
  } catch {
    return malformed('not-text')
  }
  if (text === '') return null
  if (text.startsWith('{')) return readArchived(text, now)
  if (!compactToken.test(text)) return malformed('neither-token-nor-archive')
  const body = Buffer.from(text)
  if (body.length > archiveLimits.bodyBytes) return malformed('body-too-large')
  const receivedAt = notAfter(now, issuedAt(body) ?? toInstant(now))
  return {
    deliveries: [{ delivery: { body, headers: {}, inlet: importInlet, receivedAt }, isCalledLate: false }],
    about: null,
    malformed: [],
  }
}

function readArchived(text: string, now: number): Brought {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return malformed('not-json')
  }
  const parsed = archiveLine.safeParse(value)
  if (!parsed.success) {
    const isDetection = typeof value === 'object' && value !== null && 'organizationId' in value && !('deliveries' in value)
    return malformed(isDetection ? 'without-deliveries' : 'not-an-archive')
  }
  const { organizationId, id, triage, own, deliveries } = parsed.data
  const read = deliveries.map((claims) => readDelivery(claims, now))
  return {
    deliveries: read.flatMap((one) => (typeof one === 'string' ? [] : [one])),
    about: { organizationId, id, ...(triage === undefined ? {} : { triage }), ...(own === undefined ? {} : { own }) },
    malformed: deliveries.length === 0 ? ['without-deliveries'] : read.filter((one) => typeof one === 'string'),
  }
}

function readDelivery(claims: ArchivedDelivery, now: number): BroughtDelivery | Malformation {
  const { body: text, base64, headers } = claims
  if ((text === null && base64 === undefined) || headers === null) return 'content-removed'
  const body = text === null ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)
  if (body.length > archiveLimits.bodyBytes) return 'body-too-large'
  // What was signed has its own way in, where the signature counts, whatever the archive calls it.
  const isUnsigned = claims.trust === 'unsigned' && !compactToken.test(body.toString('latin1'))
  const inlet = isUnsigned ? unsignedImportInlet : importInlet
  return { delivery: { body, headers, inlet, receivedAt: notAfter(now, claims.receivedAt) }, isCalledLate: claims.trust === 'late' }
}

/** Nothing can have been received yet to come: or else a token dated forward would pass for one in time. */
function notAfter(now: number, at: Instant): Instant {
  return Date.parse(at) > now ? toInstant(now) : at
}

function toInstant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}

function malformed(because: Malformation): Brought {
  return { deliveries: [], about: null, malformed: [because] }
}
