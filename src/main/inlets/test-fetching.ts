import { onTestFinished } from 'vitest'
import type { InletId, InletSetUp } from '../../shared/inlets.ts'
import type { Sequence } from '../../shared/detection.ts'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import type { createClock } from '../ingest/test-support.ts'
import type { FetchingInlet, FetchingParts, LinkState, NotTaken } from './inlet.ts'

type Clock = ReturnType<typeof createClock>

/** Everything a fetching inlet is given, and all it did with it. The clock stands still unless it is moved. */
export function fetchingParts<SetUp extends InletSetUp>(clock: Clock, setUp: SetUp, more: Partial<FetchingParts<SetUp>> = {}) {
  const deliveries: Delivery[] = []
  const states: LinkState[] = []
  const turnedAway: NotTaken[] = []
  const lost: (number | null)[] = []
  const bugs: unknown[] = []
  const positions: (string | null)[] = []
  const parts: FetchingParts<SetUp> = {
    setUp,
    secret: () => ({ kind: 'none' }),
    checkpoint: { read: () => positions.at(-1) ?? null, write: (position) => void positions.push(position) },
    onState: (state) => states.push(state),
    onTurnedAway: (because) => turnedAway.push(because),
    onLost: (count) => lost.push(count),
    onBug: (error) => bugs.push(error),
    now: clock.now,
    random: () => 0,
    schedule: clock.schedule,
    ...more,
    ingest: (delivery) => {
      deliveries.push(delivery)
      return more.ingest ? more.ingest(delivery) : Promise.resolve(keptAs(deliveries.length))
    },
  }
  const bodies = (): string[] => deliveries.map(({ body }) => Buffer.from(body).toString('latin1'))
  /** Moves the clock; what it sets off has some turns of the event loop to happen. */
  const advance = (ms: number): Promise<void> => clock.advance(ms, turns)
  return { parts, clock, advance, deliveries, bodies, states, turnedAway, lost, bugs, positions, last: () => states.at(-1) }
}

/** Started, and stopped when the test ends. */
export function running(inlet: FetchingInlet): FetchingInlet {
  inlet.start()
  onTestFinished(() => inlet.stop())
  return inlet
}

export function keptAs(sequence: number): Outcome {
  return { kind: 'kept', sequence: sequence as Sequence }
}

export function setUpOf(kind: 'gosmee' | 'smee', url: string, isProtected = false): InletSetUp {
  const common = { id: `${kind}:abcd1234` as InletId, name: 'Test', isOn: true, address: null, url }
  return kind === 'gosmee' ? { ...common, kind, isProtected } : { ...common, kind }
}

export async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}
