import { readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { viewOf, wantedAt } from '../../shared/address.ts'
import { longestLink, type View } from '../../shared/view.ts'

/** Where the page lives: a scheme of our own, which no web server can answer for. */
export const appScheme = 'app'
export const appHost = 'tocsin'
export const pageUrl = `${appScheme}://${appHost}/`

/**
 * Everything is forbidden, then what the page needs is given back. It never talks to a network, so `connect-src` stays closed,
 * and markup can be made only by the policy of Svelte's own templates.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ')

/** Sent with every answer, errors included. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-DNS-Prefetch-Control': 'off',
  'Cache-Control': 'no-store',
}

const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export type PageFile = { readonly file: string; readonly type: string }

/**
 * Every address that is answered, with its file: read from the folder once, so that an address is looked up by equality and no
 * path is ever built from one. Links and files of another type (source maps) are left out.
 */
export function listPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  const walk = (folder: string, url: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name)
      const address = url + encodeURIComponent(entry.name)
      const type = mimeTypes[extname(entry.name)]
      if (entry.isDirectory()) walk(file, `${address}/`)
      else if (entry.isFile() && type !== undefined) files.set(address, { file, type })
    }
  }
  walk(directory, pageUrl)
  const index = files.get(`${pageUrl}index.html`)
  if (index !== undefined) files.set(pageUrl, index)
  return files
}

/** Whether a frame at this address is our page. Compared by parts: `app://tocsin.example` starts like it and is not. */
export function isPageUrl(text: string): boolean {
  const url = parse(text)
  return url !== null && url.protocol === `${appScheme}:` && url.host === appHost && url.username === '' && url.password === ''
}

/** Which view the page shows: it keeps its address in its hash as `#/view?…`, and what is no address it takes for the timeline. */
export function viewAt(text: string): View {
  return viewOf(addressIn(text)) ?? 'timeline'
}

/** Whether the page shows all of the timeline: what arrives appears there, whatever it is. A search or a range may leave it out. */
export function showsWholeTimeline(text: string): boolean {
  const wanted = wantedAt(addressIn(text))
  return viewAt(text) === 'timeline' && (wanted === null || (wanted.text === '' && wanted.range === null))
}

function addressIn(text: string): string {
  return (parse(text)?.hash ?? '').slice('#/'.length)
}

/** What of the page's address leads a new page to the same place; '' where it is none that leads anywhere. */
export function placeAt(text: string): string {
  const hash = isPageUrl(text) ? (parse(text)?.hash ?? '') : ''
  return hash.startsWith('#/') && hash.length <= longestLink ? hash : ''
}

/** Whether the page's process may ask for this address at all. Developer tools load themselves from `devtools:`. */
export function mayRequest(text: string, options: { readonly developerTools: boolean }): boolean {
  if (isPageUrl(text)) return true
  return options.developerTools && parse(text)?.protocol === 'devtools:'
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
