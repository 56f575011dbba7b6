/** Only the one canonical spelling, so that the bytes are those that were sent or none. */
export function decodeBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  // Whatever was skipped in decoding leaves fewer bytes; only the last few can be spelled in more ways than one.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (bytes.length !== (text.length / 4) * 3 - padding || /[-_]/.test(text)) return null
  return bytes.toString('base64', bytes.length - 3 + padding) === text.slice(-4) || text === '' ? bytes : null
}
