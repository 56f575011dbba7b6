/** Keeps those of one lane in the order in which they entered, however long each of them takes. */
export type Lanes = {
  enter(lane: string): {
    /** Resolves once all that entered this lane before have left it. */
    readonly come: Promise<void>
    /** To be called whatever happened. */
    leave(): void
  }
}

export function createLanes(): Lanes {
  const last = new Map<string, Promise<void>>()
  return {
    enter(lane) {
      const come = last.get(lane) ?? Promise.resolve()
      let open = (): void => {}
      const gone = new Promise<void>((resolve) => (open = resolve))
      // Whoever leaves early, having failed, still lets nobody pass those before.
      const mine = come.then(() => gone)
      last.set(lane, mine)
      return {
        come,
        leave() {
          open()
          if (last.get(lane) === mine) void mine.then(() => last.get(lane) === mine && last.delete(lane))
        },
      }
    },
  }
}
