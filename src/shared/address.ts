import type { Instant } from './detection.ts'
import { views, type View, type Wanted } from './view.ts'

/** The view that an address of the app names, such as `timeline?q=kind%3Athreat`; null where it names none. */
export function viewOf(address: string): View | null {
  const name = /^[a-z]+(?=[/?]|$)/.exec(address)?.[0]
  return views.find((view) => view === name) ?? null
}

/** What a view at this address looks for; null where it is no search. */
export function wantedAt(address: string): Wanted | null {
  const view = viewOf(address)
  if (view !== 'timeline' && view !== 'attack') return null
  const query = address.split('?').slice(1).join('?')
  const [text, from, to] = ['q', 'from', 'to'].map((name) => parameter(query, name))
  return { text: text ?? '', range: rangeOf(from ?? null, to ?? null) }
}

function parameter(query: string, name: string): string | null {
  const part = query.split('&').find((one) => one.startsWith(`${name}=`))
  if (part === undefined) return null
  try {
    return decodeURIComponent(part.slice(name.length + 1))
  } catch {
    return null
  }
}

function rangeOf(from: string | null, to: string | null): Wanted['range'] {
  return from !== null && to !== null && isInstant(from) && isInstant(to) && from < to ? { from, to } : null
}

function isInstant(text: string): text is Instant {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString() === text
}
