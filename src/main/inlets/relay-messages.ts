import { z } from 'zod'
import type { Instant } from '../../shared/detection.ts'
import { relayLimits } from '../../shared/relay.ts'
import { decodeBase64 } from './base64.ts'
import type { NotTaken } from './inlet.ts'
import { keptHeaders } from './kept-headers.ts'

export type Told =
  | { readonly kind: 'hello'; readonly mailbox: string; readonly after: number; readonly backlog: number; readonly last: number }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly count: number }
  | {
      readonly kind: 'entry'
      readonly seq: number
      readonly body: Uint8Array
      readonly headers: Readonly<Record<string, string>>
      readonly receivedAt: Instant
    }
  /** `seq` where it has one, so that it can be passed over. */
  | { readonly kind: 'not-taken'; readonly seq: number | null; readonly because: NotTaken }

const position = z.int().nonnegative()
const seq = z.int().positive()
const hello = z.object({ mailbox: z.string().regex(/^[\w-]{1,64}$/), after: position, backlog: position, last: position })
const gap = z.object({ gap: z.object({ from: seq, to: seq, count: position }) })
const entry = z.object({ seq, receivedAt: z.iso.datetime({ offset: true }), headers: z.record(z.string(), z.string()), body: z.string() })

/** What the relay said, as far as it can be made out. */
export function readRelayMessage(text: string): Told {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return notTaken(null, 'malformed')
  }
  const asEntry = entry.safeParse(said)
  if (asEntry.success) return readEntry(asEntry.data)
  const asHello = hello.safeParse(said)
  if (asHello.success) return { kind: 'hello', ...asHello.data }
  const asGap = gap.safeParse(said)
  if (asGap.success) return { kind: 'gap', ...asGap.data.gap }
  return notTaken(z.object({ seq }).safeParse(said).data?.seq ?? null, 'malformed')
}

function readEntry({ seq, receivedAt, headers, body }: z.infer<typeof entry>): Told {
  const bytes = decodeBase64(body)
  if (bytes === null) return notTaken(seq, 'not-base64')
  if (bytes.byteLength > relayLimits.bodyBytes) return notTaken(seq, 'too-large')
  const acceptedAt = new Date(receivedAt).toISOString() as Instant
  return { kind: 'entry', seq, body: bytes, headers: keptHeaders(Object.entries(headers)), receivedAt: acceptedAt }
}

function notTaken(seq: number | null, because: NotTaken): Told {
  return { kind: 'not-taken', seq, because }
}

/**
 * How far the history has come in one mailbox, as it is kept in a checkpoint. `untold` is what was lost on the way there and may not have
 * been said yet: written down together with the position, so that a loss is said although the position is past it, and not at every try.
 */
export type Place = { readonly mailbox: string; readonly seq: number; readonly untold?: Loss }
export type Loss = { readonly count: number | null }

export function placeText({ mailbox, seq, untold }: Place): string {
  return `${mailbox}:${seq}${untold === undefined ? '' : `:${untold.count ?? '?'}`}`
}

/** null for what is none, such as before the first. */
export function readPlace(text: string | null): Place | null {
  const [, mailbox, seq, lost] = /^([\w-]{1,64}):(\d{1,16})(?::(\d{1,16}|\?))?$/.exec(text ?? '') ?? []
  if (mailbox === undefined || !Number.isSafeInteger(Number(seq))) return null
  return { mailbox, seq: Number(seq), ...(lost === undefined ? {} : { untold: { count: lost === '?' ? null : Number(lost) } }) }
}
