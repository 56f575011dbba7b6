import type { JsonObject } from '../../shared/detection.ts'
import type { Untrusted } from '../../shared/quarantine.ts'
import { readJsonObject } from './strict-json.ts'

const previewBytes = 1_024

/**
 * What a body holds, for people to read and nobody to believe. More lenient than the check: what was refused for its header is
 * worth seeing with that header.
 */
export function readUntrusted(body: Uint8Array): Untrusted {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const parts = bytes.toString('latin1').split('.', 4)
  const [header, claims] = parts.slice(0, 2).map(decode)
  if (parts.length === 3 && (header || claims)) return { kind: 'token', header: header ?? null, claims: claims ?? null }

  const shown = bytes.subarray(0, previewBytes)
  const text = readText(bytes, shown.length)
  return text === null
    ? { kind: 'hex', preview: shown.toString('hex').replace(/(..)(?=.)/g, '$1 '), left: bytes.length - shown.length }
    : { kind: 'text', preview: text.preview, left: bytes.length - text.bytes }
}

function decode(part: string): JsonObject | null {
  return readJsonObject(Buffer.from(part, 'base64url'))
}

/** null where the beginning of the bytes is not UTF-8. A character that the cut goes through is left out. */
function readText(bytes: Uint8Array, most: number): { readonly preview: string; readonly bytes: number } | null {
  let end = most
  if (end < bytes.length) while (end > most - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  try {
    return { preview: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end)), bytes: end }
  } catch {
    return null
  }
}
