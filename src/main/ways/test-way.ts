import { createHash, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { testSteps, type InletId, type Tested, type TestedStep, type TestStep } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import { explainAnswer } from './answer-words.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { connect, post, realNetwork, type Network } from './public-post.ts'
import type { Witness, Witnessed } from './witness.ts'

export type WayToTest = {
  /** The target URL that SlashID posts to. */
  readonly address: string
  /** Those a webhook is registered with, such as the secret header. */
  readonly headers: Readonly<Record<string, string>>
  /** Signed by somebody who is believed here: the demo organization. */
  readonly sample: { readonly token: string }
  /** The way in that it should come by; null where any will do. */
  readonly inlet: InletId | 'receiver' | 'unsigned' | null
  readonly witness: Witness
  /** Origins on this computer that are ours, such as the receiver's own. No other address of this computer is asked. */
  readonly localOrigins: readonly string[]
  /** Epoch ms. */
  readonly now: () => number
  readonly schedule: Schedule
  readonly network?: Network
}

/** For all of it. */
const deadlineMs = 15_000
export const testHeader = 'x-tocsin-test'

/** Sends a signed sample to a public address as SlashID would, and says step by step how far it came; the first failure is explained. */
export async function testWay(way: WayToTest): Promise<Tested> {
  const { address, sample, witness, now, schedule, network = realNetwork } = way
  const steps = createSteps(now)
  const aborter = new AbortController()
  const { signal } = aborter
  const cancel = schedule(() => aborter.abort(), deadlineMs)
  const over = new Promise<'over'>((resolve) => signal.addEventListener('abort', () => resolve('over')))
  const mark = randomBytes(16).toString('hex')
  const watch = witness.watch(({ headers, body }) => headers[testHeader] === mark || carries(body, sample.token))
  let witnessed: Witnessed | null = null
  void watch.seen.then((seen) => (witnessed = seen))
  try {
    const url = parseUrl(address)
    if (url === null) return steps.failed('resolved', 'This is no address. Copy it again from Connections.')
    const found = await Promise.race([addressesOf(url, way.localOrigins, network), over])
    if (found === 'over')
      return steps.failed('resolved', `Nobody told the address of ${url.hostname} within 15 seconds. Is this computer online?`)
    if (found.kind === 'failed') return steps.failed('resolved', found.detail)
    steps.passed('resolved', found.detail)

    const connected = await connect(url, found.addresses, network, signal)
    if (connected.kind === 'too-slow') {
      return steps.failed(
        'connected',
        `${url.host} did not answer in time. A firewall or a VPN may swallow it; is what stands there running?`,
      )
    }
    if (connected.kind === 'failed') return steps.failed('connected', connected.detail)
    if (url.protocol === 'http:' && !found.isLocal) {
      connected.socket.destroy()
      return steps.failed(
        'connected',
        'The address begins with http://, and SlashID sends to https:// only. Put it behind TLS, or use the https address.',
      )
    }
    steps.passed('connected', connected.detail)

    const body = Buffer.from(sample.token)
    const sentAt = now()
    const answer = await post(url, { socket: connected.socket, headers: { ...way.headers, [testHeader]: mark }, body, signal })
    const accepted = judgeAnswer(answer, url, witnessed)
    if (accepted.kind === 'failed') return steps.failed('accepted', accepted.detail)
    steps.passed('accepted', accepted.detail)

    const seen = await Promise.race([watch.seen, over])
    if (seen === 'over') {
      return steps.failed(
        'arrived',
        `Nothing arrived within 15 seconds, though ${url.host} took it. See that this way in is connected and that the address is the one that leads to it.`,
      )
    }
    return judgeArrival(steps, seen, { body, inlet: way.inlet, afterMs: Math.max(0, now() - sentAt) })
  } finally {
    cancel()
    watch.stop()
    aborter.abort()
  }
}

type Steps = {
  passed(step: TestStep, detail: string): void
  /** Ends the test: what comes after was not reached. */
  failed(step: TestStep, detail: string): Tested
  whole(): Tested
}

function createSteps(now: () => number): Steps {
  const startedAt = now()
  const reached = new Map<TestStep, TestedStep>()
  const all = (): readonly TestedStep[] => testSteps.map((step) => reached.get(step) ?? { step, kind: 'not-reached' })
  return {
    passed(step, detail) {
      reached.set(step, { step, kind: 'passed', detail, afterMs: Math.max(0, Math.round(now() - startedAt)) })
    },
    failed(step, detail) {
      reached.set(step, { step, kind: 'failed', detail })
      return { steps: all(), isWhole: false }
    },
    whole: () => ({ steps: all(), isWhole: true }),
  }
}

type Addresses =
  | { readonly kind: 'found'; readonly addresses: readonly string[]; readonly isLocal: boolean; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }

async function addressesOf(url: URL, localOrigins: readonly string[], network: Network): Promise<Addresses> {
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    return { kind: 'failed', detail: 'The address must begin with https:// and hold no user name. Copy it again from Connections.' }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isLocal = localOrigins.includes(url.origin)
  const ours = 'An address of this computer: this tests what happens here, and SlashID cannot send to it.'
  if (isIP(host) !== 0) {
    if (isLocal) return { kind: 'found', addresses: [host], isLocal, detail: ours }
    return {
      kind: 'failed',
      detail: `SlashID sends to a host name only, and ${host} is an IP address. Use the name that your tunnel or relay has.`,
    }
  }
  try {
    const addresses = await network.resolve(host)
    if (addresses.length === 0) return { kind: 'failed', detail: noAddress(host) }
    if (isLocal) return { kind: 'found', addresses, isLocal, detail: ours }
    const beyond = addresses.filter((one) => !isThisComputer(one))
    if (beyond.length === 0) {
      return {
        kind: 'failed',
        detail: `${host} leads to ${addresses[0] ?? ''}, which is this computer itself: SlashID cannot reach it. Use the name that your tunnel or relay has.`,
      }
    }
    const isPrivate = beyond.every(isPrivateAddress) ? ' (private here; SlashID has to find a public one)' : ''
    return { kind: 'found', addresses: beyond, isLocal: false, detail: `${host} is ${beyond.slice(0, 3).join(', ')}${isPrivate}` }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { kind: 'failed', detail: noAddress(host) }
    return { kind: 'failed', detail: `The name ${host} cannot be looked up now (${code}). Is this computer online?` }
  }
}

function noAddress(host: string): string {
  return `No address is known for ${host}. A new tunnel’s name can take a minute to be known; an old one may be gone: compare it with what the tunnel says now.`
}

function isThisComputer(address: string): boolean {
  return /^(127\.|0\.|::1$|::$|::ffff:(127|0)\.)/i.test(address)
}

function isPrivateAddress(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i.test(
    address,
  )
}

/** Whether a body is the sample, changed or not: transports that drop headers still bring the signed text. */
function carries(body: Uint8Array, token: string): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(token.slice(0, token.lastIndexOf('.')))
}

