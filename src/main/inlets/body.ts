import type { IncomingMessage } from 'node:http'

export type Body = { readonly kind: 'whole'; readonly bytes: Uint8Array } | { readonly kind: 'size' | 'overloaded' | 'cut-off' }

/** One request's part of what all requests together may hold in memory. */
export type Share = {
  /** Asks for `bytes` more; false where there is no room. */
  grow(bytes: number): boolean
  release(): void
}

export type Budget = {
  hasRoomFor(bytes: number): boolean
  share(): Share
}

export function createBudget(total: number): Budget {
  let held = 0
  const hasRoomFor = (bytes: number): boolean => held + bytes <= total
  return {
    hasRoomFor,
    share() {
      let mine = 0
      return {
        grow(bytes) {
          if (!hasRoomFor(bytes)) return false
          held += bytes
          mine += bytes
          return true
        },
        release() {
          held -= mine
          mine = 0
        },
      }
    },
  }
}

const firstCapacity = 8 * 1024

/**
 * Reads a body of at most `limit` bytes. It is gathered in one buffer that doubles, because a list of chunks of one byte
 * each would take a hundred times the room that the budget knows of.
 */
export function readBody(request: IncomingMessage, limit: number, share: Share): Promise<Body> {
  return new Promise((resolve) => {
    let bytes = new Uint8Array(0)
    let length = 0

    const finish = (body: Body): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      resolve(body)
    }
    const onData = (chunk: Uint8Array): void => {
      const needed = length + chunk.length
      if (needed > limit) return finish({ kind: 'size' })
      if (needed > bytes.length) {
        const capacity = Math.min(limit, Math.max(needed, bytes.length * 2, firstCapacity))
        if (!share.grow(capacity - bytes.length)) return finish({ kind: 'overloaded' })
        const larger = new Uint8Array(capacity)
        larger.set(bytes.subarray(0, length))
        bytes = larger
      }
      bytes.set(chunk, length)
      length = needed
    }
    const onEnd = (): void => finish({ kind: 'whole', bytes: bytes.subarray(0, length) })
    const onClose = (): void => finish({ kind: 'cut-off' })
    request.on('data', onData).on('end', onEnd).on('close', onClose)
  })
}
