export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

/** In constant time. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other)
}

/** The bytes of a SHA-256 in hexadecimal; null for anything else. */
export function readHash(hex: string | undefined): Uint8Array | null {
  return hex !== undefined && /^[0-9a-f]{64}$/.test(hex) ? Uint8Array.fromHex(hex) : null
}

/** Whether a secret is the one that hash was made of. Without a hash none is. */
export async function isSecret(given: string, hash: string | undefined): Promise<boolean> {
  const expected = readHash(hash)
  return expected !== null && isSame(await sha256(given), expected)
}
