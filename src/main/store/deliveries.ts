import { createHash } from 'node:crypto'
import type { Instant, Sequence } from '../../shared/detection.ts'
import type { Change, Checked, Delivery, Keeper, Kept, Standing, TokenFacts } from '../ingest/delivery.ts'
import { assertNever } from '../../shared/assert-never.ts'
import { isImport } from '../../shared/imported.ts'
import { fromChainRow, type ChainRow } from './chain-row.ts'
import { chainHash, contentHash, genesis, type ChainedDelivery, type ChainLink } from './chain.ts'
import type { Database } from './database.ts'
import type { DriftGathering, DriftLog } from './drift.ts'
import { createLateChanges } from './late-changes.ts'
import type { Present, PresentGathering } from './present.ts'
import type { Quarantine } from './quarantine.ts'
import { insertInto } from './statements.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant, toMillis, toMillisOrNull } from './time.ts'

export type DeliveryState = 'detection' | 'other-trigger' | 'unreadable' | 'waiting' | 'refused' | 'removed'

type StandingColumns = {
  readonly state: DeliveryState
  readonly trust: string | null
  readonly reason: string | null
}

type TokenColumns = {
  readonly organization_id: string | null
  readonly kid: string | null
  readonly jti: string | null
  readonly is_jti_reused: number
  readonly signing_hash: Uint8Array | null
  readonly issued_at: number | null
  readonly expires_at: number | null
  readonly trigger_name: string | null
}

type DeliveryRow = StandingColumns &
  TokenColumns & {
    readonly sequence: number
    readonly inlet: string
    readonly received_at: number
    /** SHA-256 of the body, of one that waits. */
    readonly waiting_hash: Uint8Array | null
    readonly size: number
    readonly content_hash: Uint8Array
    readonly chain_hash: Uint8Array
    readonly headers: string
    readonly body: Uint8Array
  }

const deliveryColumns = [
  'sequence',
  'inlet',
  'received_at',
  'state',
  'trust',
  'reason',
  'organization_id',
  'kid',
  'jti',
  'is_jti_reused',
  'signing_hash',
  'waiting_hash',
  'issued_at',
  'expires_at',
  'trigger_name',
  'size',
  'content_hash',
  'chain_hash',
  'headers',
  'body',
] as const satisfies readonly (keyof DeliveryRow)[]

type WaitingRow = Pick<DeliveryRow, 'sequence' | 'inlet' | 'received_at' | 'headers' | 'body'>

export type Deliveries = {
  readonly keeper: Keeper
  /** The link before the first delivery. */
  genesis(): ChainLink
  /** The newest link; `genesis` while there is no delivery. */
  head(): ChainLink
  /** Deliveries above `after` in ascending order, for `verifyChain`. Reads as it goes: nothing else may use this connection meanwhile. */
  chain(after: Sequence | null): Iterable<ChainedDelivery>
}

type Gathered = { readonly drift: DriftGathering; readonly present: PresentGathering }

/** What a stranger chose to write into a token is kept whole in the body; columns hold this much of it. */
const longestUntrusted = 256

