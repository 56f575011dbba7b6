import type { InletFactories } from './inlet-runners.ts'
import { createGosmeeInlet } from '../inlets/gosmee.ts'
import { createJetstreamInlet } from '../inlets/jetstream.ts'
import { createRelayInlet } from '../inlets/relay.ts'
import { createSmeeInlet } from '../inlets/smee.ts'

/** The real ones. */
export const inletFactories: InletFactories = {
  relay: createRelayInlet,
  jetstream: createJetstreamInlet,
  gosmee: createGosmeeInlet,
  smee: createSmeeInlet,
}
