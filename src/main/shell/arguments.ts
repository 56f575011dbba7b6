import { z } from 'zod'
import { leastBytes, leastDays, mostBytes, mostDays, type RetentionChoice } from '../../shared/care.ts'
import { kinds } from '../../shared/detection.ts'
import type { DetectionId, Instant, OrganizationId, Sequence } from '../../shared/detection.ts'
import { kindOf, type InletDraft, type InletId, type TunnelSetUp } from '../../shared/inlets.ts'
import type { Argument, RequestName } from '../../shared/ipc.ts'
import { organizationColours } from '../../shared/organization.ts'
import { mostDiscarded } from '../../shared/quarantine.ts'
import { exportFormats, type TaskId } from '../../shared/tasks.ts'

const mebibyte = 1_048_576

/** An id is the sender's word: any text, of a length that no honest id reaches. */
const id = z.string().min(1).max(512)
const branded = <Id extends string>() => id.transform((text) => text as Id)
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .transform((text) => text as Instant)
const sequence = z
  .int()
  .positive()
  .transform((number) => number as Sequence)
const nothing = z.null()
const inletId = z
  .string()
  .max(32)
  .refine((text) => kindOf(text) !== null)
  .transform((text) => text as InletId)
const port = z.int().min(1).max(65_535)
const url = z.string().max(2_048)
const login = z.union([
  z.strictObject({ kind: z.enum(['none', 'token', 'nkey', 'creds']) }),
  z.strictObject({ kind: z.literal('password'), user: z.string().max(512) }),
]) as z.ZodType<Extract<InletDraft['draft'], { kind: 'jetstream' }>['login']>
const inletBase = { name: z.string().max(200), address: url.nullable(), url }
const inletDraft = z.discriminatedUnion('kind', [
  z.strictObject({ ...inletBase, kind: z.literal('relay') }),
  z.strictObject({
    ...inletBase,
    kind: z.literal('jetstream'),
    stream: z.string().max(200),
    consumer: z.string().max(200),
    login,
    caFile: z.string().max(4_096).nullable(),
  }),
  z.strictObject({ ...inletBase, kind: z.literal('gosmee'), isProtected: z.boolean() }),
  z.strictObject({ ...inletBase, kind: z.literal('smee') }),
])
const tunnel: z.ZodType<TunnelSetUp> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cloudflared') }),
  z.strictObject({ kind: z.literal('ngrok'), domain: z.string().max(512).nullable() }),
  z.strictObject({ kind: z.literal('tailscale') }),
  z.strictObject({ kind: z.literal('ssh'), destination: z.string().max(512), remotePort: port, origin: url }),
  z.strictObject({ kind: z.literal('command'), command: z.array(z.string().max(2_048)).min(1).max(64), origin: url.nullable() }),
])

const retention: z.ZodType<RetentionChoice> = z
  .strictObject({
    olderThanDays: z.int().min(leastDays).max(mostDays).nullable(),
    kinds: z.array(z.enum(kinds)).min(1).max(kinds.length).nullable(),
    maxBytes: z.int().min(leastBytes).max(mostBytes).nullable(),
    keepsNew: z.boolean(),
  })
  // Everything may not go by mistake.
  .refine(({ olderThanDays, maxBytes }) => olderThanDays !== null || maxBytes !== null)

/**
 * The shape of every request's argument: strict objects and bounded text, so that nothing large or unexpected passes. Whether
 * the words in it make sense (an origin, a JWK set) is for the handler to say, in words the user can read.
 */
