import { createHash } from 'node:crypto'

/** Numbers that look random and are the same for the same seed. For samples only, never for secrets. */
export type Random = {
  /** 0 to below 1. */
  fraction(): number
  /** Whole, both ends included. */
  between(least: number, most: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  chance(probability: number): boolean
  hex(digits: number): string
  /** In the form of a UUID v4. */
  uuid(): string
}

export function createRandom(seed: string): Random {
  const bytes = createHash('sha256').update(seed).digest()
  let [a, b, c, d] = [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8), bytes.readInt32LE(12)]

  /** sfc32: small, fast, and more than good enough for samples. */
  function fraction(): number {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  const between = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1))
  const hex = (digits: number): string => Array.from({ length: digits }, () => between(0, 15).toString(16)).join('')
  return {
    fraction,
    between,
    pick: (list) => list[between(0, list.length - 1)] as (typeof list)[0],
    chance: (probability) => fraction() < probability,
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + between(0, 3)).toString(16)}${hex(3)}-${hex(12)}`,
  }
}
