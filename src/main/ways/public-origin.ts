import type { InletId, InletSetUp } from '../../shared/inlets.ts'
import type { Settings } from '../../shared/settings.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import { readOrigin } from '../inlets/origin.ts'

export type ReadSettings =
  { readonly kind: 'read'; readonly changes: Partial<Settings> } | { readonly kind: 'refused'; readonly detail: string }

/** Brings what the user typed into the form that is kept. Only the public origin can be typed wrongly. */
export function readSettings(changes: Partial<Settings>): ReadSettings {
  const { publicOrigin } = changes
  if (publicOrigin === undefined || publicOrigin === null) return { kind: 'read', changes }
  const read = readOrigin(publicOrigin)
  return read.kind === 'refused'
    ? { kind: 'refused', detail: `${read.detail} Nothing was changed.` }
    : { kind: 'read', changes: { ...changes, publicOrigin: read.origin } }
}

/** The address SlashID has to be given: the public origin, with the receiver's secret path. Null before both are there. */
export function targetUrl({ publicOrigin }: Pick<Settings, 'publicOrigin'>, receiverUrl: string | null): string | null {
  return publicOrigin === null || receiverUrl === null ? null : new URL(new URL(receiverUrl).pathname, publicOrigin).href
}

/** A way in that a webhook can be registered with, and the address it is given then. */
export type Target = { readonly inlet: InletId; readonly url: string }

/** Every way in that SlashID can send to, what is registered unless another is asked for first. */
export function targetsOf(receiverAddress: string | null, inlets: readonly InletSetUp[]): readonly Target[] {
  const receiver = receiverAddress === null ? [] : [{ inlet: 'receiver' as InletId, url: receiverAddress }]
  const fetched = inlets.flatMap(({ id, kind, isOn, address }) =>
    isOn && kind !== 'smee' && address?.startsWith('https:') ? [{ inlet: id, url: address }] : [],
  )
  return [...receiver, ...fetched]
}

/** The address for a webhook: of the way in that is asked for, else the one it has as long as that leads here, else the first. */
export function chooseTarget(targets: readonly Target[], registered: string | null, inlet: InletId | null): string | null {
  if (inlet !== null) return targets.find((one) => one.inlet === inlet)?.url ?? null
  return (targets.find(({ url }) => url === registered) ?? targets[0])?.url ?? null
}

/**
 * Hosts besides loopback whose requests the receiver answers: where tunnels begin or began, and what webhooks are registered with, since
 * a delivery may be on its way to an address that has moved.
 */
export function publicHosts(
  origins: readonly (string | null)[],
  registered: readonly string[] = [],
  receiverUrl: string | null = null,
): readonly string[] {
  const path = receiverUrl === null ? null : new URL(receiverUrl).pathname
  const ours = registered.filter((url) => parseUrl(url)?.pathname === path)
  return [...new Set([...origins, ...ours].flatMap((url) => (url === null ? [] : [new URL(url).host])))]
}
