import { randomBytes } from 'node:crypto'
import { probeHeaderName } from '../inlets/admission.ts'
import { probed } from '../inlets/answers.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { explainAnswer } from './answer-words.ts'
import { connect, post, realNetwork, type Network } from './public-post.ts'

/** Whether what is sent to the public address comes here. `since` is when it last did, epoch ms; null where it never did. */
export type Reach =
  { readonly kind: 'unknown' | 'reached' } | { readonly kind: 'unreached'; readonly since: number | null; readonly detail: string }

/** Why a probe was not answered as we answer, in words; null where it was. */
export type SendProbe = (url: URL, value: string, signal: AbortSignal) => Promise<string | null>

export type OriginProbe = {
  /** The receiver's public address, to be looked at from now on; null while there is none, or nothing could come. */
  look(address: string | null): void
  read(): Reach
  /** Whether a request with this value is the probe that is under way. */
  isOurs(value: string): boolean
  /** Something came in by this host: then it leads here, whatever can be seen of it from inside. */
  heard(host: string | undefined): void
  stop(): void
}

const everyMs = 30_000
const deadlineMs = 8_000
/** After a miss, before it counts. */
const againMs = 3_000
/** While it is down, its return is noticed sooner. */
const whileDownMs = 15_000
/** A name that is asked for before it exists stays unknown for minutes; one that led here before exists. */
const firstMs = { unseen: 30_000, seen: 3_000 }

/**
 * Sends a request of a few bytes through the public address now and then. It carries the secret path and nothing else that SlashID's own
 * requests do not carry, and a value that only this process knows; the receiver knows it again and counts nothing.
 */
export function createOriginProbe(parts: {
  readonly send: SendProbe
  readonly onChanged: () => void
  readonly now: () => number
  readonly schedule: Schedule
}): OriginProbe {
  const { send, onChanged, now, schedule } = parts
  let url: URL | null = null
  let reach: Reach = { kind: 'unknown' }
  let reachedAt: number | null = null
  let lastSeen: string | null = null
  let misses = 0
  let cancel = (): void => {}
  let underWay: { readonly value: string; hasCome: boolean; readonly aborter: AbortController } | null = null

  function plan(afterMs: number): void {
    cancel()
    cancel = schedule(() => void probe(), afterMs)
  }

  async function probe(): Promise<void> {
    const asked = url
    if (asked === null) return
    const one = { value: randomBytes(16).toString('base64url'), hasCome: false, aborter: new AbortController() }
    underWay = one
    const cancelDeadline = schedule(() => one.aborter.abort(), deadlineMs)
    const trouble = await send(asked, one.value, one.aborter.signal).catch((error: unknown) => String(error))
    cancelDeadline()
    if (underWay !== one) return
    underWay = null
    if (trouble === null && one.hasCome) return good()
    if (++misses < 2) return plan(againMs)
    const why = trouble ?? 'something else answers there as Tocsin does.'
    const detail = `Nothing that is sent to ${asked.host} comes here: ${why} It is tried again by itself; what waits in the history is safe.`
    become({ kind: 'unreached', since: reachedAt, detail })
    plan(whileDownMs)
  }

  function good(): void {
    misses = 0
    reachedAt = now()
    lastSeen = url?.href ?? null
    become({ kind: 'reached' })
    plan(everyMs)
  }

  function become(next: Reach): void {
    const isSame = next.kind === reach.kind && (next.kind !== 'unreached' || (reach.kind === 'unreached' && next.detail === reach.detail))
    reach = next
    if (!isSame) onChanged()
  }

  function forget(): void {
    cancel()
    underWay?.aborter.abort()
    underWay = null
    misses = 0
    reachedAt = null
    reach = { kind: 'unknown' }
  }

  return {
    look(address) {
      if (address === (url?.href ?? null)) return
      forget()
      url = address === null ? null : new URL(address)
      if (url !== null) plan(url.href === lastSeen ? firstMs.seen : firstMs.unseen)
    },
    read: () => reach,
    isOurs(value) {
      const isIt = underWay !== null && underWay.value === value
      if (isIt && underWay !== null) underWay.hasCome = true
      return isIt
    },
    heard(host) {
      if (url === null || host?.toLowerCase() !== url.host) return
      underWay?.aborter.abort()
      underWay = null
      good()
    },
    stop() {
      url = null
      forget()
    },
  }
}

/** The real one: one connection, one request, no redirects. */
export function createProbeSender(network: Network = realNetwork): SendProbe {
  return async (url, value, signal) => {
    try {
      const over = new Promise<'over'>((resolve) => signal.addEventListener('abort', () => resolve('over')))
      const addresses = await Promise.race([network.resolve(url.hostname), over])
      if (addresses === 'over') return tooSlow
      const connected = await connect(url, addresses, network, signal)
      if (connected.kind !== 'connected') return connected.kind === 'failed' ? connected.detail : tooSlow
      const headers = { [probeHeaderName]: value }
      const answer = await post(url, { socket: connected.socket, headers, body: new Uint8Array(), signal })
      if (answer.kind !== 'answered') return answer.kind === 'no-answer' ? answer.detail : tooSlow
      if (answer.status === probed.status && answer.text === probed.body) return null
      return explainAnswer(answer, url) ?? 'something else answers there.'
    } catch (error) {
      return `its name is not known here (${(error as NodeJS.ErrnoException).code ?? 'no reason given'}).`
    }
  }
}

const tooSlow = 'nothing answers in time.'
