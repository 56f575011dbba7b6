import type { InletDraft, InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { Settings } from '../../shared/settings.ts'
import { readInlet } from './inlet-setup.ts'
import { readSettings } from './public-origin.ts'
import { readGiven } from './secret-text.ts'

/** What a page asks for and only a person may grant; null where there is nothing to ask. Both parts are shown whole. */
export type Consent = { readonly message: string; readonly detail: string } | null

/** What a person has agreed to before: hosts with their ports, and files. */
export type Agreed = { readonly hosts: ReadonlySet<string>; readonly files: ReadonlySet<string> }

/** Everything that was asked about when it was saved, and what SlashID sends to already. */
export function agreedSoFar(inlets: readonly InletSetUp[], origins: readonly (string | null)[]): Agreed {
  const urls = [...inlets.flatMap(({ url, address }) => [url, address]), ...origins]
  return {
    hosts: new Set(urls.flatMap((url) => hostOf(url) ?? [])),
    files: new Set(inlets.flatMap((inlet) => (inlet.kind === 'jetstream' && inlet.caFile !== null ? [inlet.caFile] : []))),
  }
}

/**
 * What has to be agreed to before a way in is saved. A page must not be able to have main connect where it likes, have secrets sent where
 * it can read them, or have files read.
 */
export function inletConsent(wanted: InletDraft, agreed: Agreed): Consent {
  const read = readInlet(wanted)
  // What cannot be saved is said by saving it.
  if (read.kind === 'refused') return null
  const { setUp } = read
  const far = hostOf(setUp.url) ?? ''
  const sender = hostOf(setUp.address)
  const asked: string[] = []
  if (!agreed.hosts.has(far)) asked.push(`It connects to ${far}, now and whenever Tocsin is open, and takes deliveries from there.`)
  if (sender !== null && !agreed.hosts.has(sender)) {
    asked.push(`SlashID is told to send to ${sender}. Tests send there too, with the secret header.`)
  }
  if (setUp.kind === 'jetstream' && setUp.caFile !== null && !agreed.files.has(setUp.caFile)) {
    asked.push(`It reads ${setUp.caFile} at every connection, to know the server by.`)
  }
  for (const [given, shownTo] of [
    [wanted.secret, setUp.kind === 'gosmee' ? null : far],
    [wanted.header ?? null, sender],
  ] as const) {
    const secret = given === null ? null : readGiven(given)
    if (secret?.kind !== 'reference') continue
    const use = shownTo === null ? 'to open what comes' : `and shows what it holds to ${shownTo}, to be let in there`
    asked.push(`It reads ${secret.value} at every use, ${use}.`)
  }
  if (asked.length === 0) return null
  return {
    message: `Let Tocsin use ${far} as a way in?`,
    detail: [...asked, 'Nothing is connected to, read or saved if you cancel.'].join('\n\n'),
  }
}

/** What has to be agreed to before a public address is saved: tests and checks of it carry the secrets that let senders in. */
export function originConsent(changes: Partial<Settings>, { hosts }: Agreed): Consent {
  const read = readSettings(changes)
  const host = read.kind === 'read' ? hostOf(read.changes.publicOrigin ?? null) : null
  if (host === null || hosts.has(host)) return null
  return {
    message: `Does ${host} lead to this computer?`,
    detail: `SlashID is told to send there. Tests and checks of this way in are sent there too, with the secret path and the secret header.\n\nNothing is sent or saved if you cancel.`,
  }
}

function hostOf(url: string | null): string | null {
  return url === null ? null : (parseUrl(url)?.host ?? null)
}
