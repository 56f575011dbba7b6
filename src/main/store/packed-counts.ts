/** Counters of one blob. */
export const chunkSize = 1024

/**
 * How a blob is written is told by its length. Shorter than 1024 bytes: 32 bits for each counter above 0, its index in the upper 10. Else all
 * counters in 8, 16 or 32 bits each. The same counters always make the same blob. Byte order is that of every machine Electron runs on.
 */
const mostSparse = chunkSize / 4 - 1
const sparseBits = 22

/** Adds the counters of a blob to those of `sums` that begin at `offset`, `sign` times. */
export function addPacked(sums: Int32Array, offset: number, blob: Uint8Array, sign: 1 | -1): void {
  if (blob.length < chunkSize) {
    const entries = words(blob)
    for (let next = 0; next < entries.length; next++) {
      const entry = entries[next] ?? 0
      const index = offset + (entry >>> sparseBits)
      sums[index] = (sums[index] ?? 0) + sign * (entry & ((1 << sparseBits) - 1))
    }
    return
  }
  const counters = blob.length === chunkSize ? blob : blob.length === 2 * chunkSize ? halves(blob) : words(blob)
  for (let index = 0; index < chunkSize; index++) sums[offset + index] = (sums[offset + index] ?? 0) + sign * (counters[index] ?? 0)
}

/** The blob with its counters moved by so much each, none below 0; null where every counter is 0. May be the same blob, changed. */
export function movePacked(blob: Uint8Array | undefined, by: ReadonlyMap<number, number>): Uint8Array | null {
  // All but the first of its kind: what is packed stays so, but for the few counters that move.
  const moved = blob === undefined ? null : blob.length < chunkSize ? moveSparse(words(blob), by) : growDense(blob, by)
  if (moved !== null) return moved
  const counters = new Int32Array(chunkSize)
  if (blob !== undefined) addPacked(counters, 0, blob, 1)
  for (const [index, delta] of by) counters[index] = Math.max(0, (counters[index] ?? 0) + delta)
  return pack(counters)
}

/** null where it has to be packed anew: it might be another form. */
function moveSparse(entries: Uint32Array, by: ReadonlyMap<number, number>): Uint8Array | null {
  const moves = [...by].sort(([one], [other]) => one - other)
  const moved = new Uint32Array(entries.length + moves.length)
  let [next, used] = [0, 0]
  for (const [index, delta] of moves) {
    while (next < entries.length && (entries[next] ?? 0) >>> sparseBits < index) moved[used++] = entries[next++] ?? 0
    const isThere = next < entries.length && (entries[next] ?? 0) >>> sparseBits === index
    const counter = (isThere ? (entries[next++] ?? 0) & ((1 << sparseBits) - 1) : 0) + delta
    if (counter >= 1 << sparseBits) return null
    if (counter > 0) moved[used++] = (index << sparseBits) | counter
  }
  while (next < entries.length) moved[used++] = entries[next++] ?? 0
  return used === 0 || used > mostSparse ? null : bytes(moved.subarray(0, used))
}

/** In place; null where a counter shrinks, or outgrows its bits. */
function growDense(blob: Uint8Array, by: ReadonlyMap<number, number>): Uint8Array | null {
  const counters = blob.length === chunkSize ? blob : blob.length === 2 * chunkSize ? halves(blob) : words(blob)
  const most = 2 ** (8 * counters.BYTES_PER_ELEMENT)
  for (const [index, delta] of by) if (delta < 0 || (counters[index] ?? 0) + delta >= most) return null
  for (const [index, delta] of by) counters[index] = (counters[index] ?? 0) + delta
  return bytes(counters)
}

// Loops over indexes: this runs with every delivery, and iterators cost several times as much.
function pack(counters: Int32Array): Uint8Array | null {
  let used = 0
  let all = 0
  for (let index = 0; index < chunkSize; index++) {
    const counter = counters[index] ?? 0
    if (counter !== 0) used += 1
    all |= counter
  }
  if (used === 0) return null
  if (used <= mostSparse && all < 1 << sparseBits) {
    const entries = new Uint32Array(used)
    let next = 0
    for (let index = 0; next < used; index++) {
      const counter = counters[index] ?? 0
      if (counter !== 0) entries[next++] = (index << sparseBits) | counter
    }
    return bytes(entries)
  }
  if (all < 1 << 8) return new Uint8Array(counters)
  return bytes(all < 1 << 16 ? new Uint16Array(counters) : counters)
}

function bytes(array: Uint8Array | Uint16Array | Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function words(blob: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = aligned(blob)
  return new Uint32Array(buffer, byteOffset, length / 4)
}

function halves(blob: Uint8Array): Uint16Array {
  const { buffer, byteOffset, length } = aligned(blob)
  return new Uint16Array(buffer, byteOffset, length / 2)
}

function aligned(blob: Uint8Array): Uint8Array {
  return blob.byteOffset % 4 === 0 ? blob : new Uint8Array(blob)
}
