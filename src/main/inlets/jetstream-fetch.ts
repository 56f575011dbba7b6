import type { NatsConnection } from '@nats-io/transport-node'
import { errors } from '@nats-io/transport-node'
import type { InletSetUp } from '../../shared/inlets.ts'
import type { LinkEnd, LinkReport } from './connection.ts'
import { createFeed } from './feed.ts'
import type { FetchingParts } from './inlet.ts'
import { begin, takenElsewhere, type Memory, type Timing } from './jetstream-begin.ts'
import { readMessage, type Pulled } from './jetstream-message.ts'
import { createPuller } from './jetstream-pull.ts'

export type JetstreamParts = FetchingParts<Extract<InletSetUp, { kind: 'jetstream' }>>

/** What could not be settled comes back after this time. */
const returnMs = 1_000
/** How long a server has to answer before a connection that is given up counts as dead. */
const answerMs = 600
/** How long what is in flight may take to be settled at the end. */
const settleMs = 2_000
/** Whatever the history is busy with, the server has to say that it is there. */
const signOfLifeMs = 15_000

export type Fetched = {
  readonly end: LinkEnd
  /** The server answers no more: there is nobody to take leave of. */
  readonly isDead: boolean
}

/** Fetches until `over`, or until it can go on no more; whatever is settled by then is acknowledged. Rejects with what the library throws. */
export async function fetchMessages(
  nats: NatsConnection,
  parts: JetstreamParts,
  about: { readonly report: LinkReport; readonly over: Promise<LinkEnd>; readonly timing: Timing; readonly memory: Memory },
): Promise<Fetched> {
  const { setUp, ingest, onTurnedAway, onBug, now, schedule } = parts
  const { report, over, memory } = about
  let finish: (end: LinkEnd) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const finished = new Promise<LinkEnd>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  const begun = await Promise.race([begin(nats, parts, about), over])
  if (begun.kind !== 'begun') return { end: begun, isDead: !(await answers(nats, parts)) }
  const { losses, lastKept, size } = begun
  let backlog = begun.waiting
  let isOver = false
  let isClosed = false
  /** Handed out and not acknowledged yet, in order. */
  const unsettled = new Set<Pulled>()
  let settled: Pulled[] = []
  const feed = createFeed<Pulled>({
    ingest,
    onSettled(message) {
      // What one commit has settled is acknowledged together: the checkpoint moves once.
      if (settled.length === 0) setImmediate(acknowledge)
      settled.push(message)
    },
    onBug,
    onFailed: () => finish({ kind: 'lost', detail: 'A delivery could not be kept here. The server still has it and sends it again.' }),
  })
  /** In order, one after the other: bounded by what was asked for. */
  let taken: Promise<void> = Promise.resolve()
  const puller = createPuller({
    nats,
    ...{ stream: setUp.stream, consumer: setUp.consumer, size, expiresMs: begun.expiresMs, schedule },
    onMessage(message) {
      unsettled.add(message)
      if (isOver) return
      report.heard()
      if (losses.saw(message) === 'ours') return void (taken = taken.then(() => take(message)).catch(fail))
      isOver = true
      finish({ kind: 'lost', detail: `Some of what was to come here went elsewhere. ${takenElsewhere(parts)}` })
    },
    onHeartbeat: report.heard,
    onMalformed: () => onTurnedAway('malformed'),
    onEnd: finish,
    onError: fail,
  })

  async function take(message: Pulled): Promise<void> {
    if (isOver) return
    // A server that knows nobody may be anybody's: its word for the time is worth nothing.
    const read = readMessage(message, setUp.id, message.seq <= lastKept, setUp.login.kind === 'none' ? now() : null)
    if (read.kind === 'delivery') return feed.push(read.delivery, message)
    onTurnedAway(read.because)
    feed.skip(message)
    await feed.room()
  }

  /** The checkpoint first: it must never be behind what the server may forget. */
  function acknowledge(): void {
    const batch = settled
    settled = []
    if (isClosed || batch.length === 0) return
    try {
      losses.settled(batch)
    } catch (error) {
      onBug(error)
      return finish({ kind: 'lost', detail: 'How far this way in has come could not be written down. It is tried again by itself.' })
    }
    for (const message of batch) {
      unsettled.delete(message)
      message.ack()
    }
    if (isOver) return
    puller.pull(unsettled.size)
    if (backlog === 0) return
    const ofBacklog = batch.filter(({ seq }) => seq <= lastKept).length
    const isThrough = losses.returning() === 0 && batch.some(({ seq }) => seq >= lastKept)
    backlog = isThrough ? 0 : Math.max(0, backlog - ofBacklog)
    report.live(backlog)
  }

  /** What the server forbids is said on the side, and answered by silence. */
  async function watch(): Promise<void> {
    for await (const status of nats.status()) {
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) fail(status.error)
    }
  }

  let cancelSign = (): void => {}
  const askForSign = (): void => {
    cancelSign = schedule(() => {
      void nats.flush().then(report.heard, () => {})
      askForSign()
    }, signOfLifeMs)
  }

  report.live(backlog)
  void over.then(finish, fail)
  void watch().catch(fail)
  askForSign()
  puller.pull(0)
  let end: LinkEnd
  let isDead: boolean
  try {
    end = await finished
  } finally {
    isOver = true
    cancelSign()
    const drained = puller.drain().then(
      () => true,
      () => false,
    )
    isDead = !(await within(answerMs, parts, drained))
    if (!isDead)
      await within(
        settleMs,
        parts,
        Promise.all([taken, feed.idle()]).then(() => true),
      )
    puller.stop()
    acknowledge()
    isClosed = true
    memory.givenBack = { count: isDead ? 0 : unsettled.size, at: now() + returnMs }
    // For the next link: what nobody answers for, the server holds back until the ack wait is over. Not at once, since servers before
    // 2.10 stumble over our last request, which is still with them: the first message would wait, and the last come twice.
    for (const message of unsettled) message.giveBack(returnMs)
  }
  return { end, isDead }
}

async function answers(nats: NatsConnection, parts: JetstreamParts): Promise<boolean> {
  return within(
    answerMs,
    parts,
    nats.flush().then(
      () => true,
      () => false,
    ),
  )
}

/** Waits for the work, but no longer than this; false where it was not done by then. */
async function within(ms: number, { schedule }: JetstreamParts, work: Promise<boolean>): Promise<boolean> {
  let cancel = (): void => {}
  const late = new Promise<boolean>((resolve) => (cancel = schedule(() => resolve(false), ms)))
  const isDone = await Promise.race([work, late])
  cancel()
  return isDone
}
