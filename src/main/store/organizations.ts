import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { OrganizationChange } from '../../shared/ipc.ts'
import { mostUnreadCounted, organizationColours } from '../../shared/organization.ts'
import type {
  KeySource,
  Organization,
  OrganizationColour,
  OrganizationCount,
  OrganizationState,
  PublicKey,
} from '../../shared/organization.ts'
import type { KeyStore, StoredKey } from '../ingest/key-store.ts'
import type { Database } from './database.ts'
import { toInstant, toInstantOrNull, toMillis, toMillisOrNull } from './time.ts'

export type OrganizationToAdd = {
  readonly id: OrganizationId
  readonly issuer: string
  readonly name: string
  readonly demo: boolean
  /** One that no other organization has, where none is given; one that is there already keeps its own. */
  readonly colour?: OrganizationColour
  /** All the keys this organization is to be believed by; null where they are fetched from its issuer. */
  readonly pinned: readonly Pick<StoredKey, 'kid' | 'thumbprint' | 'jwk'>[] | null
}

/** An organization and its current keys. Why a fetch failed is known to whoever fetches. */
export type KeptOrganization = Omit<OrganizationState, 'keysTrouble'>

export type Organizations = {
  /** Adding one again changes its name and keys. What it is, its issuer and whether it is the demo, stays what its history was checked against. */
  add(
    organization: OrganizationToAdd,
  ): { readonly kind: 'added'; readonly organization: KeptOrganization } | { readonly kind: 'refused'; readonly detail: string }
  /** Name and colour only; false where there is no such organization, or it is the demo, which is always called that. */
  change(change: OrganizationChange): boolean
  list(): readonly KeptOrganization[]
  /** What the history holds of each. */
  counts(): readonly OrganizationCount[]
}

type OrganizationRow = {
  readonly id: string
  readonly issuer: string
  readonly name: string
  readonly colour: string
  readonly key_source: string
  readonly is_demo: number
  readonly added_at: number
}

type KeyRow = {
  readonly organization_id: string
  readonly kid: string
  readonly thumbprint: string
  readonly jwk: string
  readonly first_seen_at: number
  readonly confirmed_at: number
  readonly retired_at: number | null
}

