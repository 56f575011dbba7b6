export { schedule } from '../schedule.ts'

/** For programs of their own: how far memory rises above what it is at rest. `taken` is what the process takes of the machine, anything else what is held. */
export function watchMemory(measure: string | undefined, everyMs: number) {
  let rest = Infinity
  let most = 0

  function memory(): number {
    if (measure === 'taken') return process.memoryUsage.rss()
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  function look(): void {
    most = Math.max(most, memory())
  }
  setInterval(look, everyMs)

  return {
    /** This is the rest, unless there was one; true where there was none. */
    settle(): boolean {
      if (rest !== Infinity) return false
      globalThis.gc?.()
      rest = memory()
      return true
    },
    /** Prints that, and what else there is to say, and ends the program. */
    end(more: Readonly<Record<string, unknown>>): void {
      look()
      process.stdout.write(JSON.stringify({ aboveRest: most - rest, ...more }) + '\n')
      process.exit()
    },
  }
}
