import type { InletId, InletSetUp } from '../../shared/inlets.ts'
import type { Sequence } from '../../shared/detection.ts'
import { createGosmeeInlet } from './gosmee.ts'
import type { FetchingParts } from './inlet.ts'
import { schedule, watchMemory } from './memory-test-support.ts'
import { createRelayInlet } from './relay.ts'

/**
 * A program of its own: takes what the gosmee server, or the relay, at an address sends until it sends "done" or is given up, and prints
 * how far memory rose: what is held, garbage collected before each look, or what the process takes of the machine.
 */
const [, , url = '', measure, kind = 'gosmee'] = process.argv
const memory = watchMemory(measure, 25)
let received = 0
let turnedAway = 0
let turn: Promise<void> = Promise.resolve()

const common = { name: 'Test', isOn: true, address: null, url }
const parts: Omit<FetchingParts<InletSetUp>, 'setUp' | 'secret'> = {
  checkpoint: { read: () => null, write: () => {} },
  async ingest({ body }) {
    received++
    if (Buffer.from(body).equals(Buffer.from('done'))) tell()
    // A history that is slower than the network: one after another.
    turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 2)))
    await turn
    return { kind: 'kept', sequence: received as Sequence }
  },
  onState({ kind }) {
    if (kind === 'live' && memory.settle()) process.stdout.write('live\n')
    if (kind === 'waiting') tell()
  },
  onTurnedAway: () => turnedAway++,
  onLost: () => {},
  onBug: (error) => {
    throw error
  },
  now: Date.now,
  random: Math.random,
  schedule,
}
const inlet =
  kind === 'relay'
    ? createRelayInlet({
        ...parts,
        setUp: { ...common, id: 'relay:abcd1234' as InletId, kind: 'relay' },
        secret: () => ({ kind: 'known', value: 'A'.repeat(43) }),
      })
    : createGosmeeInlet({
        ...parts,
        setUp: { ...common, id: 'gosmee:abcd1234' as InletId, kind: 'gosmee', isProtected: false },
        secret: () => ({ kind: 'none' }),
      })

function tell(): void {
  memory.end({ received, turnedAway })
}

inlet.start()
