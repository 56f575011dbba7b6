import { longestHookName, mostHooks, type HookDraft, type HookFormat } from '../../shared/hooks.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { KeptHook } from '../store/hooks.ts'
import { hasHidden } from '../ways/secret-text.ts'

export type ReadHook = { readonly kind: 'read'; readonly draft: HookDraft } | { readonly kind: 'refused'; readonly detail: string }

const longestUrl = 2_048

/** Brings what the user entered into the form that is kept, or says what is wrong with it. Its secret is for others to judge. */
export function readHook(draft: HookDraft, hooks: readonly KeptHook[]): ReadHook {
  const name = draft.name.trim()
  if (name === '' || name.length > longestHookName || hasHidden(name))
    return refused(`A name has 1 to ${longestHookName} characters, all of them visible.`)
  if (draft.id === null && hooks.length >= mostHooks) return refused(`There may be ${mostHooks} hooks. Remove one that you no longer need.`)
  if (draft.id !== null && !hooks.some(({ id }) => id === draft.id)) return refused('This hook was removed meanwhile.')
  if (hooks.some((hook) => hook.id !== draft.id && hook.name === name)) return refused('Another hook has this name.')
  const read = readUrl(draft.url.trim())
  return typeof read === 'string' ? refused(read) : { kind: 'read', draft: { ...draft, name, url: read.href } }
}

/** The address as it is asked, or what is wrong with it. */
function readUrl(text: string): URL | string {
  const url = parseUrl(text)
  if (url === null || text.length > longestUrl || hasHidden(text)) return 'Enter the whole address, such as https://siem.example.org/hook.'
  if (url.username !== '' || url.password !== '') return 'Leave the user and the password out of the address.'
  if (url.hash !== '') return 'Leave out what follows the # of the address: it is never sent.'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return url
  return 'The address has to begin with https://. Only to this computer itself, as http://127.0.0.1 or http://[::1], may it be http://.'
}

/** By its number: a name could lead elsewhere tomorrow. The URL parser has turned every other spelling into this one. */
function isLoopback({ hostname }: URL): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === '[::1]'
}

export type HookSecretKind = 'signing' | 'token'

/** What the other side knows it by: a key that signs, or a token that it gave. */
export function secretKindOf(format: HookFormat): HookSecretKind {
  return format === 'splunk-hec' ? 'token' : 'signing'
}

/** Why this cannot sign; null where it can. Standard Webhooks asks for 24 to 64 bytes. */
export function signingRefusal(secret: string): string | null {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  const bytes = encoded === undefined ? 0 : Buffer.from(encoded, 'base64')
  const isRight = bytes !== 0 && bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === encoded
  return isRight ? null : 'A secret to sign with is whsec_ and 24 to 64 bytes in Base64, as the receiver shows it.'
}

function refused(detail: string): ReadHook {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
