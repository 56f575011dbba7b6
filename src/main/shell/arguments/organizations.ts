import { z } from 'zod'
import type { OrganizationId } from '../../../shared/detection.ts'
import { organizationColours } from '../../../shared/organization.ts'
import { mostDiscarded } from '../../../shared/quarantine.ts'
import { branded, inletId, nothing, sequence, type Schemas } from './shapes.ts'

export const organizationsArguments = {
  // Names, issuers and key ids: public keys only, no secret.
  'organizations:list': nothing,
  // A page could have an attacker's organization believed, or main fetch from an address of its choice: the handler restricts the
  // issuer, and every organization is shown by name.
  'organization:add': z.strictObject({
    id: z.string().max(512),
    issuer: z.string().max(2_048),
    name: z.string().max(200),
    jwks: z.string().max(65_536).nullable(),
    colour: z.enum(organizationColours).exactOptional(),
  }),
  // A page could make one organization look like another: its id stays and is shown with it.
  'organization:change': z.strictObject({
    id: branded<OrganizationId>(),
    name: z.string().max(200),
    colour: z.enum(organizationColours),
  }),
  // Numbers only.
  'organizations:count': nothing,
  // Names of senders nobody believes: bounded, and shown as text only.
  'quarantine:page': z.strictObject({ before: sequence.nullable(), limit: z.int().min(1).max(200) }),
  // A body that nobody believes, decoded as data: the user may read it, and nothing acts on it.
  'quarantine:open': sequence,
  // A page could have an issuer asked again and again: the pace of the keys holds for this as well.
  'quarantine:look': branded<OrganizationId>(),
  // A page could throw away what may still become good: deliveries in quarantine only, a tombstone stays, and it is counted on screen.
  'quarantine:discard': z.array(sequence).max(mostDiscarded),
  // Words of believed senders with counts.
  'drift:list': nothing,
  // What is registered, and requests without their secrets. A page could look over and over: one at a time for each organization, and
  // SlashID's own limit is obeyed.
  'registration:read': z.strictObject({ organizationId: branded<OrganizationId>(), look: z.boolean() }),
  // A page could register, change or remove a webhook, as the user can with the same key: of ours only, and at the organization's issuer.
  'registration:register': z.strictObject({
    organizationId: branded<OrganizationId>(),
    name: z.string().max(200),
    inlet: inletId.exactOptional(),
  }),
  'registration:repair': branded<OrganizationId>(),
  'registration:remove': branded<OrganizationId>(),
  // A page could overwrite a key, and name a file to have it sent: nothing reads a key back, and the handler sends what a file holds to
  // SlashID's own addresses only.
  'secret:write': z.strictObject({ organizationId: branded<OrganizationId>(), value: z.string().min(1).max(4_200) }),
  'secret:forget': branded<OrganizationId>(),
} satisfies Partial<Schemas>
