import { assertNever } from '../../shared/assert-never.ts'
import type { HookFormat } from '../../shared/hooks.ts'
import { deadlineMs, type Posted } from './post.ts'

/** What an answer means for what was sent, and for what waits behind it. `words` are for people and repeat nothing of the answer's. */
export type Judged =
  | { readonly kind: 'sent' }
  /** The other side wants no more, ever. */
  | { readonly kind: 'gone'; readonly words: string }
  /** These messages were refused for what they are: others may pass. */
  | { readonly kind: 'refused'; readonly words: string }
  /** Whatever is sent now meets the same. `afterMs` is what the other side asks for. */
  | { readonly kind: 'failing'; readonly words: string; readonly afterMs: number | null }

/** Who is asking, whether it is allowed to, or that there is too much: not about what is in the message. */
const aboutAll: readonly number[] = [401, 402, 403, 404, 405, 407, 408, 421, 425, 429]
const longestAskedMs = 6 * 3_600_000

export function judge(
  posted: Posted,
  { format, host, now }: { readonly format: HookFormat; readonly host: string; readonly now: number },
): Judged {
  const failing = (words: string, afterMs: number | null = null): Judged => ({ kind: 'failing', words: `${host} ${words}`, afterMs })
  switch (posted.kind) {
    case 'too-slow':
      return failing(`did not answer within ${deadlineMs / 1_000} s.`)
    case 'unreachable':
      return failing(`cannot be reached (${posted.reason}).`)
    case 'answered':
      break
    default:
      return assertNever(posted)
  }
  const { status, text } = posted
  if (status >= 200 && status < 300) {
    if (format !== 'splunk-hec' || codeOf(text) === 0) return { kind: 'sent' }
    return failing(
      `answered ${status}, but not as a collector that has kept it does. Check the address: it ends in /services/collector/event.`,
    )
  }
  if (status === 410) {
    const words = `${host} answered 410: it wants no more, so this hook was turned off. Turn it on again if that was a mistake; what waits is kept.`
    return { kind: 'gone', words }
  }
  if (status >= 300 && status < 400)
    return failing(`answered ${status} to send it elsewhere, which is not followed. Enter the address it moved to.`)
  if (status === 401 || status === 403) return failing(`answered ${status}: it does not accept this secret, or this address. Check both.`)
  if (status === 404) return failing('answered 404: nothing takes hooks at this address. Check it.')
  if (status === 429 || status === 503)
    return failing(`answered ${status}: it takes no more for now.`, readRetryAfter(posted.retryAfter, now))
  if (status >= 400 && status < 500 && !aboutAll.includes(status))
    return { kind: 'refused', words: `${host} answered ${status}: it does not take what it was sent.` }
  return failing(`answered ${status}.`)
}

function codeOf(text: string | null): unknown {
  try {
    const answer: unknown = JSON.parse(text ?? '')
    return typeof answer === 'object' && answer !== null && 'code' in answer ? answer.code : null
  } catch {
    return null
  }
}

/** Seconds or a date, within bounds; null where it asks for nothing that can be read. */
function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 1_000), longestAskedMs)
}
