import type { Detection, Json } from '../../shared/detection.ts'
import type { Attack, Tactic, Technique } from './attack.ts'
import type { Leaving, Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/** OCSF 1.8.0, class Detection Finding (2004) of category Findings (2); one event a line, times in milliseconds. No profile is applied. */
export const ocsfVersion = '1.8.0'
const classUid = 2004

export function createOcsfWriter(attack: Attack): Writer {
  return {
    begin: () => '',
    *add(leaving) {
      yield `${plainJson(toFinding(leaving, attack))}\n`
    },
    end: () => '',
  }
}

type Named = { readonly id: number; readonly name: string }

export function toFinding({ detection, newest }: Leaving, attack: Attack) {
  const activity = activityOf(detection)
  const severity = severityOf(detection)
  const status = statusOf(detection)
  const confidence = confidenceOf(detection)
  const body = newest()?.body ?? null
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: classUid,
    class_name: 'Detection Finding',
    type_uid: classUid * 100 + activity.id,
    type_name: `Detection Finding: ${activity.name}`,
    time: Date.parse(detection.changedAt),
    start_time: Date.parse(detection.detectedAt),
    ...(detection.resolvedAt === null ? {} : { end_time: Date.parse(detection.resolvedAt) }),
    severity_id: severity.id,
    severity: severity.name,
    status_id: status.id,
    status: status.name,
    // As the sender says it, whatever we made of it.
    status_code: detection.status,
    confidence_id: confidence.id,
    confidence: confidence.name,
    ...(detection.confidence === null ? {} : { confidence_score: Math.round(detection.confidence * 100) }),
    message: [detection.type, detection.entityType, detection.entityId].filter((part) => part !== null).join(' '),
    metadata: {
      version: ocsfVersion,
      product: { name: 'Identity Protection', vendor_name: 'SlashID' },
      profiles: [],
      tenant_uid: detection.organizationId,
      log_name: `${detection.kind}_detection`,
      log_provider: 'Tocsin',
      original_time: detection.detectedAt,
      logged_time: Date.parse(detection.receivedAt),
    },
    finding_info: {
      uid: detection.id,
      title: textOf(detection.extra['title']) ?? detection.type,
      ...optional('desc', textOf(detection.extra['description'])),
      types: [detection.type, detection.kind],
      created_time: Date.parse(detection.detectedAt),
      first_seen_time: Date.parse(detection.detectedAt),
      modified_time: Date.parse(detection.changedAt),
      last_seen_time: Date.parse(detection.changedAt),
      // The detection's type is the nearest to a name of what found it; of which kind that is, nobody says.
      analytic: { name: detection.type, type_id: 0, type: 'Unknown' },
      ...(detection.sourceType === null ? {} : { data_sources: [detection.sourceType] }),
      ...attacksOf(detection, attack),
    },
    ...resourcesOf(detection),
    ...(body === null ? {} : { raw_data: Buffer.from(body).toString('utf8'), raw_data_size: body.length }),
    unmapped: {
      kind: detection.kind,
      trust: detection.trust,
      demo: detection.demo,
      imported: detection.imported,
      tracking_status: detection.trackingStatus,
      source_type: detection.sourceType,
      connection_id: detection.connectionId,
      confidence: detection.confidence,
      tactics: detection.tactics,
      techniques: detection.techniques,
      frameworks: detection.frameworks,
      metadata: detection.metadata,
      extra: detection.extra,
      triage: detection.triage,
    },
  }
}

function activityOf({ status }: Detection): Named {
  switch (status) {
    case 'detected':
    case 'new':
      return { id: 1, name: 'Create' }
    case 'ongoing':
      return { id: 2, name: 'Update' }
    case 'resolved':
      return { id: 3, name: 'Close' }
    default:
      return { id: 99, name: status }
  }
}

const severities: Readonly<Partial<Record<string, Named>>> = Object.assign(Object.create(null) as object, {
  informational: { id: 1, name: 'Informational' },
  info: { id: 1, name: 'Informational' },
  low: { id: 2, name: 'Low' },
  medium: { id: 3, name: 'Medium' },
  high: { id: 4, name: 'High' },
  critical: { id: 5, name: 'Critical' },
  fatal: { id: 6, name: 'Fatal' },
})

