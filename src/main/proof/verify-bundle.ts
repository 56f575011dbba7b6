import { assertNever } from '../../shared/assert-never.ts'
import { importInlet, unsignedImportInlet } from '../../shared/imported.ts'
import { isAuthenticatedRelay } from '../../shared/inlets.ts'
import type { Refusal } from '../../shared/trust.ts'
import { bundleLimits, readBundle, type Bundle } from '../export/bundle.ts'
import { check, type CheckContext } from '../ingest/check.ts'
import { contentOf } from '../ingest/content-of.ts'
import { importKeptKeys } from '../ingest/kept-keys.ts'
import { thumbprint } from '../ingest/key-set.ts'
import { readToken } from '../ingest/token.ts'
import { unsignedInlet } from '../ingest/unsigned.ts'
import { demoOrganization } from '../sample/demo.ts'
import { genesis, walkChain, type ChainBreak, type ChainedContent } from '../store/chain.ts'
import { checkTransitions, type CheckedTransitions, type SaidByDelivery } from './verify-transitions.ts'

export type BundleFinding = {
  /** The delivery it is about; 0 for the bundle itself. */
  readonly sequence: number
  readonly because:
    | Refusal
    | ChainBreak['because']
    | 'key-missing'
    /** It is called unsigned, and is a token or came another way. */
    | 'unsigned'
    | 'not-in-chain'
    /** The chain does not begin with the identity of the history. */
    | 'genesis-changed'
    /** What the token says is about another detection. */
    | 'another-detection'
    /** The token names another key than the bundle says. */
    | 'key-changed'
    /** A token in time is called late, and came by no relay that proved itself to its keeper. */
    | 'trust-changed'
    /** It is of the demo organization, or is not, and says otherwise. */
    | 'demo-changed'
    /** There are several segments where one would have joined all. */
    | 'chain-split'
    /** A transition is missing, or says something else than the tokens make it. */
    | 'transition-changed'
}

export type VerifiedBundle = {
  readonly organizationId: string
  readonly issuer: string | null
  readonly detectionId: string
  readonly demo: boolean
  readonly deliveries: number
  readonly signatures: {
    readonly verified: number
    readonly failed: number
    readonly noKey: number
    readonly unsigned: number
    readonly removed: number
  }
  /** Older deliveries that the bundle says found no room in it. */
  readonly olderLeftOut: number
  readonly transitions: Omit<CheckedTransitions, 'changed'>
  readonly links: number
  /** Whether one unbroken segment joins all deliveries. */
  readonly isOneSegment: boolean
  /** To be compared with the issuer's own: RFC 7638, SHA-256. */
  readonly keys: readonly { readonly kid: string; readonly thumbprint: string }[]
  /** The first ones by delivery, at most 100; `found` counts all. */
  readonly findings: readonly BundleFinding[]
  readonly found: number
  readonly holds: boolean
}

export type BundleVerification =
  { readonly kind: 'verified'; readonly result: VerifiedBundle } | { readonly kind: 'refused'; readonly detail: string }

const mostFindings = 100

/** Checks the text of a bundle with nothing but itself. Deliveries less than `mostLinks` apart are joined by one segment in an honest one. */
export async function verifyBundle(text: string, mostLinks: number = bundleLimits.links): Promise<BundleVerification> {
  const reading = readBundle(text)
  if (reading.kind === 'refused') return reading
  const { bundle } = reading
  const findings: BundleFinding[] = []
  const signatures = await checkSignatures(bundle, findings)
  const links = checkChain(bundle, mostLinks, findings)
  const { changed, ...transitions } = checkTransitions(bundle, new Map(bundle.deliveries.map((one) => [one.sequence, saidBy(one)])))
  findings.push(...changed.map((sequence) => ({ sequence, because: 'transition-changed' as const })))
  const isDemo = bundle.organization.id === demoOrganization.id || bundle.organization.issuer === demoOrganization.issuer
  if (bundle.organization.demo !== isDemo) findings.push({ sequence: 0, because: 'demo-changed' })
  findings.sort((one, other) => one.sequence - other.sequence)
  const { organization, detectionId, deliveries, olderLeftOut, keys, chain } = bundle
  return {
    kind: 'verified',
    result: {
      organizationId: organization.id,
      issuer: organization.issuer,
      detectionId,
      demo: isDemo,
      deliveries: deliveries.length,
      signatures,
      olderLeftOut,
      transitions,
      links,
      isOneSegment: chain.length <= 1,
      keys: keys.map(({ jwk }) => ({ kid: jwk.kid, thumbprint: thumbprint(jwk) })),
      findings: findings.slice(0, mostFindings),
      found: findings.length,
      holds: findings.length === 0 && signatures.verified > 0,
    },
  }
}

type BundledDelivery = Bundle['deliveries'][number]