export function createOrganizations(
  db: Database,
  now: () => number,
): { readonly organizations: Organizations; readonly keyStore: KeyStore } {
  const all = db.prepare<[], OrganizationRow>(
    'SELECT id, issuer, name, colour, key_source, is_demo, added_at FROM organizations ORDER BY added_at, id',
  )
  const byId = db.prepare<[string], OrganizationRow>(
    'SELECT id, issuer, name, colour, key_source, is_demo, added_at FROM organizations WHERE id = ?',
  )
  const upsert = db.prepare<[OrganizationRow]>(`
    INSERT INTO organizations (id, issuer, name, colour, key_source, is_demo, added_at)
    VALUES (@id, @issuer, @name, @colour, @key_source, @is_demo, @added_at)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, colour = excluded.colour, key_source = excluded.key_source`)
  const rename = db.prepare<[OrganizationChange]>('UPDATE organizations SET name = @name, colour = @colour WHERE id = @id AND is_demo = 0')
  const tallies = db.prepare<[], { organization_id: string; detections: number }>(
    'SELECT organization_id, detections FROM organization_tally',
  )
  const countUnread = db
    .prepare<[string, number], number>(
      "SELECT count(*) FROM (SELECT 1 FROM detections WHERE organization_id = ? AND opened_at IS NULL AND triage_state = 'new' LIMIT ?)",
    )
    .pluck()
  const keysOf = db.prepare<[string], KeyRow>(
    'SELECT organization_id, kid, thumbprint, jwk, first_seen_at, confirmed_at, retired_at FROM keys WHERE organization_id = ? ORDER BY first_seen_at, kid, thumbprint',
  )
  const saveKey = db.prepare<[KeyRow]>(`
    INSERT INTO keys (organization_id, kid, thumbprint, jwk, first_seen_at, confirmed_at, retired_at)
    VALUES (@organization_id, @kid, @thumbprint, @jwk, @first_seen_at, @confirmed_at, @retired_at)
    ON CONFLICT (organization_id, kid, thumbprint) DO UPDATE SET confirmed_at = excluded.confirmed_at, retired_at = excluded.retired_at`)
  const retireAll = db.prepare<[number, string]>('UPDATE keys SET retired_at = ? WHERE organization_id = ? AND retired_at IS NULL')

  const add = db.transaction((wanted: OrganizationToAdd): ReturnType<Organizations['add']> => {
    const existing = byId.get(wanted.id)
    if (existing !== undefined && existing.issuer !== wanted.issuer) {
      return refused(
        `Organization ${wanted.id} is there already with the issuer ${existing.issuer}. Its history was checked against that one, so it stays; check the id.`,
      )
    }
    if (existing?.key_source === 'pinned' && wanted.pinned === null) {
      return refused(
        `The keys of organization ${wanted.id} are pinned: fetching them instead would believe keys nobody looked at. Give its key set again to replace them.`,
      )
    }
    if (existing !== undefined && (existing.is_demo === 1) !== wanted.demo) {
      return refused(
        existing.is_demo === 1
          ? `${wanted.id} is the demo organization. Choose another id.`
          : `Organization ${wanted.id} is there already and is not a demo.`,
      )
    }
    const at = now()
    const row: OrganizationRow = {
      id: wanted.id,
      issuer: wanted.issuer,
      name: wanted.name,
      colour: wanted.colour ?? existing?.colour ?? freeColour(wanted.demo),
      key_source: wanted.pinned === null ? 'fetched' : 'pinned',
      is_demo: wanted.demo ? 1 : 0,
      added_at: existing?.added_at ?? at,
    }
    upsert.run(row)
    if (wanted.pinned !== null) {
      retireAll.run(at, wanted.id)
      for (const { kid, thumbprint, jwk } of wanted.pinned) {
        saveKey.run({
          organization_id: wanted.id,
          kid,
          thumbprint,
          jwk: JSON.stringify(jwk),
          first_seen_at: at,
          confirmed_at: at,
          retired_at: null,
        })
      }
    }
    return { kind: 'added', organization: withKeys(row) }
  })

  const saveKeys = db.transaction((organizationId: OrganizationId, keys: readonly StoredKey[]) => {
    for (const key of keys) saveKey.run(toKeyRow(organizationId, key))
  })

  return {
    organizations: {
      add: (organization) => add.immediate(organization),
      change: (change) => rename.run(change).changes > 0,
      counts: () =>
        tallies.all().map(({ organization_id, detections }) => ({
          organizationId: organization_id as OrganizationId,
          detections,
          unread: countUnread.get(organization_id, mostUnreadCounted) ?? 0,
        })),
      list: () => all.all().map(withKeys),
    },
    keyStore: {
      organizations: () => all.all().map(toOrganization),
      keys: (organizationId) => keysOf.all(organizationId).map(fromKeyRow),
      saveKeys: (organizationId, keys) => saveKeys.immediate(organizationId, keys),
    },
  }

  /** The first that is free; with more organizations than colours, the first that the fewest have. */
  function freeColour(isDemo: boolean): OrganizationColour {
    if (isDemo) return 'grey'
    const taken = all.all().map((row) => row.colour)
    const uses = (colour: string) => taken.filter((other) => other === colour).length
    return organizationColours.reduce((best, colour) => (uses(colour) < uses(best) ? colour : best))
  }

  function withKeys(row: OrganizationRow): KeptOrganization {
    const current = keysOf.all(row.id).filter((key) => key.retired_at === null)
    const confirmedAt = current.reduce<number | null>((newest, key) => Math.max(newest ?? key.confirmed_at, key.confirmed_at), null)
    return { ...toOrganization(row), keyIds: [...new Set(current.map((key) => key.kid))], keysConfirmedAt: toInstantOrNull(confirmedAt) }
  }
}

function refused(detail: string): { readonly kind: 'refused'; readonly detail: string } {
  return { kind: 'refused', detail }
}

function toOrganization(row: OrganizationRow): Organization {
  return {
    id: row.id as OrganizationId,
    issuer: row.issuer,
    name: row.name,
    colour: toColour(row.colour),
    keys: row.key_source as KeySource,
    demo: row.is_demo === 1,
    addedAt: toInstant(row.added_at),
  }
}

/** A colour that a later version has taken away again reads as grey. */
function toColour(colour: string): OrganizationColour {
  return organizationColours.find((known) => known === colour) ?? 'grey'
}

function toKeyRow(organizationId: OrganizationId, key: StoredKey): KeyRow {
  return {
    organization_id: organizationId,
    kid: key.kid,
    thumbprint: key.thumbprint,
    jwk: JSON.stringify(key.jwk),
    first_seen_at: toMillis(key.firstSeenAt),
    confirmed_at: toMillis(key.confirmedAt),
    retired_at: toMillisOrNull(key.retiredAt),
  }
}

function fromKeyRow(row: KeyRow): StoredKey {
  return {
    kid: row.kid,
    thumbprint: row.thumbprint,
    jwk: JSON.parse(row.jwk) as PublicKey,
    firstSeenAt: toInstant(row.first_seen_at),
    confirmedAt: toInstant(row.confirmed_at),
    retiredAt: toInstantOrNull(row.retired_at) satisfies Instant | null,
  }
}
