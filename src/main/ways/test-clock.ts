import type { Schedule } from '../ingest/refresher.ts'

export type TestClock = {
  readonly now: () => number
  readonly schedule: Schedule
  /** Lets time pass, and runs what is due on the way, in order. */
  pass(ms: number): void
  /** As when a person or a time server sets the clock: nothing becomes due by it. */
  set(byMs: number): void
}

/** For tests: time that passes when told to. */
export function createTestClock(startAt: number): TestClock {
  let time = startAt
  /** Of timers: it goes on evenly, whatever the clock is set to. */
  let steady = 0
  let count = 0
  const tasks = new Map<number, { readonly at: number; readonly task: () => void }>()
  return {
    now: () => time,
    schedule(task, afterMs) {
      const id = (count += 1)
      tasks.set(id, { at: steady + Math.max(0, afterMs), task })
      return () => void tasks.delete(id)
    },
    pass(ms) {
      const until = steady + ms
      for (;;) {
        const [due] = [...tasks].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])
        if (due === undefined) break
        tasks.delete(due[0])
        time += due[1].at - steady
        steady = due[1].at
        due[1].task()
      }
      time += until - steady
      steady = until
    },
    set: (byMs) => void (time += byMs),
  }
}