export function createDeliveries(
  db: Database,
  present: Present,
  quarantine: Quarantine,
  driftLog: DriftLog,
  textIndex: Pick<TextIndex, 'lookedAgain'>,
): Deliveries {
  const lateChanges = createLateChanges(db)
  const databaseId = db.prepare<[], string>('SELECT id FROM identity').pluck()
  const newest = db.prepare<[], { sequence: number; chain_hash: Uint8Array }>(
    'SELECT sequence, chain_hash FROM deliveries ORDER BY sequence DESC LIMIT 1',
  )
  const insertOnce = insertInto<DeliveryRow>(
    db,
    'deliveries',
    deliveryColumns,
    'ON CONFLICT (organization_id, signing_hash) WHERE trust IS NOT NULL DO NOTHING',
  )
  const isBelieved = db.prepare<[string | null, Uint8Array | null]>(
    'SELECT 1 FROM deliveries WHERE organization_id = ? AND signing_hash = ? AND trust IS NOT NULL',
  )
  const isWaiting = db.prepare<[string | null, Uint8Array | null]>(
    "SELECT 1 FROM deliveries WHERE organization_id = ? AND waiting_hash = ? AND state = 'waiting'",
  )
  // Only deliveries that were believed: whoever sends a forgery must not be able to mark the true one.
  const isJtiSeen = db.prepare<[string, string]>(
    'SELECT 1 FROM deliveries WHERE organization_id = ? AND jti = ? AND trust IS NOT NULL LIMIT 1',
  )
  const waitingOf = db.prepare<[string, number, number], WaitingRow>(`
    SELECT sequence, inlet, received_at, headers, body FROM deliveries
    WHERE state = 'waiting' AND organization_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`)
  const settleOne = db.prepare<[StandingColumns & TokenColumns & { readonly sequence: number }], { received_at: number }>(`
    UPDATE deliveries SET state = @state, trust = @trust, reason = @reason, organization_id = @organization_id, kid = @kid,
      jti = @jti, is_jti_reused = @is_jti_reused, signing_hash = @signing_hash, issued_at = @issued_at, expires_at = @expires_at, trigger_name = @trigger_name
    WHERE sequence = @sequence AND state = 'waiting'
    RETURNING received_at`)
  const chainAfter = db.prepare<[number], ChainRow>(
    'SELECT sequence, inlet, received_at, content_hash, chain_hash, headers, body FROM deliveries WHERE sequence > ? ORDER BY sequence',
  )

  const keepAll = db.transaction((batch: readonly Checked[]): readonly Kept[] => {
    // Read inside the transaction, not remembered: another process may have written, and a rollback leaves no hole.
    let link = head()
    const hasRoom = quarantine.room()
    const gathered: Gathered = { drift: driftLog.gather(), present: present.gather() }
    const kept = batch.map((checked): Kept => {
      const row = toDeliveryRow(link, checked)
      if (row.state === 'waiting') {
        if (isBelieved.get(row.organization_id, row.signing_hash) || isWaiting.get(row.organization_id, row.waiting_hash))
          return { kind: 'duplicate' }
        if (!hasRoom(row.size)) return { kind: 'quarantine-full' }
      }
      if (insertOnce(row).changes === 0) return { kind: 'duplicate' }
      link = { sequence: row.sequence, chainHash: row.chain_hash }
      return { kind: 'kept', sequence: row.sequence as Sequence, change: apply(row.sequence, row.received_at, checked, gathered) }
    })
    gathered.drift.write()
    gathered.present.write()
    if (batch.some(({ standing }) => standing.kind !== 'trusted')) quarantine.trim()
    return kept
  })

  const settleAll = db.transaction((batch: Parameters<Keeper['settle']>[0]): readonly (Change | null)[] => {
    const gathered: Gathered = { drift: driftLog.gather(), present: present.gather() }
    const changes = batch.map(({ sequence, checked }) => {
      const { organizationId, signingInputHash } = factsOf(checked)
      // Another delivery of the same signing input was believed meanwhile: it carries all that this one would.
      if (checked.standing.kind === 'trusted' && isBelieved.get(organizationId, signingInputHash)) {
        quarantine.bury(sequence, 'duplicate')
        return null
      }
      const settled = settleOne.get({ sequence, ...standingColumns(checked.standing), ...tokenColumns(checked) })
      if (settled === undefined) return null
      const change = apply(sequence, settled.received_at, checked, gathered)
      textIndex.lookedAgain(sequence)
      lateChanges.add(sequence)
      return change
    })
    gathered.drift.write()
    gathered.present.write()
    quarantine.trim()
    return changes
  })

  return {
    keeper: {
      keep: (batch) => (batch.length === 0 ? [] : keepAll.immediate(batch)),
      waiting: (organizationId, after, limit) => waitingOf.all(organizationId, after ?? 0, limit).map(fromWaitingRow),
      settle: (batch) => (batch.length === 0 ? [] : settleAll.immediate(batch)),
    },
    genesis: start,
    head,
    *chain(after) {
      for (const row of chainAfter.iterate(after ?? 0)) yield fromChainRow(row)
    },
  }

  function start(): ChainLink {
    const id = databaseId.get()
    if (id === undefined) throw new Error('the history has no identity')
    return genesis(id)
  }

  function head(): ChainLink {
    const row = newest.get()
    return row === undefined ? start() : { sequence: row.sequence, chainHash: row.chain_hash }
  }

  /** What a kept delivery does to everything that is made of deliveries. */
  function apply(sequence: number, receivedAt: number, checked: Checked, gathered: Gathered): Change | null {
    const { standing } = checked
    if (standing.kind !== 'trusted') return null
    const { organizationId, issuedAt } = factsOf(checked)
    gathered.drift.add(organizationId, receivedAt, checked.drift ?? [])
    if (standing.content.kind !== 'detection') return null
    return gathered.present.apply({
      sequence,
      organizationId,
      issuedAt: toMillis(issuedAt),
      receivedAt,
      trust: standing.trust,
      isImported: isImport(checked.delivery.inlet),
      isBacklog: checked.delivery.isBacklog === true,
      content: standing.content.detection,
    })
  }

  function toDeliveryRow(previous: ChainLink, checked: Checked): DeliveryRow {
    const { delivery, standing } = checked
    const content = {
      sequence: previous.sequence + 1,
      inlet: delivery.inlet,
      receivedAt: toMillis(delivery.receivedAt),
      headers: JSON.stringify(delivery.headers),
      body: delivery.body,
    }
    const hash = contentHash(content)
    return {
      sequence: content.sequence,
      inlet: content.inlet,
      received_at: content.receivedAt,
      waiting_hash: standing.kind === 'waiting' ? createHash('sha256').update(content.body).digest() : null,
      size: content.body.length,
      headers: content.headers,
      body: content.body,
      content_hash: hash,
      chain_hash: chainHash(previous.chainHash, hash),
      ...standingColumns(standing),
      ...tokenColumns(checked),
    }
  }

  function tokenColumns(checked: Checked): TokenColumns {
    const isTrusted = checked.standing.kind === 'trusted'
    if (!isTrusted && checked.token === null) return noToken
    const facts = factsOf(checked)
    const text = (value: string | null) => (isTrusted ? value : (value?.slice(0, longestUntrusted) ?? null))
    return {
      organization_id: text(facts.organizationId),
      kid: text(facts.keyId),
      jti: text(facts.jti),
      is_jti_reused: isTrusted && facts.jti !== null && isJtiSeen.get(facts.organizationId, facts.jti) !== undefined ? 1 : 0,
      signing_hash: facts.signingInputHash,
      issued_at: toMillis(facts.issuedAt),
      expires_at: toMillisOrNull(facts.expiresAt),
      trigger_name: text(facts.triggerName),
    }
  }
}

function factsOf({ token }: Checked): TokenFacts {
  if (token === null) throw new Error('a delivery is trusted or waits, and nobody knows what it says of itself')
  return token
}

const noToken: TokenColumns = {
  organization_id: null,
  kid: null,
  jti: null,
  is_jti_reused: 0,
  signing_hash: null,
  issued_at: null,
  expires_at: null,
  trigger_name: null,
}

function standingColumns(standing: Standing): StandingColumns {
  switch (standing.kind) {
    case 'trusted':
      return {
        state: standing.content.kind,
        trust: standing.trust,
        reason: standing.content.kind === 'unreadable' ? standing.content.because : null,
      }
    case 'waiting':
      return { state: 'waiting', trust: null, reason: standing.because }
    case 'refused':
      return { state: 'refused', trust: null, reason: standing.because }
    default:
      return assertNever(standing)
  }
}

function fromWaitingRow(row: WaitingRow): { sequence: Sequence; delivery: Delivery } {
  return {
    sequence: row.sequence as Sequence,
    delivery: {
      body: row.body,
      headers: JSON.parse(row.headers) as Record<string, string>,
      inlet: row.inlet,
      receivedAt: toInstant(row.received_at) satisfies Instant,
    },
  }
}
