import type { Detection, Json, Transition } from '../../shared/detection.ts'
import type { Attack } from './attack.ts'
import type { Leaving, Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/** Elastic Common Schema; what it has no field for stands under `slashid`, which no field set of it is called. */
export const ecsVersion = '8.17.0'

/** One document a line, as a bulk request or an agent that reads lines takes them in. */
export function createEcsWriter(attack: Attack): Writer {
  return {
    begin: () => '',
    *add({ detection }: Leaving) {
      yield `${plainJson(toEcs(detection, null, attack))}\n`
    },
    end: () => '',
  }
}

/**
 * The detection as a document, of the one change where there is one. Threats are alerts; posture issues are the state of a configuration.
 * Nothing is given as a field of the schema but what that field means: no severity but the sender's own number, no user but an account.
 */
export function toEcs(detection: Detection, transition: Transition | null, attack: Attack) {
  const isThreat = detection.kind === 'threat'
  const { organizationId, entityId, entityType, confidence, extra, resolvedAt } = detection
  const severity = Object.hasOwn(extra, 'severity') ? extra['severity'] : null
  const tags = ['tocsin', detection.kind, detection.trust, ...(detection.demo ? ['demo'] : []), ...(detection.imported ? ['imported'] : [])]
  return {
    '@timestamp': transition?.at ?? detection.changedAt,
    ecs: { version: ecsVersion },
    message: messageOf(detection),
    tags,
    event: {
      kind: isThreat ? 'alert' : 'state',
      category: isThreat ? ['intrusion_detection'] : ['configuration'],
      type: ['info'],
      module: 'slashid',
      dataset: 'slashid.detection',
      provider: 'SlashID Identity Protection',
      // Unique in its organization only.
      id: `${organizationId}/${detection.id}`,
      code: detection.type,
      action: detection.status,
      created: detection.receivedAt,
      start: detection.detectedAt,
      ...(resolvedAt === null ? {} : { end: resolvedAt }),
      ...(confidence === null ? {} : { risk_score: Math.round(confidence * 10_000) / 100 }),
      ...(Number.isSafeInteger(severity) ? { severity: severity as number } : {}),
    },
    rule: { name: detection.type, category: detection.kind, ruleset: 'SlashID Identity Protection' },
    observer: { vendor: 'SlashID', product: 'Identity Protection', type: 'identity-protection' },
    organization: { id: organizationId },
    // Such an account may have another id elsewhere: which it is of, the entity below says.
    ...(entityId !== null && isAccount(entityType) ? { user: { id: entityId }, related: { user: [entityId] } } : {}),
    ...threatOf(detection, attack),
    slashid: {
      detection: {
        id: detection.id,
        kind: detection.kind,
        type: detection.type,
        status: detection.status,
        trust: detection.trust,
        demo: detection.demo,
        imported: detection.imported,
        ...present({
          confidence,
          tracking_status: detection.trackingStatus,
          source_type: detection.sourceType,
          connection_id: detection.connectionId,
        }),
        ...listed({ tactics: detection.tactics, techniques: detection.techniques, frameworks: detection.frameworks }),
        // As text: senders give what they like the names they like, and an index that made a field of each would be full.
        ...(isEmpty(detection.metadata) ? {} : { metadata: plainJson(detection.metadata) }),
        ...(isEmpty(extra) ? {} : { extra: plainJson(extra) }),
      },
      ...(entityId === null && entityType === null ? {} : { entity: present({ id: entityId, type: entityType }) }),
      ...(transition === null
        ? {}
        : { transition: { sequence: transition.sequence, ...present({ from: transition.from }), to: transition.to } }),
    },
  }
}

function messageOf({ type, status, entityType, entityId, trust }: Detection): string {
  const words = [type, status, entityType, entityId].filter((word) => word !== null).join(' ')
  return trust === 'unsigned' ? `Unsigned, so not proven: ${words}` : words
}

/** An account of a person or of a program is a user; a role, a group or a tenant is none. */
function isAccount(entityType: string | null): boolean {
  return entityType !== null && /(^|_)(user|service_account|service_principal)$/i.test(entityType)
}

/** By ATT&CK where it knows them; what it does not know is passed on as an id or a name, whichever it looks like. */
function threatOf({ tactics, techniques }: Detection, attack: Attack) {
  const tactic = createPoints(/^TA\d{4}$/i)
  for (const label of tactics) tactic.add(label, attack.tactic(label))
  const technique = createPoints(/^T\d{4}$/i)
  const sub = createPoints(/^T\d{4}\.\d{3}$/i)
  for (const label of techniques) {
    const known = attack.technique(label)
    const id = known?.id ?? label
    if (!/^T\d{4}\.\d{3}$/i.test(id)) technique.add(label, known)
    else {
      const whole = id.slice(0, id.indexOf('.'))
      technique.add(whole, attack.technique(whole))
      sub.add(label, known)
    }
  }
  const isMapped = tactics.length > 0 || techniques.length > 0
  if (!isMapped) return {}
  const below = sub.read()
  return {
    threat: {
      framework: 'MITRE ATT&CK',
      ...inner('tactic', tactic.read()),
      ...inner('technique', { ...technique.read(), ...inner('subtechnique', below) }),
    },
  }
}

function createPoints(id: RegExp) {
  const ids = new Set<string>()
  const names = new Set<string>()
  return {
    add(label: string, known: { readonly id: string; readonly name: string } | null): void {
      if (known !== null) {
        ids.add(known.id)
        names.add(known.name)
      } else if (id.test(label)) ids.add(label)
      else names.add(label)
    },
    read: () => listed({ id: [...ids], name: [...names] }),
  }
}

function inner(name: string, value: object): object {
  return isEmpty(value) ? {} : { [name]: value }
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

function present(values: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
}

function listed(values: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(values).filter(([, list]) => list.length > 0))
}