async function checkSignatures({ organization, keys, deliveries, detectionId, madeAt }: Bundle, findings: BundleFinding[]) {
  const counts = { verified: 0, failed: 0, noKey: 0, unsigned: 0, removed: 0 }
  const { id, issuer, demo } = organization
  const believed = issuer === null ? null : ({ id, issuer, name: id, colour: 'grey', keys: 'pinned', demo, addedAt: madeAt } as const)
  const context: CheckContext = {
    organization: (asked) => (asked === id ? believed : null),
    keys: await importKeptKeys([[id, keys]]),
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now: () => Date.parse(madeAt),
  }
  for (const { sequence, inlet, receivedAt, trust, keyId, token, body } of deliveries) {
    const found = (because: BundleFinding['because']) => findings.push({ sequence, because })
    const bytes = bodyOf({ token, body })
    if (bytes === null) {
      counts.removed += 1
      continue
    }
    if (contentOf(bytes, receivedAt)?.id !== detectionId) found('another-detection')
    if (keyId !== keyIdOf(bytes)) found('key-changed')
    if (trust === 'unsigned') {
      counts.unsigned += 1
      // What was signed, or came another way, has no business being called so.
      if (token !== null || (inlet !== unsignedInlet && inlet !== unsignedImportInlet)) found('unsigned')
      continue
    }
    const { decision } = await check({ body: bytes, headers: {}, inlet, receivedAt }, context)
    switch (decision.kind) {
      case 'trusted':
        counts.verified += 1
        // When it came to its keeper is in no record: of an authenticated relay, or an import, either word may be true.
        if (decision.trust !== trust && !(trust === 'late' && (isAuthenticatedRelay(inlet) || inlet === importInlet)))
          found('trust-changed')
        break
      case 'waiting':
        counts.noKey += 1
        found('key-missing')
        break
      case 'refused':
        counts.failed += 1
        found(decision.because)
        break
      default:
        assertNever(decision)
    }
  }
  return counts
}

/** Answers how many links were walked. */
function checkChain({ history, chain, deliveries }: Bundle, mostLinks: number, findings: BundleFinding[]): number {
  const bySequence = new Map(deliveries.map((delivery) => [delivery.sequence, delivery]))
  const start = hex(genesis(history.id).chainHash)
  if (history.genesis !== start) findings.push({ sequence: 0, because: 'genesis-changed' })
  const [first] = deliveries
  const last = deliveries.at(-1)
  if (first !== undefined && last !== undefined && chain.length > 1 && last.sequence - first.sequence < mostLinks) {
    findings.push({ sequence: first.sequence, because: 'chain-split' })
  }
  const known = new Map<number, string>()
  let links = 0
  for (const segment of chain) {
    if (segment.after.sequence === 0 && segment.after.chainHash !== start) findings.push({ sequence: 1, because: 'genesis-changed' })
    const before = known.get(segment.after.sequence)
    if (before !== undefined && before !== segment.after.chainHash)
      findings.push({ sequence: segment.after.sequence + 1, because: 'link-changed' })
    const walk = walkChain({ sequence: segment.after.sequence, chainHash: bytesOf(segment.after.chainHash) })
    for (const { sequence, contentHash, chainHash } of segment.links) {
      const delivery = bySequence.get(sequence)
      const content = delivery === undefined ? null : contentOfDelivery(delivery)
      walk.step({ sequence, contentHash: bytesOf(contentHash), chainHash: bytesOf(chainHash), content })
      known.set(sequence, chainHash)
    }
    const report = walk.report()
    links += report.checked
    findings.push(...report.breaks)
  }
  for (const sequence of bySequence.keys()) if (!known.has(sequence)) findings.push({ sequence, because: 'not-in-chain' })
  return links
}

function saidBy(delivery: BundledDelivery): SaidByDelivery {
  const body = bodyOf(delivery)
  const content = body === null ? null : contentOf(body, delivery.receivedAt)
  if (body === null || content === null) return null
  const token = readToken(body)
  return { at: token.kind === 'token' ? token.facts.issuedAt : delivery.receivedAt, content }
}

function keyIdOf(body: Uint8Array): string | null {
  const token = readToken(body)
  return token.kind === 'token' ? token.facts.keyId : null
}

function contentOfDelivery(delivery: BundledDelivery): ChainedContent | null {
  const { sequence, inlet, receivedAt, headers } = delivery
  const body = bodyOf(delivery)
  return body === null || headers === null ? null : { sequence, inlet, receivedAt: Date.parse(receivedAt), headers, body }
}

function bodyOf({ token, body }: Pick<BundledDelivery, 'token' | 'body'>): Uint8Array | null {
  if (token !== null) return Buffer.from(token)
  return body === null ? null : Buffer.from(body, 'base64')
}

function bytesOf(hash: string): Uint8Array {
  return Buffer.from(hash, 'hex')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
