import type { JsonObject } from '../../shared/detection.ts'
import { demoOrganization } from './demo.ts'
import { examples, names } from './examples.ts'
import { createRandom, type Random } from './random.ts'

/** One delivery to be signed and sent. */
export type SampleDelivery = { readonly detectionId: string; readonly claims: JsonObject }

export type ScenarioOptions = {
  readonly seed: string
  readonly count: number
  /** Epoch ms. Detections were first triggered in the two weeks before the hour in which it falls. */
  readonly startAt: number
  /** When each delivery is issued, in epoch ms; all at `startAt` unless given. */
  readonly now?: () => number
}

const lifetimeSeconds = 300
const oneHourMs = 3_600_000
const twoWeeksMs = 14 * 24 * oneHourMs
/** Detections that may still change. More would only cost memory in a long run. */
const mostOpen = 256

type Open = { readonly number: number; status: string; changes: number }

/**
 * A sequence of claims as SlashID would sign them. Every third delivery is a change of an earlier detection. The seed
 * alone decides which detections there are: run again, it updates the same ones with new deliveries.
 */
export function* scenario({ seed, count, startAt, now = () => startAt }: ScenarioOptions): Generator<SampleDelivery, void, undefined> {
  const choices = createRandom(`${seed}:choices`)
  const open: Open[] = []
  let detections = 0
  for (let index = 0; index < count; index++) {
    const chosen = index % 3 === 2 && open.length > 0 ? choices.between(0, open.length - 1) : -1
    let one = open[chosen]
    if (one === undefined) {
      one = { number: detections, status: exampleOf(seed, detections).example.status, changes: 0 }
      detections++
      if (open.length < mostOpen) open.push(one)
      else open[choices.between(0, mostOpen - 1)] = one
    } else {
      one.changes++
      // What was detected at one point in time can be detected again; what goes on can end.
      if (one.status === 'ongoing' && choices.chance(0.7)) {
        one.status = 'resolved'
        open.splice(chosen, 1)
      }
    }
    const issuedAt = Math.floor(now() / 1000)
    const { kind, details } = detailsOf(seed, one, startAt)
    yield {
      detectionId: details.id,
      claims: {
        iss: demoOrganization.issuer,
        aud: demoOrganization.id,
        iat: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        jti: createRandom(`${seed}:${startAt}:${index}`).uuid(),
        target_url: `${demoOrganization.issuer}/in`,
        webhook_id: 'demo-webhook',
        trigger_type: 'sync_hook',
        trigger_name: `${kind}_detection`,
        trigger_content: details,
      },
    }
  }
}

function exampleOf(seed: string, number: number): { readonly random: Random; readonly example: (typeof examples)[0] } {
  const random = createRandom(`${seed}:detection:${number}`)
  return { random, example: random.pick(examples) }
}

/** The same number has the same detection, so an earlier one is told again without being kept. */
function detailsOf(
  seed: string,
  one: Open,
  startAt: number,
): { readonly kind: string; readonly details: JsonObject & { readonly id: string } } {
  const { random, example } = exampleOf(seed, one.number)
  const source = random.pick(example.sources)
  const name = random.pick(names)
  const confidence = example.confidence && mix(example.confidence, random.fraction())
  const details = {
    id: random.uuid(),
    type: example.type,
    status: one.status,
    timestamp: timestampOf(random, startAt),
    entity_id: source.entityId(name, createRandom(`${source.sourceType}:${name}`)),
    entity_type: source.entityType,
    source_type: source.sourceType,
    connection_id: createRandom(source.sourceType).uuid(),
    ...(confidence === null ? {} : { confidence_score: Math.min(1, Math.round((confidence + one.changes * 0.01) * 100) / 100) }),
    tracking_status: one.status === 'resolved' ? 'done' : 'new',
    detection_mitre_tactic: example.tactic,
    detection_mitre_technique: example.technique,
    detection_risk_category: example.kind,
    ...example.more,
    metadata: { ...example.metadata(random), ...(one.changes > 0 ? { times_seen: one.changes + 1 } : {}) },
  }
  return { kind: example.kind, details }
}

/** Mostly recent; of any precision that RFC 3339 allows, up to Go's nanoseconds. */
function timestampOf(random: Random, startAt: number): string {
  const hour = startAt - (startAt % oneHourMs)
  // Counted from the hour, so that a seed run again within it does not move its detections.
  const at = new Date(hour - 60_000 - Math.floor(random.fraction() ** 4 * twoWeeksMs))
  const fraction = String(random.between(0, 999_999_999))
    .padStart(9, '0')
    .slice(0, random.pick([9, 9, 6, 3]))
  return `${at.toISOString().slice(0, 19)}.${fraction}Z`
}

function mix([least, most]: readonly [number, number], fraction: number): number {
  return least + (most - least) * fraction
}
