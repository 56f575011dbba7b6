import type { OrganizationId } from '../../shared/detection.ts'
import type { Organization, OrganizationState } from '../../shared/organization.ts'
import type { Looked } from '../../shared/quarantine.ts'
import type { TokenTimes } from './key-set.ts'
import type { KeyStore } from './key-store.ts'
import { createOrganizationKeys } from './organization-keys.ts'
import type { FetchKeys, KeyFinding, OrganizationKeys } from './organization-keys.ts'
import type { Schedule } from './refresher.ts'

export type { FetchKeys, KeyFinding, RingKey } from './organization-keys.ts'

/** Every key we believe, in memory, and who may look for more of them. */
export type KeyRing = {
  /**
   * Takes over organizations and keys from the store: at start, and when another process changed them. An organization
   * is believed only once its keys are imported; the first fetch of a new one is then under way.
   */
  reload(): Promise<void>
  organization(id: OrganizationId): Organization | null
  /** Answers from memory; a miss has the issuer asked in the background where keys are fetched. */
  find(id: OrganizationId, kid: string, times: TokenTimes): KeyFinding
  /** The issuer may have a new key under this name. */
  doubt(id: OrganizationId, kid: string): void
  /** Has the issuer of an organization asked now, within the pace, and resolves with how that went. */
  refresh(id: OrganizationId): Promise<Looked['keys']>
  states(): readonly OrganizationState[]
  stop(): Promise<void>
}

export function createKeyRing(dependencies: {
  readonly store: KeyStore
  readonly fetchKeys: FetchKeys
  readonly now: () => number
  /** 0 to below 1. */
  readonly random: () => number
  readonly schedule: Schedule
  /** Which keys can be found is no longer what it was: waiting deliveries deserve a second look. */
  readonly onKeysChanged: (id: OrganizationId) => void
  /** Something that `states` shows may have changed. */
  readonly onStatesChanged: () => void
}): KeyRing {
  const { store, onKeysChanged, onStatesChanged } = dependencies
  const members = new Map<OrganizationId, OrganizationKeys>()
  let turn: Promise<void> = Promise.resolve()
  let isStopped = false

  function reload(): Promise<void> {
    const result = turn.then(takeOver)
    turn = result.catch(() => undefined)
    return result
  }

  async function takeOver(): Promise<void> {
    if (isStopped) return
    const organizations = store.organizations()
    const ids = new Set(organizations.map((organization) => organization.id))
    for (const [id, member] of members) {
      if (!ids.has(id)) await drop(id, member)
    }
    for (const organization of organizations) {
      const present = members.get(organization.id)
      const member = present !== undefined && isSameSource(present.organization(), organization) ? present : null
      if (present !== undefined && member === null) await drop(organization.id, present)
      await admit(organization, member)
    }
    onStatesChanged()
  }

  async function admit(organization: Organization, present: OrganizationKeys | null): Promise<void> {
    const member = present ?? createOrganizationKeys({ ...dependencies, organization })
    const isChanged = await member.load(organization, store.keys(organization.id))
    if (isStopped) return
    members.set(organization.id, member)
    if (present === null) member.start()
    if (isChanged) onKeysChanged(organization.id)
  }

  async function drop(id: OrganizationId, member: OrganizationKeys): Promise<void> {
    members.delete(id)
    await member.stop()
  }

  function find(id: OrganizationId, kid: string, times: TokenTimes): KeyFinding {
    // Not loaded is not a reason to refuse: the delivery waits.
    return members.get(id)?.find(kid, times) ?? { kind: 'none-fetched-yet' }
  }

  async function stop(): Promise<void> {
    isStopped = true
    await turn
    await Promise.all([...members.values()].map((member) => member.stop()))
  }

  return {
    reload,
    organization: (id) => members.get(id)?.organization() ?? null,
    find,
    doubt: (id, kid) => members.get(id)?.doubt(kid),
    refresh: async (id) => (await members.get(id)?.refresh()) ?? { kind: 'organization-unknown' },
    states: () => [...members.values()].map((member) => member.state()),
    stop,
  }
}

/** Another issuer, or keys of another source, make another organization as far as keys go. */
function isSameSource(a: Organization, b: Organization): boolean {
  return a.issuer === b.issuer && a.keys === b.keys
}
