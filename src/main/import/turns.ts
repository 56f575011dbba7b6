/** What was asked for, or no, where a cancel comes before the answer. */
export function orAborted(asked: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => resolve(false)
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel)
    void asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel))
  })
}

/** A cancel ends it. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

/** After everything that waits for the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
