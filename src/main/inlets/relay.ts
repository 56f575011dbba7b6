import { WebSocket } from 'ws'
import { assertNever } from '../../shared/assert-never.ts'
import type { InletSetUp } from '../../shared/inlets.ts'
import { relayKeepalive, relayLimits, type FromReader } from '../../shared/relay.ts'
import { createConnection, type Link, type LinkEnd, type LinkReport } from './connection.ts'
import { explainError, explainStatus } from './far-end.ts'
import { createFeed, feedLimits } from './feed.ts'
import type { FetchingInlet, FetchingParts } from './inlet.ts'
import { placeText, readPlace, readRelayMessage, type Loss, type Place, type Told } from './relay-messages.ts'
import { explainClose, readWay } from './relay-way.ts'

type Parts = FetchingParts<Extract<InletSetUp, { kind: 'relay' }>>

/** After so many, or so long after the first of them, what is in the history is acknowledged. */
const ackEach = 64
const ackWithinMs = 20
/** Messages, and characters of them, that wait to be taken before no more are read. */
const mostWaiting = { messages: 64, characters: 256 * 1024 }
/** The largest deliveries cost several times their size as text and as garbage; ordinary ones are far below. */
const limits = { ...feedLimits, bytes: 512 * 1024 }
/** What is in flight gets so long to be recorded, and the far end to say goodbye. */
const settleMs = 5_000
const goodbyeMs = 1_000
const handshakeMs = 10_000
/** A far end that does not read gets no more of our answers than this. */
const unreadBytes = 64 * 1024

/** The reader's side of the Tocsin relay; src/shared/relay.ts says what the two say to each other. */
export function createRelayInlet(parts: Parts): FetchingInlet {
  const memory: Memory = { hole: null, told: null }
  return createConnection({ ...parts, open: (report) => openLink(parts, report, memory) })
}

/** What one link leaves to the next. */
type Memory = {
  /** After which number the relay left something out. Asked once more it may have it; if not, it is lost and the way goes on. */
  hole: number | null
  /** The place in the checkpoint whose loss was said, where that could not be written down any more. */
  told: string | null
}

