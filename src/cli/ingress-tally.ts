import type { Schedule } from '../main/ingest/refresher.ts'

/** Counts what is turned away and says it in one line a minute at most: whoever knows the address could otherwise fill the log. */
export type Tally = {
  add(because: string): void
  /** Says what was counted since the last line. */
  stop(): void
}

const everyMs = 60_000

export function createTally({ say, schedule }: { readonly say: (text: string) => void; readonly schedule: Schedule }): Tally {
  const counts = new Map<string, number>()
  let cancel: (() => void) | null = null

  function tell(): void {
    cancel?.()
    cancel = null
    if (counts.size === 0) return
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const parts = [...counts].sort(([, one], [, other]) => other - one).map(([because, count]) => `${because} ${count}`)
    counts.clear()
    say(`Turned away: ${total} (${parts.join(', ')}). Nothing of them was kept.`)
  }

  return {
    add(because) {
      counts.set(because, (counts.get(because) ?? 0) + 1)
      cancel ??= schedule(tell, everyMs)
    },
    stop: tell,
  }
}
