import { app } from 'electron'

type Part = { stop(): unknown }

export type Ending = {
  /** Everything that is built, in that order. Nothing is stopped before it has settled. */
  starting(building: Promise<void>): void
  /** Hands the part back, so that it can be taken over where it is made. */
  add<P extends Part>(part: P): P
}

/** Ends the app once and in order, however the end comes: what was added last is stopped first, and a second signal changes nothing. */
export function createEnding(log: { error(text: string, error: unknown): void }): Ending {
  const parts: Part[] = []
  let built: Promise<void> = Promise.resolve()
  let stopping: Promise<void> | null = null
  let isStopped = false

  async function stopAll(): Promise<void> {
    await built
    for (const part of parts.reverse()) {
      try {
        await part.stop()
      } catch (error) {
        log.error('a part did not stop', error)
      }
    }
  }

  // A terminal's Ctrl+C reaches the whole group, and the scripts pass it on once more.
  // Only when ready: Chromium puts handlers of its own over earlier ones, and the second signal would end the process on the spot.
  void app.whenReady().then(() => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
  })
  app.on('before-quit', (event) => {
    if (isStopped) return
    event.preventDefault()
    stopping ??= stopAll().finally(() => {
      isStopped = true
      app.quit()
    })
  })
  return {
    starting(building) {
      built = building
    },
    add(part) {
      parts.push(part)
      return part
    },
  }
}
