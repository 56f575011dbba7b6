/** How long is listened before more is told, where something was. A window in which nothing came ends the episode. */
export type Windows = {
  /** After the first note of an episode, of so many changes. */
  first(told: number): number
  /** After a note at the end of a window, of so many changes. */
  next(told: number): number
}

export const windowsMs = [2_000, 10_000, 120_000, 600_000] as const
/** What is fewer is told as it comes; what is more is a flood. */
export const fewOnes = 10

/**
 * An episode of a few is told every ten seconds. A flood of any size is told at 0 s, 2 s and 122 s, then every ten minutes, and a window of a
 * flood that brings but a few is followed by a shorter one: who waits is then told of what is new, and not of what is left of a flood.
 */
export function createWindows(): Windows {
  let step = 0
  let told = 0
  return {
    first(count) {
      step = 0
      told = count
      return windowsMs[0]
    },
    next(count) {
      told += count
      if (step >= 2 && count < fewOnes) {
        step -= 1
        told = count
      } else step = told < fewOnes ? 1 : Math.min(windowsMs.length - 1, Math.max(2, step + 1))
      return windowsMs[step] ?? windowsMs[0]
    },
  }
}
