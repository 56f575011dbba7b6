import type { OrganizationId } from '../shared/detection.ts'
import type { NewOrganization, OrganizationAdded, OrganizationChange, OrganizationChanged } from '../shared/ipc.ts'
import type { OrganizationState } from '../shared/organization.ts'
import type { KeyRing } from './ingest/keys.ts'
import { readNewOrganization, readOrganizationChange } from './new-organization.ts'
import type { Organizations as OrganizationRows, OrganizationToAdd } from './store/organizations.ts'

/** Whom to believe, as the user says it. */
export type Organizations = {
  /** From now on, what is signed with its keys. */
  believe(organization: OrganizationToAdd): Promise<OrganizationAdded>
  add(wanted: NewOrganization): Promise<OrganizationAdded>
  change(wanted: OrganizationChange): Promise<OrganizationChanged>
}

export function createOrganizations({
  rows,
  keys,
}: {
  readonly rows: Pick<OrganizationRows, 'add' | 'change'>
  readonly keys: Pick<KeyRing, 'reload' | 'states'>
}): Organizations {
  async function believe(organization: OrganizationToAdd): Promise<OrganizationAdded> {
    const added = rows.add(organization)
    if (added.kind === 'refused') return added
    await keys.reload()
    return { kind: 'added', organization: stateOf(organization.id) }
  }

  function stateOf(organizationId: OrganizationId): OrganizationState {
    const state = keys.states().find(({ id }) => id === organizationId)
    if (state === undefined) throw new Error('an organization that was just written is not there')
    return state
  }

  return {
    believe,
    async add(wanted) {
      const read = readNewOrganization(wanted)
      return read.kind === 'refused' ? read : believe(read.organization)
    },
    async change(wanted) {
      const read = readOrganizationChange(wanted)
      if (read.kind === 'refused') return read
      if (!rows.change(read.change)) return { kind: 'refused', detail: 'Only an organization that you added can be changed.' }
      await keys.reload()
      return { kind: 'changed', organization: stateOf(wanted.id) }
    },
  }
}
