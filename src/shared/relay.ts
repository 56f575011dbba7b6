/**
 * What the Tocsin relay and its readers say to each other over `GET /mailbox`: JSON texts on one websocket.
 *
 *     reader  {"after": 41, "mailbox": "…"}             where its history ends; without `mailbox` where it has none of this relay
 *     relay   {"mailbox": "…", "after": 41, "backlog": 2, "last": 44}   what is kept for it: how many, above and up to which number
 *     relay   {"gap": {"from": 42, "to": 42, "count": 1}}  had to go before it could be read
 *     relay   {"seq": 43, "receivedAt": …, "path": …, "headers": …, "body": <base64>}   in order, without holes
 *     reader  {"ack": 44}                                this one and all before it are in its history for good
 *
 * Numbers belong to one mailbox: told another name than it knows, a reader begins where the relay says. The relay sends no more than
 * `unacknowledged` ahead, so a reader that stops acknowledging hears nothing new. `ping` is answered `pong` at any time.
 */
export type FromReader = { readonly after: number; readonly mailbox?: string } | { readonly ack: number }

export type RelayHello = { readonly mailbox: string; readonly after: number; readonly backlog: number; readonly last: number }
export type RelayGap = { readonly gap: { readonly from: number; readonly to: number; readonly count: number } }
export type RelayEntry = {
  readonly seq: number
  /** ISO, UTC: when the relay had all of it. */
  readonly receivedAt: string
  /** Without the mailbox secret, which readers need not know. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type FromRelay = RelayHello | RelayGap | RelayEntry

export const relayLimits = {
  bodyBytes: 256 * 1024,
  headers: 64,
  headerBytes: 8 * 1024,
  entries: 10_000,
  keptMs: 7 * 24 * 60 * 60_000,
  readers: 32,
  unacknowledged: { entries: 256, bytes: 2 * 1024 * 1024 },
  /** Of one message of the relay: a body in base64, its headers as JSON, and room to spare. */
  messageBytes: 512 * 1024,
} as const

export const relayKeepalive = { ask: 'ping', answer: 'pong', everyMs: 30_000 } as const

/** Why the relay hangs up. */
export const relayCloses = {
  /** The same reader token connected again. */
  replaced: 4001,
  /** The reader said what no reader says. */
  malformed: 4002,
  revoked: 4003,
} as const

/** 256 random bits, base64url. */
export const readerTokenForm = /^[A-Za-z0-9_-]{43}$/
export const readerNameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A reader as `relay:token list` shows it. */
export type RelayReader = {
  readonly name: string
  readonly addedAt: string
  readonly isConnected: boolean
  /** How many are kept that it has not acknowledged. */
  readonly waiting: number
  /** null before its first. */
  readonly acknowledgedAt: string | null
}
