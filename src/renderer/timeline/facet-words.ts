import type { FacetName } from '../../shared/overview.ts'

/** The field of the search language that narrows by a facet. */
export const fieldOf: Readonly<Record<FacetName, string>> = {
  kind: 'kind',
  status: 'status',
  type: 'type',
  source: 'source',
  entityType: 'entity_type',
  organization: 'organization',
  trust: 'trust',
  triage: 'triage',
}

export const facetWords: Readonly<Record<FacetName, string>> = {
  kind: 'Kind',
  status: 'Status',
  type: 'Type',
  source: 'Source',
  entityType: 'Entity type',
  organization: 'Organization',
  trust: 'Trust',
  triage: 'Triage',
}
