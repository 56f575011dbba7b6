import { randomBytes } from 'node:crypto'
import nacl from 'tweetnacl'
import { z } from 'zod'
import type { InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import { decodeBase64 } from './base64.ts'
import type { LinkEnd } from './connection.ts'
import type { StreamEvent } from './event-bytes.ts'
import { createEventInlet, type Reading, type Subscription } from './event-inlet.ts'
import { farEnd, refused } from './far-end.ts'
import type { FetchingInlet, FetchingParts } from './inlet.ts'
import { receiverLimits } from './receiver.ts'

type GosmeeSetUp = Extract<InletSetUp, { kind: 'gosmee' }>

export type KeyPair = {
  /** As a gosmee server's list of allowed keys has it: base64url without padding. */
  readonly publicKey: string
  /** Base64. The secret of a protected channel. */
  readonly secret: string
}

/** A Curve25519 key pair for a protected channel. */
export function createKeyPair(): KeyPair {
  const secret = randomBytes(nacl.box.secretKeyLength)
  return { publicKey: encodePublicKey(secret), secret: secret.toString('base64') }
}

/** The public half of a secret from `createKeyPair`; null for what is none. */
export function publicKeyOf(secret: string): string | null {
  const key = decodeSecret(secret)
  return key === null ? null : encodePublicKey(key)
}

/** Deliveries by way of a gosmee server, byte for byte. One with Redis keeps them while we are away, and says where history is missing. */
export function createGosmeeInlet(parts: FetchingParts<GosmeeSetUp>): FetchingInlet {
  const { setUp, secret, checkpoint } = parts

  function subscribe(): Subscription | LinkEnd {
    const url = eventsUrl(setUp.url)
    if (url === null) return refused('The address must end in a channel of 12 to 64 letters, digits, hyphens or underscores.')
    let key: Uint8Array | null = null
    if (setUp.isProtected) {
      const found = secret()
      if (found.kind === 'unreadable') return refused(found.detail)
      key = found.kind === 'known' ? decodeSecret(found.value) : null
      if (key === null) {
        const trouble = found.kind === 'none' ? 'has no private key yet' : 'has a private key that is not 32 bytes of base64'
        return refused(`This protected channel ${trouble}. Make a new pair, and give its public half to whoever runs the server.`)
      }
      url.searchParams.set('pubkey', encodePublicKey(key))
    }
    const position = positionOf(checkpoint.read())
    return {
      kind: 'subscription',
      url,
      headers: position === null ? {} : { 'last-event-id': position },
      far: farEnd('gosmee server', url),
      secretWord: setUp.isProtected ? 'that its list of allowed public keys has ours' : null,
      read: (event, liveAt) => read(event, key, position === null ? null : liveAt),
      positionOf,
    }
  }

  return createEventInlet(parts, subscribe)
}

/** Where the events of a channel are; null where the address does not end in one. */
function eventsUrl(channelUrl: string): URL | null {
  const url = parseUrl(channelUrl)
  const match = url === null ? null : /^(.*)\/([a-zA-Z0-9_-]{12,64})$/.exec(url.pathname)
  if (url === null || match === null) return null
  url.pathname = `${match[1]}/events/${match[2]}`
  url.search = ''
  url.hash = ''
  return url
}

/** Ids of Redis streams only: what is kept goes back to the server in a header. */
function positionOf(id: string | null): string | null {
  return id !== null && /^\d{1,20}-\d{1,20}$/.test(id) ? id : null
}

// A time that cannot be read costs the mark of a backlog, never the delivery.
const EpochMs = z.union([z.string().regex(/^\d{1,15}$/), z.number()])
const Delivery = z.looseObject({ bodyB: z.string(), timestamp: EpochMs.optional().catch(undefined) })
const Envelope = z.object({ version: z.literal(1), epk: z.string().length(44), nonce: z.string().length(32), ciphertext: z.string() })

/** `resumedAt`: when the connection began that asks for what was kept meanwhile; null where it asks for nothing. */
function read(event: StreamEvent, key: Uint8Array | null, resumedAt: number | null): Reading {
  if (event.event === 'gosmee-gap') return { kind: 'history-lost' }
  if (event.event !== null && event.event !== 'message') return { kind: 'nothing' }
  const outer = parseJson(event.data)
  if (outer?.['encrypted'] !== true) return readPayload(outer, resumedAt)
  const opened = key === null ? null : openEnvelope(outer, key)
  return opened === null ? { kind: 'not-taken', because: 'not-decrypted' } : readPayload(parseJson(opened), resumedAt)
}

function readPayload(payload: Record<string, unknown> | null, resumedAt: number | null): Reading {
  // Before anything is parsed: a flood of what is neither must cost next to nothing.
  if (payload === null) return { kind: 'not-taken', because: 'malformed' }
  if (typeof payload['message'] === 'string' && !Object.hasOwn(payload, 'bodyB')) return { kind: 'greeting' }
  if (typeof payload['bodyB'] !== 'string') return { kind: 'not-taken', because: 'malformed' }
  const delivery = Delivery.safeParse(payload)
  if (!delivery.success) return { kind: 'not-taken', because: 'malformed' }
  const { bodyB, timestamp, ...rest } = delivery.data
  const body = decodeBase64(bodyB)
  if (body === null) return { kind: 'not-taken', because: 'not-base64' }
  if (body.length > receiverLimits.bodyBytes) return { kind: 'not-taken', because: 'too-large' }
  const headers = Object.entries(rest).filter((header): header is [string, string] => typeof header[1] === 'string')
  const isBacklog = resumedAt !== null && timestamp !== undefined && Number(timestamp) < resumedAt
  return { kind: 'delivery', body, headers, isBacklog }
}

function openEnvelope(outer: object, key: Uint8Array): string | null {
  const envelope = Envelope.safeParse(outer)
  if (!envelope.success) return null
  const publicKey = decodeBase64(envelope.data.epk)
  const nonce = decodeBase64(envelope.data.nonce)
  const box = decodeBase64(envelope.data.ciphertext)
  if (publicKey?.length !== nacl.box.publicKeyLength || nonce?.length !== nacl.box.nonceLength || box === null) return null
  const opened = nacl.box.open(box, nonce, publicKey, key)
  return opened === null ? null : Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength).toString('utf8')
}

/** The members of an object; null for everything else, broken JSON included. */
function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function decodeSecret(secret: string): Uint8Array | null {
  const bytes = decodeBase64(secret.trim())
  return bytes?.length === nacl.box.secretKeyLength ? bytes : null
}

function encodePublicKey(secret: Uint8Array): string {
  return Buffer.from(nacl.box.keyPair.fromSecretKey(secret).publicKey).toString('base64url')
}
