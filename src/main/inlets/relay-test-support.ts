import { onTestFinished } from 'vitest'
import type { InletId } from '../../shared/inlets.ts'
import type { Sequence } from '../../shared/detection.ts'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { schedule as realSchedule } from '../schedule.ts'
import type { LinkState, NotTaken } from './inlet.ts'
import { createRelayInlet } from './relay.ts'

/** The same numbers for the same seed, 0 to below 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What outlives the app: its history and the checkpoint. */
export type Disk = { readonly kept: Delivery[]; checkpoint: string | null; readonly lost: (number | null)[] }
export const newDisk = (): Disk => ({ kept: [], checkpoint: null, lost: [] })

export type InletOptions = {
  readonly url: string
  readonly token: string | null
  readonly disk?: Disk
  readonly ingest?: (delivery: Delivery) => Promise<Outcome>
  readonly schedule?: Schedule
  /** Where a crash would come in between: nothing of the disk changes any more. */
  readonly isDead?: () => boolean
}

export const keptOutcome: Outcome = { kind: 'kept', sequence: 1 as Sequence }

/** An inlet that has started, is stopped when the test ends, and all it did. */
export function startInlet({ url, token, disk = newDisk(), ingest, schedule = realSchedule, isDead = () => false }: InletOptions) {
  const states: LinkState[] = []
  const turnedAway: NotTaken[] = []
  const bugs: unknown[] = []
  let wake: (() => void)[] = []
  const changed = (): void => {
    const woken = wake
    wake = []
    for (const one of woken) one()
  }
  const inlet = createRelayInlet({
    setUp: { id: 'relay:abcdefgh' as InletId, name: 'Relay', isOn: true, address: null, kind: 'relay', url },
    secret: () => (token === null ? { kind: 'none' } : { kind: 'known', value: token }),
    ingest: async (delivery) => {
      const outcome = ingest ? await ingest(delivery) : keptOutcome
      if (isDead()) return { kind: 'failed', because: 'not-committed' }
      if (outcome.kind === 'kept') disk.kept.push(delivery)
      changed()
      return outcome
    },
    checkpoint: {
      read: () => disk.checkpoint,
      write(position) {
        if (isDead()) throw new Error('the process is gone')
        disk.checkpoint = position
        changed()
      },
    },
    onState(state) {
      states.push(state)
      changed()
    },
    onTurnedAway(because) {
      turnedAway.push(because)
      changed()
    },
    onLost(count) {
      disk.lost.push(count)
      changed()
    },
    onBug: (error) => bugs.push(error),
    now: Date.now,
    random: Math.random,
    schedule,
  })
  inlet.start()
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => (stopping ??= inlet.stop())
  onTestFinished(stop)
  return {
    inlet,
    disk,
    states,
    turnedAway,
    bugs,
    stop,
    /** Resolves once it holds; looked at whenever something happened. */
    async until(holds: () => boolean): Promise<void> {
      while (!holds()) await new Promise<void>((resolve) => wake.push(resolve))
    },
    last: (): LinkState | undefined => states.at(-1),
  }
}
