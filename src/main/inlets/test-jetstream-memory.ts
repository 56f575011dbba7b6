import type { InletId } from '../../shared/inlets.ts'
import type { Sequence } from '../../shared/detection.ts'
import { createJetstreamInlet } from './jetstream.ts'

/**
 * A program of its own: takes what the NATS server at an address sends until it has all of a number or is given up, and prints how far
 * memory rose: what is held, garbage collected before each look, or what the process takes of the machine.
 */
const [, , url = '', wanted = '', pace = '', measure = ''] = process.argv
let rest = Infinity
let most = 0
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
    if (state.kind === 'connecting' && rest === Infinity) {
      globalThis.gc?.()
      rest = memory()
    }
    if (state.kind === 'waiting') tell(state.detail)
  },
  onTurnedAway: () => {},
  onLost: () => {},
  onBug: (error) => {
    throw error
  },
  now: Date.now,
  random: Math.random,
  schedule(task, afterMs) {
    const timer = setTimeout(task, afterMs)
    return () => clearTimeout(timer)
  },
})

function tell(end: string): void {
  sample()
  const seconds = (performance.now() - startedAt) / 1_000
  process.stdout.write(JSON.stringify({ aboveRest: most - rest, received, seconds, end }) + '\n')
  process.exit()
}

function sample(): void {
  most = Math.max(most, memory())
}

function memory(): number {
  if (measure === 'taken') return process.memoryUsage.rss()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

setInterval(sample, 20)
inlet.start()
