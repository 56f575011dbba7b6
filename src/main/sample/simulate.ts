import { randomUUID } from 'node:crypto'
import type { DemoSigner } from './demo.ts'
import { scenario, type SampleDelivery } from './scenario.ts'
import { createAgent, send, type Answered } from './send.ts'

export type Tally = {
  readonly sent: number
  readonly acknowledged: number
  /** Answered, but not with 200. */
  readonly refused: number
  /** Not answered at all. */
  readonly failed: number
}

export type Simulated = Tally & {
  /** Of the acknowledged ones, in whole ms rounded up; null where there are none. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly most: number } | null
  /** What the last delivery that was not acknowledged met, for people. */
  readonly trouble: string | null
}

export type SimulateOptions = {
  readonly url: string
  /** What the receiver wants to see beside the path. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signer: DemoSigner
  readonly count: number
  /** null sends as fast as answers come. */
  readonly ratePerSecond: number | null
  readonly seed: string
  /** Epoch ms. */
  readonly now: () => number
  readonly concurrency?: number
  /** How long the first delivery is tried again while it is answered 401: the app may just be hearing of the organization. */
  readonly patienceMs?: number
  readonly onProgress?: (tally: Tally) => void
}

/** Nobody listens any more: the rest would fail one after another. */
const mostFailuresInARow = 32
const retryMs = 100

/** Stands for SlashID: signs a scenario and sends it, each detection's own deliveries in their order. */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const { url, headers, signer, count, ratePerSecond, seed, now, concurrency = 16, patienceMs = 0, onProgress = () => {} } = options
  const deliveries = scenario({ seed, count, startAt: now(), now })
  const agent = createAgent(concurrency)
  const latencies = createLatencies()
  const inFlight = new Map<string, Promise<void>>()
  const startedAt = performance.now()
  let tally: Tally = { sent: 0, acknowledged: 0, refused: 0, failed: 0 }
  let trouble: string | null = null
  let failuresInARow = 0
  let tickets = 0

  function record(answer: Answered): void {
    tally = { ...tally, sent: tally.sent + 1 }
    failuresInARow = answer.kind === 'no-answer' ? failuresInARow + 1 : 0
    if (answer.kind === 'no-answer') {
      tally = { ...tally, failed: tally.failed + 1 }
      trouble = answer.detail
    } else if (answer.status === 200) {
      tally = { ...tally, acknowledged: tally.acknowledged + 1 }
      latencies.add(answer.afterMs)
    } else {
      tally = { ...tally, refused: tally.refused + 1 }
      trouble = `answered ${answer.status}`
    }
    onProgress(tally)
  }

  async function deliver(delivery: SampleDelivery): Promise<void> {
    const { detectionId, claims } = delivery
    const before = inFlight.get(detectionId)
    const mine = (async () => {
      await before
      record(await send(url, signer.sign(claims), agent, headers))
    })()
    inFlight.set(detectionId, mine)
    await mine
    if (inFlight.get(detectionId) === mine) inFlight.delete(detectionId)
  }

  async function deliverFirst(): Promise<void> {
    const first = deliveries.next()
    if (first.done) return
    tickets++
    const until = performance.now() + patienceMs
    let answer = await send(url, signer.sign(first.value.claims), agent, headers)
    while (answer.kind === 'answered' && answer.status === 401 && performance.now() < until) {
      await sleep(retryMs)
      // A new token each time, as a sender's retry would bring: the app may remember the one that it refused.
      answer = await send(url, signer.sign({ ...first.value.claims, jti: randomUUID() }), agent, headers)
    }
    record(answer)
  }

  async function work(): Promise<void> {
    while (tickets < count && failuresInARow < mostFailuresInARow) {
      const ticket = tickets++
      if (ratePerSecond !== null) await sleep(startedAt + (ticket * 1000) / ratePerSecond - performance.now())
      // Drawn only now, so that its `iat` is the moment it is sent.
      const next = deliveries.next()
      if (!next.done) await deliver(next.value)
    }
  }

  try {
    await deliverFirst()
    await Promise.all(Array.from({ length: concurrency }, work))
    return { ...tally, latency: latencies.summary(), trouble }
  } finally {
    agent.destroy()
  }
}

/** A longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1

function sleep(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, Math.min(ms, longestTimerMs)))
}

/** One count per millisecond up to the deadline, so that a million deliveries take no more room than ten. */
function createLatencies(): { add(ms: number): void; summary(): Simulated['latency'] } {
  const counts = new Uint32Array(10_001)
  let total = 0
  const at = (share: number): number => {
    let left = Math.ceil(total * share)
    return counts.findIndex((count) => (left -= count) <= 0)
  }
  return {
    add(ms) {
      const bucket = Math.min(counts.length - 1, Math.ceil(ms))
      counts[bucket] = (counts[bucket] ?? 0) + 1
      total++
    },
    summary: () => (total === 0 ? null : { p50: at(0.5), p95: at(0.95), most: at(1) }),
  }
}
