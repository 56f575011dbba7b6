import type { Schedule } from './ingest/refresher.ts'

export type TestClock = {
  readonly now: () => number
  readonly schedule: Schedule
  /** Lets time pass, and runs what is due on the way, in order. */
  pass(ms: number): void
  /** The same where promises are waited for: `settle` runs first and after every task, so that what it set off is over before the next is due. */
  passSettled(ms: number, settle: () => Promise<void>): Promise<void>
  /** As when a person or a time server sets the clock: nothing becomes due by it. */
  set(byMs: number): void
  /** In how many ms each task is due. */
  waits(): readonly number[]
  /** As after a crash: nothing is scheduled any more. */
  forget(): void
}

/** For tests: time that passes when told to. */
export function createTestClock(startAt: number): TestClock {
  let time = startAt
  /** Of timers: it goes on evenly, whatever the clock is set to. */
  let steady = 0
  let count = 0
  const tasks = new Map<number, { readonly at: number; readonly task: () => void }>()

  /** The next task that is due until then, with the clock at its time. */
  function take(until: number): (() => void) | null {
    const [due] = [...tasks].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])
    if (due === undefined) return null
    const [id, { at, task }] = due
    tasks.delete(id)
    goTo(at)
    return task
  }
  function goTo(at: number): void {
    time += at - steady
    steady = at
  }

  return {
    now: () => time,
    schedule(task, afterMs) {
      const id = (count += 1)
      tasks.set(id, { at: steady + Math.max(0, afterMs), task })
      return () => void tasks.delete(id)
    },
    pass(ms) {
      const until = steady + ms
      for (let task = take(until); task !== null; task = take(until)) task()
      goTo(until)
    },
    async passSettled(ms, settle) {
      const until = steady + ms
      await settle()
      for (let task = take(until); task !== null; task = take(until)) {
        task()
        await settle()
      }
      goTo(until)
    },
    set: (byMs) => void (time += byMs),
    waits: () => [...tasks.values()].map(({ at }) => at - steady),
    forget: () => tasks.clear(),
  }
}
