/** When posture issues of each type were told last: new ones of one type are told once in a while. */
export type PostureMemory = {
  toldAt(type: string): number | null
  /** Until the returned function is called: it was not told after all. */
  told(type: string, at: number): () => void
}

/** A type that was pushed out by this many others is told again. */
const mostTypes = 1_000

export function createPostureMemory(known: readonly { readonly type: string; readonly at: number }[]): PostureMemory {
  const all = new Map(known.map(({ type, at }) => [type, at]))
  return {
    toldAt: (type) => all.get(type) ?? null,
    told(type, at) {
      const before = all.get(type)
      all.delete(type)
      all.set(type, at)
      const [oldest] = all.keys()
      if (all.size > mostTypes && oldest !== undefined) all.delete(oldest)
      return () => {
        if (all.get(type) !== at) return
        if (before === undefined) all.delete(type)
        else all.set(type, before)
      }
    },
  }
}
