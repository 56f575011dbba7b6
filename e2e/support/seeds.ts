import type { Instant, Json, JsonObject } from '../../src/shared/detection.ts'
import type { InletId } from '../../src/shared/inlets.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import { historyFile } from '../../src/main/profile.ts'
import { openDatabase } from '../../src/main/store/database.ts'
import { openStore, type Store } from '../../src/main/store/store.ts'
import { demoOrganization } from '../../src/main/sample/demo.ts'
import { scenario } from '../../src/main/sample/scenario.ts'
import { seedDeliveries, type SeededDelivery } from '../../bench/seed.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** One detection as SlashID would tell of it; `more` goes over what is made up here. */
export type Told = {
  readonly id: string
  readonly kind: 'threat' | 'posture'
  readonly type: string
  readonly status: string
  /** Epoch ms: when it was detected, and when it was told. */
  readonly detectedAt: number
  readonly toldAt?: number
  readonly more?: Readonly<Record<string, Json>>
}

let told = 0
export function delivery({ id, kind, type, status, detectedAt, toldAt = detectedAt, more = {} }: Told): SeededDelivery {
  const issuedAt = Math.floor(toldAt / 1000)
  const content: JsonObject = {
    id,
    type,
    status,
    timestamp: new Date(detectedAt).toISOString(),
    detection_risk_category: kind,
    metadata: {},
    ...more,
  }
  const claims = {
    iss: demoOrganization.issuer,
    aud: demoOrganization.id,
    iat: issuedAt,
    exp: issuedAt + 300,
    jti: `seeded-${told++}`,
    target_url: `${demoOrganization.issuer}/in`,
    webhook_id: 'demo-webhook',
    trigger_type: 'sync_hook',
    trigger_name: `${kind}_detection`,
    trigger_content: content,
  }
  return { claims, receivedAt: toldAt }
}

/** Whom the story of `seedDesk` is about. */
export const hero = '00u1a2b3c4d5e6f7g8h9'
export const framework = 'CIS Okta Benchmark 1.4'

/** A history of so many days, each detection told of when it was seen, and in it the story of one user: what was missing when the stuffing began. */
export async function seedDesk(options: {
  readonly profile: string
  readonly count: number
  readonly seed: string
  readonly endAt: number
  readonly days?: number
}): Promise<void> {
  const { profile, count, seed, endAt, days = 14 } = options
  const spanMs = days * dayMs
  let index = 0
  // Busy times and quiet ones, since even ones look like nothing that happens.
  const now = (): number => endAt - spanMs + (spanMs - 2 * hourMs) * (index / count + 0.008 * Math.sin((36 * Math.PI * index) / count))
  const user = { entity_id: hero, entity_type: 'okta_user', source_type: 'okta_org', connection_id: 'conn-okta-hero' }
  const oneOf = (told: Told): SeededDelivery => delivery({ ...told, more: { ...user, ...told.more } })
  const missing = { id: 'hero-mfa', kind: 'posture', type: 'MissingMFA', detectedAt: endAt - 9 * dayMs } as const
  const stale = { id: 'hero-stale', kind: 'posture', type: 'StaleCredential', detectedAt: endAt - 12 * dayMs } as const
  const frameworks = { compliance_frameworks: [framework] }
  const story = [
    oneOf({ ...stale, status: 'ongoing', more: frameworks }),
    oneOf({ ...missing, status: 'ongoing', more: frameworks }),
    oneOf({ ...stale, status: 'resolved', toldAt: endAt - 5 * dayMs, more: frameworks }),
    oneOf({
      id: 'hero-travel',
      kind: 'threat',
      type: 'ImpossibleTravel',
      status: 'resolved',
      detectedAt: endAt - 7 * dayMs,
      more: { confidence_score: 0.62, detection_mitre_technique: ['T1078'] },
    }),
    oneOf({
      id: 'hero-stuffing',
      kind: 'threat',
      type: 'CredentialStuffingAttempt',
      status: 'detected',
      detectedAt: endAt - hourMs,
      more: {
        confidence_score: 0.93,
        detection_mitre_tactic: ['Credential Access'],
        detection_mitre_technique: ['T1110.004'],
        metadata: { ip: '203.0.113.7', country: 'NL', failed_attempts: 1_204, window: { from: 'PT0S', to: 'PT12M' } },
      },
    }),
    oneOf({
      id: 'odd-mapping',
      kind: 'threat',
      type: 'OddMapping',
      status: 'detected',
      detectedAt: endAt - 90 * 60_000,
      more: { detection_mitre_technique: ['T9999', 'Dream Walking'], confidence_score: 0.4 },
    }),
  ]
  function* deliveries(): Generator<SeededDelivery> {
    const firstAt = new Map<string, number>()
    for (const { detectionId, claims } of scenario({ seed, count, startAt: endAt - spanMs, now })) {
      const receivedAt = now()
      const detectedAt = firstAt.get(detectionId) ?? receivedAt - (index % 7) * 60_000
      firstAt.set(detectionId, detectedAt)
      const content = { ...(claims['trigger_content'] as JsonObject), timestamp: new Date(detectedAt).toISOString() }
      yield { claims: { ...claims, trigger_content: content }, receivedAt }
      index++
    }
    yield* story.sort((a, b) => a.receivedAt - b.receivedAt)
  }
  await seedDeliveries({ profile, endAt, deliveries: deliveries() })
  addGap(profile, [endAt - 60 * hourMs, endAt - 50 * hourMs])
}

/** So many changes of the last days that were kept quiet, however few deliveries there are. */
export function seedInbox(profile: string, count: number): void {
  const opened = openDatabase(historyFile(profile))
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const add = opened.db.prepare<[number, number]>(
    "INSERT INTO notification_log (sequence, detection, at, said) SELECT sequence, detection, ?, 'burst' FROM transitions WHERE sequence = ?",
  )
  for (let index = 0; index < count; index += 1) add.run(Date.now() - (count - index) * 120_000, (index % 200) + 1)
  opened.db.close()
}

/** A time in which the computer slept. */
function addGap(profile: string, [from, to]: readonly [number, number]): void {
  const instant = (at: number): Instant => new Date(at).toISOString() as Instant
  const end = { kind: 'backlog', delivered: 3 } as const
  withStore(profile, ({ gaps }) => gaps.add({ inlet: 'receiver' as InletId, from: instant(from), to: instant(to), because: 'asleep', end }))
}

function withStore(profile: string, use: (store: Store) => void): void {
  const opened = openStore({ file: historyFile(profile), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  use(opened.store)
  opened.store.close()
}
