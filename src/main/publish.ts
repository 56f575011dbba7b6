/** What is told, by name. */
type Topics = Readonly<Record<string, unknown>>
export type Listeners<T extends Topics> = { readonly [N in keyof T]?: (value: T[N]) => void }

export type Publisher<T extends Topics> = {
  publish<N extends keyof T>(name: N, value: T[N]): void
  /** Listens until the returned function is called. */
  subscribe(listeners: Listeners<T>): () => void
}

/** Tells inside main, after the fact: a listener can neither hold up nor undo what happened, nor keep the others from hearing of it. */
export function createPublisher<T extends Topics>(onBug: (error: unknown) => void): Publisher<T> {
  const all = new Set<Listeners<T>>()
  return {
    publish(name, value) {
      for (const listeners of [...all]) {
        try {
          listeners[name]?.(value)
        } catch (error) {
          onBug(error)
        }
      }
    },
    subscribe(listeners) {
      all.add(listeners)
      return () => {
        all.delete(listeners)
      }
    },
  }
}
