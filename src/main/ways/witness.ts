import type { Delivery, Ingest, Outcome } from '../ingest/delivery.ts'

export type Witnessed = { readonly delivery: Delivery; readonly outcome: Outcome }

export type Watch = {
  /** The first delivery that fits, and what became of it. Stays open where none comes. */
  readonly seen: Promise<Witnessed>
  stop(): void
}

/** Sees what arrives, whichever way in it takes. Whoever waits for a delivery of their own asks here. */
export type Witness = {
  /** The same door, looked at while it is used: the one to hand to the ways in. */
  wrap(ingest: Ingest): Ingest
  /** Begins before whatever is expected is sent. */
  watch(isIt: (delivery: Delivery) => boolean): Watch
}

export function createWitness(): Witness {
  const watches = new Map<(delivery: Delivery) => boolean, (witnessed: Witnessed) => void>()

  function tell(delivery: Delivery, outcome: Outcome): void {
    for (const [isIt, see] of watches) if (isIt(delivery)) see({ delivery, outcome })
  }

  return {
    wrap: (ingest) => async (delivery) => {
      if (watches.size === 0) return ingest(delivery)
      try {
        const outcome = await ingest(delivery)
        tell(delivery, outcome)
        return outcome
      } catch (error) {
        tell(delivery, { kind: 'failed', because: 'not-committed' })
        throw error
      }
    },
    watch(isIt) {
      let stop = (): void => {}
      const seen = new Promise<Witnessed>((resolve) => {
        // Not the caller's own function: two may watch with the same one.
        const one = (delivery: Delivery): boolean => isIt(delivery)
        watches.set(one, resolve)
        stop = () => watches.delete(one)
      })
      return { seen, stop: () => stop() }
    },
  }
}
