import { z } from 'zod'
import type { OrganizationId } from '../../../shared/detection.ts'
import type { InletDraft, TunnelSetUp } from '../../../shared/inlets.ts'
import { branded, inletId, instant, nothing, url, type Schemas } from './shapes.ts'

const port = z.int().min(1).max(65_535)
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

export const waysArguments = {
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
} satisfies Partial<Schemas>
