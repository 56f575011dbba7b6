/** Which element shows which row: a row keeps its own while it is in view, and what leaves hands its element to what comes. */
export function createSlots(): (keys: readonly string[]) => readonly number[] {
  let held = new Map<string, number>()
  let made = 0
  return (keys) => {
    const next = new Map<string, number>()
    const wanted = new Set(keys)
    // In their order: after a jump, when all change, each place keeps its element and none has to move.
    const free = [...held].filter(([key]) => !wanted.has(key)).map(([, slot]) => slot)
    let taken = 0
    const slots = keys.map((key) => {
      // The same row twice, in two pages that do not know of each other: the second is another element.
      const slot = (next.has(key) ? undefined : held.get(key)) ?? free[taken++] ?? made++
      next.set(next.has(key) ? `${key} ${slot}` : key, slot)
      return slot
    })
    held = next
    return slots
  }
}