export const argumentSchemas: { readonly [N in RequestName]: z.ZodType<Argument<N>> } = {
  // A page could ask for the whole history at once and stall main: the text and the number of rows are bounded.
  'timeline:page': z.strictObject({
    text: z.string().max(1_000),
    before: z.strictObject({ changedAt: instant, row: z.int().nonnegative() }).nullable(),
    limit: z.int().min(1).max(500),
  }),
  // A page could look for what it was not shown: the key names one detection, which the user may read anyway.
  'detection:open': z.strictObject({ organizationId: branded<OrganizationId>(), id: branded<DetectionId>() }),
  // A page could take the mark from evidence: what goes after that is still asked for in a dialog, or was granted in one.
  'detection:keep': z.strictObject({
    key: z.strictObject({ organizationId: branded<OrganizationId>(), id: branded<DetectionId>() }),
    keep: z.boolean(),
  }),
  // A page could fill the disk or overwrite a file: the user chooses each place in a dialog of the desktop, one at a time.
  'evidence:save': z.strictObject({ organizationId: branded<OrganizationId>(), id: branded<DetectionId>() }),
  // Counts and words only: there is nothing to take.
  'health:read': nothing,
  // The receiver's address with its secret is told: with it anyone can be heard by the receiver, not believed.
  'app:read': nothing,
  // A page could fill the history with samples: the handler sends one at a time, and they are marked as a demonstration.
  'sample:send': nothing,
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
  // The header is told, as the receiver's path is: with both anyone can be heard, not believed.
  'secret-header:read': nothing,
  // A page could make new values for ever: the last few stay accepted, and those of registered webhooks always.
  'secret-header:renew': nothing,
  // Its address and header are told, as those of the receiver are: with both anyone can write to the timeline, marked as unsigned.
  'unsigned:read': nothing,
  // A page could open a way in for what nobody signs: on loopback, behind two secrets, for an organization the user added, and shown.
  'unsigned:switch': z.strictObject({ organizationId: branded<OrganizationId>().nullable() }),
  // A page could keep the receiver from listening by restarting it for ever: the handler lets one restart finish before the next.
  'receiver:restart': nothing,
  // How each way in stands, and the addresses that lead to them: with those anyone can be heard, not believed. No secret that lets us in.
  'ways:read': nothing,
  // A page could have main connect to any host, have the secret header sent where it can read it, or name a file: the user is asked in a
  // dialog about every host and file that is new, with all of it in sight, and a secret stays with the server it was given for. What a
  // server of the page's sends is believed no more than what comes by any other way in.
  'inlet:save': z.strictObject({
    id: inletId.nullable(),
    draft: inletDraft,
    secret: z.string().min(1).max(8_192).nullable(),
    header: z.string().min(1).max(4_200).nullable().exactOptional(),
  }),
  // A page could switch off or remove a way in, as the user can: each is shown, and its gaps stay.
  'inlet:switch': z.strictObject({ id: inletId, isOn: z.boolean() }),
  'inlet:remove': inletId,
  // A page could connect again and again: one connection of an inlet at a time, and its far end has limits of its own.
  'inlet:reconnect': inletId,
  // A page could have samples sent, with the secret header: to the address of a way in only, whose host the user agreed to, one after
  // another, and they are marked as a demonstration.
  'inlet:test': inletId,
  // A page could have a program run: the user is asked in a dialog of the desktop before a command or ssh is saved, with Cancel as its default.
  'tunnel:save': tunnel.nullable(),
  // A page could start the tunnel over and over: what the user allowed, one run at a time.
  'tunnel:restart': nothing,
  // Times and counts only, and not all at once.
  'gaps:list': z.strictObject({ inlet: inletId.nullable(), since: instant.nullable(), limit: z.int().min(1).max(1_000) }),
  // A page could fill the disk, overwrite a file, or bury the user in dialogs: the user chooses each place in a dialog of the desktop,
  // one at a time, and few tasks run at once.
  'export:start': z.strictObject({ text: z.string().max(1_000), format: z.enum(exportFormats) }),
  // A page could have files read: the user chooses them in a dialog, and all that is in them is checked as if it had arrived.
  'import:start': nothing,
  // A page could cancel what the user began, as the user can: no half file stays, and what was kept stays.
  'task:cancel': z
    .string()
    .max(36)
    .transform((text) => text as TaskId),
  // Names of files the user chose, with counts.
  'tasks:list': nothing,
  // Names, sizes and times of backups, and where they lie.
  'backups:list': nothing,
  // A page could have backups made over and over: one at a time, they replace those of the same day, and room is left on the disk.
  'backup:make': nothing,
  // A page could have the history looked through over and over: between other work, and a later look ends an earlier one.
  'retention:preview': z.strictObject({ policy: retention }),
  // A page could have the history emptied: the user is asked in a dialog of the desktop each time, with Cancel as its default.
  'retention:apply': z.strictObject({ policy: retention }),
  // The same by the day: asked in the same way. To keep everything takes nothing from anybody.
  'retention:save': z.strictObject({ policy: retention.nullable() }),
  // Choices of the user: no secret is among them.
  'settings:read': nothing,
  // A page could turn notifications off, as the user can: the change is pushed to every view. It could name a public address of its own to
  // have the secrets of senders sent there: the user is asked in a dialog about each new one.
  'settings:write': z.strictObject({
    theme: z.enum(['system', 'dark', 'light']).exactOptional(),
    notify: z.boolean().exactOptional(),
    publicOrigin: z.string().max(2_048).nullable().exactOptional(),
    requireSecretHeader: z.boolean().exactOptional(),
  }),
  // A page could plant a command for a terminal: text only and bounded, and the clipboard is never read.
  'clipboard:write': z.string().refine((text) => Buffer.byteLength(text) <= mebibyte),
}