function openLink(parts: Parts, report: LinkReport, memory: Memory): Link {
  const way = readWay(parts)
  if (way.kind === 'refused') return { ended: Promise.resolve(way), close: () => {} }
  const { far } = way
  const socket = new WebSocket(way.url, {
    headers: { authorization: `Bearer ${way.token}` },
    perMessageDeflate: false,
    maxPayload: relayLimits.messageBytes,
    followRedirects: false,
    handshakeTimeout: handshakeMs,
    rejectUnauthorized: true,
    autoPong: false,
  })

  /** Where the history ends; null while it has nothing of this mailbox. */
  let known: Place | null = readPlace(parts.checkpoint.read())
  let mailbox: string | null = null
  /** Taken from the relay, recorded in the history, and acknowledged up to here. */
  let taken = 0
  let settled = 0
  let acked = 0
  /** Numbers up to here had been kept for us before this link, and so many of them are still to come. */
  let backlogEnd = 0
  let backlog = 0

  let end: LinkEnd | null = null
  const waiting: (string | null)[] = []
  let waitingCharacters = 0
  let untold: Loss | null = null
  let isTaking = false
  let cancelAck: (() => void) | null = null
  let cancelPing = (): void => {}
  let cancelGoodbye = (): void => {}

  const feed = createFeed<{ readonly seq: number; readonly lost: number }>({
    ingest: parts.ingest,
    limits,
    onSettled({ seq, lost }) {
      settled = seq
      if (seq <= backlogEnd && backlog > 0) backlog--
      if (lost > 0) untold = plus(untold, lost)
      if (lost > 0 || settled - acked >= ackEach) acknowledge()
      else cancelAck ??= parts.schedule(acknowledge, ackWithinMs)
    },
    onFailed: () =>
      hangUp({ kind: 'lost', detail: `${far} has deliveries that could not be kept here. It keeps them and sends them again.` }),
  })

  /** The checkpoint first: what the relay has been told of it may forget. */
  function acknowledge(): void {
    cancelAck?.()
    cancelAck = null
    if (mailbox === null || settled === acked) return
    if (!remember({ mailbox, seq: settled })) return
    acked = settled
    say({ ack: acked })
    if (backlogEnd > 0 && end === null) report.live(backlog)
    if (settled >= backlogEnd) backlogEnd = 0
  }

  /** Together with what is lost, which is said only then: a place that cannot be written down is come to again, and its loss with it. */
  function remember(place: Place): boolean {
    const loss = untold
    try {
      parts.checkpoint.write(placeText(loss === null ? place : { ...place, untold: loss }))
      if (loss === null) return true
      untold = null
      tell({ ...place, untold: loss })
      return true
    } catch (error) {
      parts.onBug(error)
      hangUp({ kind: 'lost', detail: `How far we are with ${far} could not be written down. It sends again from there.` })
      return false
    }
  }

  function tell({ mailbox, seq, untold: loss }: Place): void {
    if (loss === undefined) return
    const text = placeText({ mailbox, seq, untold: loss })
    if (memory.told !== text) parts.onLost(loss.count)
    memory.told = text
    parts.checkpoint.write(placeText({ mailbox, seq }))
    memory.told = null
  }

  function say(message: FromReader): void {
    send(JSON.stringify(message))
  }

  function send(text: string): void {
    // An answer that is left out is made good by the next, or by where the next link says it stands.
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < unreadBytes) socket.send(text)
  }

  function ping(): void {
    send(relayKeepalive.ask)
    cancelPing = parts.schedule(ping, relayKeepalive.everyMs)
  }

  function isFull(part: number): boolean {
    return waiting.length >= mostWaiting.messages * part || waitingCharacters >= mostWaiting.characters * part
  }

  async function takeWaiting(): Promise<void> {
    isTaking = true
    try {
      while (waiting.length > 0 && end === null) {
        const text = waiting.shift() ?? null
        waitingCharacters -= text?.length ?? 0
        if (text === null) parts.onTurnedAway('malformed')
        else await take(readRelayMessage(text))
        if (socket.isPaused && !isFull(0.5)) socket.resume()
      }
    } catch (error) {
      parts.onBug(error)
      hangUp({ kind: 'lost', detail: `Something nobody foresaw happened with what ${far} sent; the log says more.` })
    }
    isTaking = false
  }

  async function take(told: Told): Promise<void> {
    if (told.kind === 'hello') return greet(told)
    if (told.kind === 'not-taken' && told.seq === null) return parts.onTurnedAway(told.because)
    const seq = told.kind === 'gap' ? told.to : (told.seq ?? 0)
    // Sent again, or out of order, or before it said what its numbers mean.
    if (mailbox === null || seq <= taken) return parts.onTurnedAway('malformed')
    const first = told.kind === 'gap' ? told.from : seq
    if (first > taken + 1 && !isLost(first - 1)) return
    const before = Math.max(taken, first - 1)
    taken = seq
    switch (told.kind) {
      case 'gap':
        return feed.skip({ seq, lost: Math.min(told.count, seq - before) })
      case 'not-taken':
        parts.onTurnedAway(told.because)
        return feed.skip({ seq, lost: 0 })
      case 'entry': {
        const { body, headers, receivedAt } = told
        const delivery = { body, headers, receivedAt, inlet: parts.setUp.id }
        return feed.push(seq <= backlogEnd ? { ...delivery, isBacklog: true } : delivery, { seq, lost: 0 })
      }
      default:
        return assertNever(told)
    }
  }

  function greet(told: Extract<Told, { kind: 'hello' }>): void {
    if (mailbox !== null) return parts.onTurnedAway('malformed')
    mailbox = told.mailbox
    const isKnown = known?.mailbox === told.mailbox
    taken = settled = acked = isKnown ? (known?.seq ?? 0) : told.after
    // Another mailbox at the same address: what the one we knew still had for us is gone with it.
    if (known !== null && !isKnown) {
      untold = { count: null }
      if (!remember({ mailbox, seq: settled })) return
    }
    known = { mailbox, seq: settled }
    backlog = told.backlog
    backlogEnd = told.last
    report.live(backlog)
  }

  /** Whether what was left out up to `upTo` is lost for good. The first time it is asked for again. */
  function isLost(upTo: number): boolean {
    const count = upTo - taken
    if (memory.hole === taken) {
      memory.hole = null
      feed.skip({ seq: upTo, lost: count })
      return true
    }
    memory.hole = taken
    hangUp({ kind: 'lost', detail: `${far} left something out. It is asked for it again.` })
    return false
  }

  async function recordRest(): Promise<void> {
    let cancel = (): void => {}
    const tooLong = new Promise<void>((resolve) => (cancel = parts.schedule(resolve, settleMs)))
    await Promise.race([feed.idle(), tooLong])
    cancel()
    acknowledge()
  }

  function hangUp(because: LinkEnd): void {
    if (end !== null) return
    end = because
    waiting.length = 0
    waitingCharacters = 0
    void recordRest().then(() => {
      if (socket.readyState === WebSocket.CONNECTING) return socket.terminate()
      socket.resume()
      socket.close(1000)
      cancelGoodbye = parts.schedule(() => socket.terminate(), goodbyeMs)
    })
  }

  socket.on('open', () => {
    // Said before anything else is: this app may have ended in between.
    if (known !== null) tell(known)
    say(known === null ? { after: 0 } : { after: known.seq, mailbox: known.mailbox })
    cancelPing = parts.schedule(ping, relayKeepalive.everyMs)
  })
  socket.on('message', (data: Buffer, isBinary) => {
    if (end !== null) return
    report.heard()
    const text = isBinary ? null : data.toString()
    if (text === relayKeepalive.answer) return
    waiting.push(text)
    waitingCharacters += text?.length ?? 0
    if (isFull(1)) socket.pause()
    if (!isTaking) void takeWaiting()
  })
  socket.on('ping', (data) => {
    report.heard()
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < unreadBytes) socket.pong(data)
  })
  socket.on('unexpected-response', (_, { statusCode = 0 }) => {
    end ??= explainStatus(far, statusCode, 'the reader token')
    socket.terminate()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (end !== null) return
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') parts.onTurnedAway('too-large')
    else if (error.code?.startsWith('WS_ERR_')) parts.onTurnedAway('malformed')
    end = explainError(far, error)
  })
  const ended = new Promise<LinkEnd>((resolve) => {
    socket.on('close', (code) => {
      cancelPing()
      cancelGoodbye()
      end ??= explainClose(far, code)
      const because = end
      void recordRest().then(() => {
        cancelAck?.()
        resolve(because)
      })
    })
  })
  return { ended, close: () => hangUp({ kind: 'lost', detail: `The connection to ${far} was given up.` }) }
}

function plus(loss: Loss | null, count: number): Loss {
  return { count: loss === null ? count : loss.count === null ? null : loss.count + count }
}
