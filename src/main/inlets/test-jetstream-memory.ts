import type { InletId } from '../../shared/inlets.ts'
import type { Sequence } from '../../shared/detection.ts'
import { createJetstreamInlet } from './jetstream.ts'
import { schedule, watchMemory } from './memory-test-support.ts'

/**
 * A program of its own: takes what the NATS server at an address sends until it has all of a number or is given up, and prints how far
 * memory rose: what is held, garbage collected before each look, or what the process takes of the machine.
 */
const [, , url = '', wanted = '', pace = '', measure = ''] = process.argv
const memory = watchMemory(measure, 20)
let received = 0
let settled = 0
let turn: Promise<void> = Promise.resolve()
const startedAt = performance.now()
const positions: (string | null)[] = []

const inlet = createJetstreamInlet({
  setUp: {
    id: 'jetstream:abcd1234' as InletId,
    kind: 'jetstream',
    name: 'Test',
    isOn: true,
    address: null,
    url,
    stream: 'TOCSIN',
    consumer: 'memory',
    login: { kind: 'none' },
    caFile: null,
  },
  secret: () => ({ kind: 'none' }),
  checkpoint: { read: () => positions.at(-1) ?? null, write: (position) => void (positions[0] = position) },
  async ingest() {
    received++
    if (pace === 'never') return new Promise(() => {})
    // A history that is slower than the network: one after another.
    turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, pace === 'slow' ? 2 : 0)))
    await turn
    if (++settled === Number(wanted)) setTimeout(tell, 50, '')
    return { kind: 'kept', sequence: settled as Sequence }
  },
  onState(state) {
    if (state.kind === 'connecting') memory.settle()
    if (state.kind === 'waiting') tell(state.detail)
  },
  onTurnedAway: () => {},
  onLost: () => {},
  onBug: (error) => {
    throw error
  },
  now: Date.now,
  random: Math.random,
  schedule,
})

function tell(end: string): void {
  memory.end({ received, seconds: (performance.now() - startedAt) / 1_000, end })
}

inlet.start()