/** SlashID documents none. One that a sender adds all the same is passed on; none is made up from the confidence. */
function severityOf({ extra }: Detection): Named {
  const said = Object.hasOwn(extra, 'severity') ? extra['severity'] : null
  const text = textOf(typeof said === 'number' ? String(said) : said)
  return text === null ? { id: 0, name: 'Unknown' } : (severities[text.trim().toLowerCase()] ?? { id: 99, name: text })
}

/** How far people are with it: the sender's end of it counts first, then what this user decided. */
function statusOf({ status, triage }: Detection): Named {
  if (status === 'resolved') return { id: 4, name: 'Resolved' }
  switch (triage.state) {
    case 'new':
      return { id: 1, name: 'New' }
    case 'acknowledged':
      return { id: 2, name: 'In Progress' }
    case 'done': {
      const isDismissed = triage.verdict === 'false-positive' || triage.verdict === 'expected'
      return isDismissed ? { id: 3, name: 'Suppressed' } : { id: 99, name: 'Done' }
    }
  }
}

/** OCSF leaves the limits to whoever reports: thirds. */
function confidenceOf({ confidence }: Detection): Named {
  if (confidence === null) return { id: 0, name: 'Unknown' }
  if (confidence < 1 / 3) return { id: 1, name: 'Low' }
  return confidence < 2 / 3 ? { id: 2, name: 'Medium' } : { id: 3, name: 'High' }
}

/** The entity it is about; what of it has no place of its own stands as data. */
function resourcesOf({ entityId, entityType, sourceType, connectionId }: Detection) {
  if (entityId === null && entityType === null) return {}
  const data = { ...optional('source_type', sourceType), ...optional('connection_id', connectionId) }
  return {
    resources: [
      { ...optional('uid', entityId), ...optional('type', entityType), ...(Object.keys(data).length === 0 ? {} : { data }) } as const,
    ],
  }
}

type Point = { readonly uid?: string; readonly name?: string }

/** Each technique with those tactics of the detection that it belongs to, by ATT&CK; then the tactics that no technique took. */
function attacksOf({ tactics: tacticLabels, techniques: techniqueLabels }: Detection, attack: Attack) {
  const version = attack.version
  const tactics = tacticLabels.map((label) => ({ label, known: attack.tactic(label) }))
  const taken = new Set<string>()
  const ofTechniques = techniqueLabels.flatMap((label) => {
    const known = attack.technique(label)
    const points = known === null ? { technique: unknownPoint(label, /^T\d{4}$/i) } : techniquePoints(known, attack)
    const fitting = tactics.filter((tactic) => tactic.known !== null && known?.tactics.includes(tactic.known.shortName))
    for (const tactic of fitting) taken.add(tactic.label)
    if (fitting.length === 0) return [{ version, ...points }]
    return fitting.map((tactic) => ({ version, tactic: tacticPoint(tactic), ...points }))
  })
  const others = tactics.filter(({ label }) => !taken.has(label)).map((tactic) => ({ version, tactic: tacticPoint(tactic) }))
  const attacks = [...ofTechniques, ...others]
  return attacks.length === 0 ? {} : { attacks }
}

function techniquePoints(known: Technique, attack: Attack): { readonly technique: Point; readonly sub_technique?: Point } {
  const at = known.id.indexOf('.')
  if (at < 0) return { technique: { uid: known.id, name: known.name } }
  const parentId = known.id.slice(0, at)
  return {
    technique: { uid: parentId, ...optional('name', attack.technique(parentId)?.name ?? null) },
    sub_technique: { uid: known.id, name: known.name },
  }
}

function tacticPoint({ label, known }: { readonly label: string; readonly known: Tactic | null }): Point {
  return known === null ? unknownPoint(label, /^TA\d{4}$/i) : { uid: known.id, name: known.name }
}

/** What this ATT&CK does not know is passed on as it was said. */
function unknownPoint(label: string, id: RegExp): Point {
  return id.test(label) ? { uid: label } : { name: label }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function optional<Name extends string>(name: Name, value: string | null): { readonly [name in Name]?: string } {
  return value === null ? {} : ({ [name]: value } as { readonly [name in Name]?: string })
}
