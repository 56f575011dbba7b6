import { DurableObject } from 'cloudflare:workers'
import { relayCloses, relayKeepalive, relayLimits, type FromRelay, type RelayReader } from '../shared/relay.ts'
import { limitsOf, openKept, type Kept, type KeptEntry } from './kept.ts'
import type { Env } from './index.ts'
import { isSame, sha256 } from './secrets.ts'
import { readMessage } from './message.ts'
import { bearerOf } from './request.ts'

/** What a socket remembers while the mailbox sleeps. */
type Session = {
  readonly reader: string
  /** null until the reader says where it stands. */
  readonly acked: number | null
  readonly sent: number
  /** The last gap it was told of. */
  readonly gap: { readonly from: number; readonly to: number } | null
}

export type ReaderAdded = 'added' | 'name-taken' | 'too-many'

/**
 * One mailbox: what was posted, and the readers it is kept for. Its sockets hibernate, so nothing lives in fields but the handle of
 * the storage. Answers and messages leave only once what was written before them is durable: the runtime holds them back.
 */
export class Mailbox extends DurableObject<Env> {
  private readonly kept: Kept

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.kept = openKept(ctx.storage, limitsOf(env.KEEP_ENTRIES, env.KEEP_SECONDS))
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(relayKeepalive.ask, relayKeepalive.answer))
  }

  /** Resolves once it is stored. */
  async keep(entry: Pick<KeptEntry, 'path' | 'headers' | 'body'>): Promise<void> {
    this.kept.add({ ...entry, receivedAt: Date.now() })
    if ((await this.ctx.storage.getAlarm()) === null) await this.alarm()
    for (const socket of this.ctx.getWebSockets()) this.send(socket)
  }

  /** Lets go what is too old, and is called again when the next is. */
  override async alarm(): Promise<void> {
    const dueAt = this.kept.expire(Date.now())
    if (dueAt !== null) await this.ctx.storage.setAlarm(dueAt)
  }

  /** A websocket for who has a reader token; null otherwise. */
  override async fetch(request: Request): Promise<Response> {
    const given = await sha256(bearerOf(request))
    let reader: string | null = null
    // All of them are looked at, so that time says nothing of which came close.
    for (const { name, hash } of this.kept.readers()) if (isSame(given, hash)) reader = name
    if (reader === null) return new Response(null, { status: 404 })
    for (const before of this.ctx.getWebSockets(reader)) before.close(relayCloses.replaced, 'connected again')
    const { 0: theirs, 1: ours } = new WebSocketPair()
    this.ctx.acceptWebSocket(ours, [reader])
    remember(ours, { reader, acked: null, sent: 0, gap: null })
    return new Response(null, { status: 101, webSocket: theirs })
  }

  override webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): void {
    const message = readMessage(text)
    const session = recall(socket)
    if (message === null || 'after' in message !== (session.acked === null)) return refuse(socket)
    if ('after' in message) return this.begin(socket, session, message)
    if (message.ack > session.sent) return refuse(socket)
    if (message.ack <= (session.acked ?? 0)) return
    this.kept.acknowledge(session.reader, message.ack, Date.now())
    remember(socket, { ...session, acked: message.ack })
    this.send(socket)
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code)
  }

  readers(): readonly RelayReader[] {
    const { last } = this.kept.extent()
    return this.kept.readers().map(({ name, addedAt, acked, ackedAt }) => ({
      name,
      addedAt: new Date(addedAt).toISOString(),
      isConnected: this.ctx.getWebSockets(name).some(isOpen),
      waiting: this.kept.sizeOf(acked, last).entries,
      acknowledgedAt: ackedAt === null ? null : new Date(ackedAt).toISOString(),
    }))
  }

  addReader(name: string, hash: Uint8Array): ReaderAdded {
    const readers = this.kept.readers()
    if (readers.some((reader) => reader.name === name || isSame(reader.hash, hash))) return 'name-taken'
    if (readers.length >= relayLimits.readers) return 'too-many'
    this.kept.addReader(name, hash, Date.now())
    return 'added'
  }

  /** Closes its socket too; false where there is none of that name. */
  revokeReader(name: string): boolean {
    if (!this.kept.readers().some((reader) => reader.name === name)) return false
    this.kept.removeReader(name)
    for (const socket of this.ctx.getWebSockets(name)) socket.close(relayCloses.revoked, 'revoked')
    return true
  }

  private begin(socket: WebSocket, session: Session, { after, mailbox }: { readonly after: number; readonly mailbox?: string }): void {
    const known = this.kept.extent()
    if (mailbox === known.mailbox && after > known.last) this.kept.renameMailbox()
    const extent = this.kept.extent()
    const isOurs = mailbox === extent.mailbox
    const isPosition = (isOurs || mailbox === undefined) && after <= extent.last
    const position = isPosition ? after : 0
    if (isPosition) this.kept.acknowledge(session.reader, position, Date.now())
    const acked = this.kept.readers().find(({ name }) => name === session.reader)?.acked ?? 0
    // Who begins anew gets all that is kept, and misses nothing of what it acknowledged before or was let go before its time.
    const from = isOurs ? position : Math.max(position, Math.min(acked, this.kept.extent().first - 1))
    const backlog = this.kept.sizeOf(from, extent.last).entries
    say(socket, { mailbox: extent.mailbox, after: from, backlog, last: extent.last })
    remember(socket, { ...session, acked: from, sent: from })
    this.send(socket)
  }

  /** As much as the reader may have unacknowledged. */
  private send(socket: WebSocket): void {
    const session = recall(socket)
    if (session.acked === null || !isOpen(socket)) return
    let { sent, gap } = session
    const ahead = this.ahead(session.acked, sent, gap)
    const { entries } = relayLimits.unacknowledged
    let room = relayLimits.unacknowledged.bytes - ahead.bytes
    if (ahead.entries >= entries || room <= 0) return
    const { first } = this.kept.extent()
    if (first > sent + 1) {
      // One gap at a time, so that what is ahead of the reader can be told from what it will never get.
      if (gap !== null && gap.to > session.acked) return
      gap = { from: sent + 1, to: first - 1 }
      say(socket, { gap: { ...gap, count: gap.to - sent } })
      sent = gap.to
    }
    for (const { receivedAt, body, ...entry } of this.kept.entries(sent, entries - ahead.entries)) {
      say(socket, { ...entry, receivedAt: new Date(receivedAt).toISOString(), body: new Uint8Array(body).toBase64() })
      sent = entry.seq
      room -= body.byteLength
      if (room <= 0) break
    }
    remember(socket, { ...session, sent, gap })
  }

  /** How much was sent that the reader has not acknowledged. What was let go meanwhile counts as if it were of the largest. */
  private ahead(acked: number, sent: number, gap: Session['gap']): { readonly entries: number; readonly bytes: number } {
    const skipped = gap === null ? 0 : Math.max(0, gap.to - Math.max(acked, gap.from - 1))
    const entries = sent - acked - skipped
    const kept = this.kept.sizeOf(acked, sent)
    return { entries, bytes: kept.bytes + (entries - kept.entries) * relayLimits.bodyBytes }
  }
}

function say(socket: WebSocket, message: FromRelay): void {
  socket.send(JSON.stringify(message))
}

function refuse(socket: WebSocket): void {
  socket.close(relayCloses.malformed, 'not understood')
}

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.READY_STATE_OPEN
}

function remember(socket: WebSocket, session: Session): void {
  socket.serializeAttachment(session)
}

function recall(socket: WebSocket): Session {
  return socket.deserializeAttachment() as Session
}
