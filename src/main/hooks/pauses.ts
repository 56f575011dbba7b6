const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** After each try that failed, as Standard Webhooks has it, cut to a day: this many tries, and then it is given up. */
const steps = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 6 * hour + 25 * minute] as const

export const mostTries = steps.length + 1
export const givenUpAfterMs = 24 * hour

/** How long to wait after so many tries that failed, in ms: a little longer than the step, never the same for two that fail together. */
export function pauseAfter(failures: number, random: () => number): number {
  const step = steps[Math.min(failures, steps.length) - 1] ?? steps[0]
  return Math.round(step * (1 + random() / 10))
}
