import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { DetectionContent, Instant, JsonObject } from '../src/shared/detection.ts'
import type { Checked } from '../src/main/ingest/delivery.ts'
import { observe } from '../src/main/ingest/drift.ts'
import { parse } from '../src/main/ingest/parse.ts'
import { readToken } from '../src/main/ingest/token.ts'
import { demoOrganization, loadDemoSigner, type DemoSigner } from '../src/main/sample/demo.ts'

/** What the whole data set is made from; the same numbers make the same deliveries, but for their signatures. */
const seed = 'bench'
export const entities = 10_000
export const types = 60
/** The history ends here and reaches two years back, however many deliveries there are. */
export const endAt = Date.parse('2026-11-01T00:00:00.000Z')
export const spanMs = 2 * 365 * 86_400_000

/** One key pair for the run: which one it is makes no difference to anything that is measured. */
export function createSigner(): DemoSigner {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  try {
    return loadDemoSigner(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Issued at this moment, in epoch ms. Every fifth of what is beyond the history changes one of its detections: see `streamed`. */
export function claimsOf(number: number, issuedAtMs: number, status?: string): JsonObject {
  const random = numbers(number)
  const type = random() % types
  // Squared, so that a few entities have many detections and most have some.
  const entity = Math.floor((random() / 2 ** 32) ** 2 * entities)
  const source = random() % 12
  const isThreat = type % 3 === 0
  const issuedAt = Math.floor(issuedAtMs / 1000)
  const detectedAt = new Date(issuedAt * 1000 - (random() % 600_000)).toISOString()
  return {
    iss: demoOrganization.issuer,
    aud: demoOrganization.id,
    iat: issuedAt,
    exp: issuedAt + 300,
    jti: uuid(random),
    target_url: `${demoOrganization.issuer}/in`,
    webhook_id: 'demo-webhook',
    trigger_type: 'sync_hook',
    trigger_name: isThreat ? 'threat_detection' : 'posture_detection',
    trigger_content: {
      id: idOf(number),
      type: `${kindsOfTrouble[type % 10] ?? ''}${placesOfTrouble[Math.floor(type / 10)] ?? ''}`,
      status: status ?? (['detected', 'ongoing', 'ongoing', 'resolved'][random() % 4] as string),
      timestamp: detectedAt,
      entity_id: `00u${String(entity).padStart(5, '0')}${hexOf(entity)}`,
      entity_type: `entity_type_${entity % 8}`,
      source_type: `source_${source}`,
      connection_id: `connection_${source}`,
      confidence_score: (random() % 100) / 100,
      tracking_status: 'new',
      detection_mitre_tactic: [`TA00${40 + (type % 14)}`],
      detection_mitre_technique: [`T1${100 + type}`, `T1${100 + (random() % 120)}.00${1 + (type % 5)}`],
      detection_risk_category: isThreat ? 'threat' : 'posture',
      metadata: {
        ip: `198.51.${random() % 256}.${random() % 256}`,
        country: ['BR', 'DE', 'JP', 'NG', 'NL', 'SG', 'US', 'VN'][random() % 8] as string,
        user_agent: 'curl/8.5.0',
        attempts: random() % 4_000,
        session: `sess${(random() % 2 ** 24).toString(16)}`,
        // One in a thousand says this: a word that is rare and yet fills pages.
        ...(number % 1_000 === 7 ? { note: 'honeytoken touched' } : {}),
      },
    },
  }
}

/** When a delivery of a history of so many was issued: they are spread evenly, whatever their number. */
export function issuedAt(number: number, count: number): number {
  const at = endAt - spanMs + Math.floor((spanMs * number) / count)
  return at - (at % 1_000)
}

type Details = JsonObject & {
  readonly id: DetectionContent['id']
  readonly detection_risk_category: DetectionContent['kind']
  readonly type: string
  readonly status: string
  readonly timestamp: Instant
  readonly entity_id: string
  readonly entity_type: string
  readonly source_type: string
  readonly connection_id: string
  readonly confidence_score: number
  readonly tracking_status: string
  readonly detection_mitre_tactic: readonly string[]
  readonly detection_mitre_technique: readonly string[]
  readonly metadata: JsonObject
}

/** What `parse` reads from such claims, for those who make a million of them; `proveBulk` holds it against `parse`. */
export function contentFrom(claims: JsonObject): DetectionContent {
  const details = claims['trigger_content'] as Details
  return {
    id: details.id,
    kind: details.detection_risk_category,
    type: details.type,
    status: details.status,
    detectedAt: details.timestamp,
    entityId: details.entity_id,
    entityType: details.entity_type,
    sourceType: details.source_type,
    connectionId: details.connection_id,
    confidence: details.confidence_score,
    trackingStatus: details.tracking_status,
    tactics: details.detection_mitre_tactic,
    techniques: details.detection_mitre_technique,
    frameworks: [],
    metadata: details.metadata,
    extra: {},
  }
}

/** What comes in beyond a history of so many: new detections, and every fifth a change of one that is there, detected when it was before. */
export function streamed(history: number, index: number, issuedAtMs: number): JsonObject {
  if (index % 5 !== 4) return claimsOf(history + index, issuedAtMs)
  const number = numbers(index)() % Math.max(1, history)
  const { trigger_content: before } = claimsOf(number, issuedAt(number, history)) as { readonly trigger_content: Details }
  const changed = claimsOf(number, issuedAtMs, ['ongoing', 'resolved'][index % 2])
  const content = { ...(changed['trigger_content'] as Details), timestamp: before.timestamp }
  // No two deliveries are the same, even of one detection in one second.
  return { ...changed, jti: `change-${index}`, trigger_content: content }
}

/** As the pipeline would hand it over after a check that it passed. */
export function checkedOf(token: string, receivedAtMs: number): Checked {
  const body = Buffer.from(token)
  const read = readToken(body)
  if (read.kind === 'malformed') throw new Error(`a delivery of the data set came out malformed: ${read.because}`)
  const content = parse(read.claims, read.facts)
  return {
    delivery: { body, headers: {}, inlet: 'receiver', receivedAt: new Date(receivedAtMs).toISOString() as Instant },
    token: read.facts,
    standing: { kind: 'trusted', trust: 'verified', content },
    drift: observe(read.header, read.claims, content),
  }
}

/** The form of a token with a signature that nobody will look at. */
export function unverifiable(claims: JsonObject): string {
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'A'.repeat(86)}`
}
export const unverifiableKid = 'demo-benchmark'
const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: unverifiableKid })).toString('base64url')

export function idOf(number: number): string {
  return `d-${hexOf(number)}-${number}`
}

const kindsOfTrouble = ['Stale', 'Missing', 'Weak', 'Shared', 'Leaked', 'Orphaned', 'Excessive', 'Impossible', 'Bypassed', 'Unusual']
const placesOfTrouble = ['Credential', 'Travel', 'Privilege', 'Federation', 'Session', 'Consent']

function hexOf(number: number): string {
  return (Math.imul(number + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')
}

const base = createHash('sha256').update(seed).digest().readUInt32LE(0)
/** mulberry32 over the number: a delivery costs the same wherever it stands. */
function numbers(number: number): () => number {
  let state = (base + Math.imul(number, 0x9e3779b1)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

function uuid(random: () => number): string {
  const hex = Array.from({ length: 4 }, () => random().toString(16).padStart(8, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
