/** Longest line of the protocol: what a server of a large cluster says of itself fits in easily. */
const mostLineBytes = 64 * 1024
/** NATS itself advises against larger messages than these; a stream that takes larger ones is not read from. */
export const mostPayloadBytes = 8 * 1024 * 1024

export type Passed =
  /** `pings` of them have to be answered. */
  { readonly kind: 'passed'; readonly bytes: Uint8Array; readonly pings: number } | { readonly kind: 'wrong'; readonly what: string }

/**
 * Lets the bytes of a NATS server through once they are known to be whole lines of the protocol, and payloads of a size that can be held.
 * The client library would gather a line that never ends and a payload of any size, and print what it cannot parse.
 */
export function createFrameGuard(): (chunk: Uint8Array) => Passed {
  /** The line that has not ended yet. */
  let held: Uint8Array = new Uint8Array(0)
  let payloadLeft = 0

  return (chunk) => {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    // What was held has been looked through for its end.
    let from = held.length
    let at = 0
    let pings = 0
    while (at < bytes.length) {
      if (payloadLeft > 0) {
        const part = Math.min(payloadLeft, bytes.length - at)
        if (!endsAsItShould(bytes.subarray(at, at + part), payloadLeft)) return wrong('a message that does not end where it says')
        payloadLeft -= part
        at += part
        continue
      }
      const newline = bytes.indexOf(0x0a, Math.max(at, from))
      from = 0
      if ((newline < 0 ? bytes.length : newline) - at > mostLineBytes) return wrong('a line without an end')
      if (newline < 0) break
      const line = Buffer.from(bytes.buffer, bytes.byteOffset + at, newline + 1 - at).toString('latin1')
      const size = payloadAfter(line)
      if (size === null) return wrong('something that is not NATS')
      if (size > mostPayloadBytes) return wrong('a message that is far too large')
      if (/^ping/i.test(line)) pings++
      payloadLeft = size
      at = newline + 1
    }
    held = Buffer.from(bytes.subarray(at))
    return { kind: 'passed', bytes: bytes.subarray(0, at), pings }
  }
}

function wrong(what: string): Passed {
  return { kind: 'wrong', what }
}

/** Whether the last two bytes of a payload are the end of a line, as far as this part of it goes. */
function endsAsItShould(part: Uint8Array, left: number): boolean {
  const [cr, lf] = [part[left - 2], part[left - 1]]
  return (cr === undefined || cr === 0x0d) && (lf === undefined || lf === 0x0a)
}

/** How many bytes follow a line, the end of line behind them included; null for a line that no NATS server sends. */
function payloadAfter(line: string): number | null {
  const plain = /^MSG[ \t]+\S+[ \t]+\d{1,9}[ \t]+(?:\S+[ \t]+)?(\d{1,15})\r\n$/i.exec(line)
  if (plain !== null) return Number(plain[1]) + 2
  const withHeaders = /^HMSG[ \t]+\S+[ \t]+\d{1,9}[ \t]+(?:\S+[ \t]+)?(\d{1,15})[ \t]+(\d{1,15})\r\n$/i.exec(line)
  if (withHeaders !== null) return Number(withHeaders[1]) <= Number(withHeaders[2]) ? Number(withHeaders[2]) + 2 : null
  if (/^(PING|PONG|\+OK|-ERR[ \t].*)\r\n$/i.test(line)) return 0
  const info = /^INFO[ \t]+(.*)\r\n$/i.exec(line)
  return info !== null && isObject(info[1] ?? '') ? 0 : null
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
