import type { DetectionKey } from '../../shared/detection.ts'
import type { ProvedDelivery } from '../store/proof.ts'
import type { Store } from '../store/store.ts'
import { boundedChanges } from './bounded-changes.ts'
import { bundleLimits, type Bundle } from './bundle.ts'
import { bundleReadme } from './readme.ts'

/** What evidence is made of. */
export type EvidenceSource = Pick<Store, 'proof' | 'chain' | 'detections' | 'keyStore'>

/** Builds the bundle of one detection; null where there is none. Marks nothing as read. */
export function buildBundle(
  source: EvidenceSource,
  key: DetectionKey,
  { madeAt, madeBy }: Pick<Bundle, 'madeAt' | 'madeBy'>,
  limits: { readonly deliveries: number; readonly bodyBytes: number; readonly links: number } = bundleLimits,
): Bundle | null {
  const { proof, chain, detections, keyStore } = source
  const detail = detections.detail(key)
  if (detail === null) return null
  // The newest by arrival and the newest by `iat` may be others where there are very many: a bundle has both of each delivery.
  const told = new Set(detail.transitions.map(({ sequence }) => Number(sequence)))
  const newest = proof.deliveriesOf(key, limits.deliveries).filter(({ sequence }) => told.has(sequence))
  const deliveries = withinBytes(newest, limits.bodyBytes)
  const sequences = new Set(deliveries.map(({ sequence }) => sequence))
  const usedKeys = new Set(deliveries.map(({ keyId }) => keyId))
  const organization = keyStore.organizations().find(({ id }) => id === key.organizationId)
  return {
    format: 'tocsin-evidence',
    version: 1,
    readme: bundleReadme,
    madeAt,
    madeBy,
    history: { id: proof.databaseId(), genesis: hex(chain.genesis().chainHash) },
    organization: { id: key.organizationId, issuer: organization?.issuer ?? null, demo: detail.detection.demo },
    detectionId: key.id,
    keys: keyStore
      .keys(key.organizationId)
      .filter(({ kid }) => usedKeys.has(kid))
      .slice(0, bundleLimits.keys)
      .map(({ kid, jwk: { kty, crv, x, y }, firstSeenAt, confirmedAt, retiredAt }) => ({
        jwk: { kty, crv, alg: 'ES256', kid, x, y },
        firstSeenAt,
        confirmedAt,
        retiredAt,
      })),
    deliveries: deliveries.map(toBundled),
    olderLeftOut: proof.countOf(key) - deliveries.length,
    chain: segments(source, [...sequences], limits.links),
    transitions: detail.transitions
      .filter(({ sequence }) => sequences.has(sequence))
      .map(({ changes, ...transition }) => ({ ...transition, ...boundedChanges(changes) })),
  }
}

/** The newest ones of which the bodies fit. */
function withinBytes(deliveries: readonly ProvedDelivery[], most: number): readonly ProvedDelivery[] {
  let from = deliveries.length
  for (let bytes = 0; from > 0; from -= 1) {
    bytes += deliveries[from - 1]?.content?.body.length ?? 0
    if (bytes > most) break
  }
  return deliveries.slice(from)
}

const compactToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

function toBundled(delivery: ProvedDelivery): Bundle['deliveries'][number] {
  const { sequence, inlet, receivedAt, trust, keyId, content } = delivery
  if (trust === null) throw new Error(`delivery ${sequence} belongs to a detection and was never believed`)
  const body = content === null ? null : Buffer.from(content.body)
  const asText = body?.toString('latin1') ?? ''
  const isToken = compactToken.test(asText)
  return {
    sequence,
    inlet,
    receivedAt,
    trust,
    keyId,
    token: isToken ? asText : null,
    body: body === null || isToken ? null : body.toString('base64'),
    headers: content?.headers ?? null,
  }
}

/** All links from the first delivery to the last; where that is too many, each delivery with the link before it. */
function segments({ proof, chain }: EvidenceSource, sequences: readonly number[], mostLinks: number): Bundle['chain'] {
  const first = sequences[0]
  const last = sequences.at(-1)
  if (first === undefined || last === undefined) return []
  const spans = last - first < mostLinks ? [{ from: first, to: last }] : sequences.map((sequence) => ({ from: sequence, to: sequence }))
  return spans.map(({ from, to }) => {
    const before = from === 1 ? chain.genesis() : proof.linkAt(from - 1)
    return {
      // Where it is missing from a damaged history, the bundle shows that the chain is broken there.
      after: { sequence: from - 1, chainHash: hex(before?.chainHash ?? new Uint8Array(32)) },
      links: proof.links(from, to).map(({ sequence, contentHash, chainHash }) => ({
        sequence,
        contentHash: hex(contentHash),
        chainHash: hex(chainHash),
      })),
    }
  })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
