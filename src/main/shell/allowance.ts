/** Allows something `limit` times within any `withinMs`; true where it is still allowed. */
export function createAllowance(parts: { limit: number; withinMs: number; now: () => number }): () => boolean {
  let uses: readonly number[] = []
  return () => {
    const now = parts.now()
    uses = uses.filter((at) => now - at < parts.withinMs)
    if (uses.length >= parts.limit) return false
    uses = [...uses, now]
    return true
  }
}
