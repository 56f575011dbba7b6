import type { Socket } from 'node:net'
import { openConnection, type BusConnection } from './bus-connection.ts'

export type SessionBus = {
  /** The connection, opened now where there is none; null where there is no bus, or not for now. */
  connection(): Promise<BusConnection | null>
  stop(): void
}

export type SessionBusParts = {
  /** null where the user has no bus. */
  readonly connect: () => Socket | null
  /** Told of each connection before anybody else gets hold of it. */
  readonly onOpened: (bus: BusConnection) => void
  /** It ended, and so did everything that was known by it. */
  readonly onEnded: () => void
  readonly schedule: (task: () => void, afterMs: number) => () => void
}

/** Between two tries after a bus that was there is gone: doubled each time, up to the last. */
export const firstRetryMs = 1_000
export const lastRetryMs = 60_000

/** One connection to the session bus that is kept, and made again for as long as there was one before: signals come by it. */
export function createSessionBus({ connect, onOpened, onEnded, schedule }: SessionBusParts): SessionBus {
  let current: BusConnection | null = null
  let opening: Promise<BusConnection | null> | null = null
  let cancelRetry: (() => void) | null = null
  let waitMs = firstRetryMs
  let wasThere = false
  let isStopped = false

  function retryLater(): void {
    if (isStopped || cancelRetry !== null) return
    cancelRetry = schedule(() => {
      cancelRetry = null
      void connection()
    }, waitMs)
    waitMs = Math.min(waitMs * 2, lastRetryMs)
  }

  async function open(): Promise<BusConnection | null> {
    const socket = connect()
    if (socket === null) return null
    const made = await openConnection(socket, {
      onEnd() {
        current = null
        onEnded()
        retryLater()
      },
      schedule,
    })
    if (made === null) {
      if (wasThere) retryLater()
      return null
    }
    if (isStopped) {
      made.close()
      return null
    }
    cancelRetry?.()
    cancelRetry = null
    waitMs = firstRetryMs
    wasThere = true
    current = made
    onOpened(made)
    return made
  }

  async function connection(): Promise<BusConnection | null> {
    if (isStopped) return null
    if (current !== null) return current
    opening ??= open().finally(() => {
      opening = null
    })
    return opening
  }

  return {
    connection,
    stop() {
      isStopped = true
      cancelRetry?.()
      current?.close()
      current = null
    },
  }
}