function judgeAnswer(
  answer: Awaited<ReturnType<typeof post>>,
  url: URL,
  witnessed: Witnessed | null,
): { readonly kind: 'passed' | 'failed'; readonly detail: string } {
  if (answer.kind !== 'answered') {
    const detail =
      answer.kind === 'too-slow' ? `${url.host} gave no answer in time: SlashID would count the delivery as failed.` : answer.detail
    return { kind: 'failed', detail: witnessed === null ? detail : `The sample arrived here, but no answer came back. ${detail}` }
  }
  const isOurWord = witnessed !== null && (witnessed.outcome.kind === 'refused' || witnessed.outcome.kind === 'failed')
  // Tocsin itself refused what came: the way there is fine, and the next steps say what is not.
  if (isOurWord) return { kind: 'passed', detail: `It reached Tocsin, which answered ${answer.status} to what arrived.` }
  const explained = explainAnswer(answer, url)
  if (explained === null) return { kind: 'passed', detail: `HTTP ${answer.status}` }
  if (witnessed === null) return { kind: 'failed', detail: explained }
  return {
    kind: 'failed',
    detail: `Tocsin kept the sample and answered 200, but ${answer.status} came back: something on the way replaces answers. ${explained}`,
  }
}

function judgeArrival(
  steps: Steps,
  { delivery, outcome }: Witnessed,
  sent: { readonly body: Uint8Array; readonly inlet: string | null; readonly afterMs: number },
): Tested {
  const size = sent.body.byteLength
  const hash = sha256(sent.body)
  if (sha256(delivery.body) !== hash) {
    return steps.failed(
      'bytes-intact',
      `The body was changed on the way: ${size} bytes were sent, ${delivery.body.byteLength} arrived${howChanged(delivery.body, sent.body)}. SlashID’s signature does not survive that: switch off whatever rewrites bodies there, or take another way in.`,
    )
  }
  steps.passed('bytes-intact', `${size} bytes, SHA-256 ${hash.slice(0, 12)}…`)
  switch (outcome.kind) {
    case 'kept':
    case 'duplicate':
      steps.passed('signature-intact', 'The signature is good.')
      break
    case 'quarantined':
      return steps.failed(
        'signature-intact',
        'The sample waits in quarantine: the keys of the demo organization are not known here. Send a sample once from the timeline, then test again.',
      )
    case 'refused':
      return steps.failed(
        'signature-intact',
        `Tocsin refused the sample (${outcome.because}), though its bytes are whole. ${outcome.because === 'expired' || outcome.because === 'issued-in-future' ? 'It came too late, or the clock of this computer is wrong: set it by the network.' : 'Start Tocsin anew and test again; if it stays, the log says more.'}`,
      )
    case 'failed':
      return steps.failed(
        'arrived',
        'The sample arrived and could not be kept. Look at the state of the storage; deliveries are answered 503 until it is mended.',
      )
  }
  if (sent.inlet !== null && delivery.inlet !== sent.inlet) {
    return steps.failed(
      'arrived',
      `The sample arrived, but by another way in (${delivery.inlet}). The address belongs to that one: correct it.`,
    )
  }
  steps.passed('arrived', `${Math.round(sent.afterMs)} ms after it was sent`)
  return steps.whole()
}

function howChanged(arrived: Uint8Array, sent: Uint8Array): string {
  const [was, is] = [Buffer.from(sent).toString('latin1'), Buffer.from(arrived).toString('latin1')]
  if (is.trim() === was) return ', with blanks or line breaks around them'
  if (is.includes(was)) return ', wrapped in something else'
  return ''
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
