import { constants } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'

export type Line = {
  /** From 1. */
  readonly number: number
  /** Without its end; null where it is longer than a line may be. */
  readonly bytes: Buffer | null
  /** Read of the file so far. */
  readonly readTo: number
}

export type LineLimits = {
  readonly longest: number
  /** How much further the end of one that is too long is looked for. */
  readonly lookFor: number
  /** Of a pipe: how long somebody may take to begin to write into it. */
  readonly writerMs: number
}

const chunkBytes = 256 * 1024
/** A pipe is asked so often whether there is something in it. */
const askPipeMs = 20
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Reads a file line by line in bounded memory, until the end or until `signal` ends it. A line that never ends is given up: `isCut` says
 * that the rest of the file was not read. Throws what the disk says.
 */
export async function* readLines(
  path: string,
  { longest, lookFor, writerMs }: LineLimits,
  signal: AbortSignal,
): AsyncGenerator<Line, { readonly isCut: boolean }, undefined> {
  // The opening of a pipe waits for whoever writes into it, and neither a cancel nor the end of the app ends that.
  const isPipe = (await stat(path)).isFIFO() && process.platform !== 'win32'
  const handle = await open(path, isPipe ? constants.O_RDONLY | constants.O_NONBLOCK : 'r')
  const read = isPipe ? readPipe(handle, writerMs, signal) : (buffer: Buffer) => handle.read(buffer, 0, chunkBytes, null)
  try {
    let number = 1
    let readTo = 0
    let parts: Buffer[] = []
    let length = 0
    const add = (piece: Buffer): void => {
      length += piece.length
      if (length <= longest + 1) parts.push(piece)
      else parts = []
    }
    const take = (): Line => {
      const bytes = length > longest + 1 ? null : withoutReturn(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts))
      const line = { number, bytes: bytes === null || bytes.length > longest ? null : bytes, readTo }
      number += 1
      parts = []
      length = 0
      return line
    }
    for (;;) {
      if (signal.aborted) return { isCut: false }
      // A new one each time: lines are parts of it.
      const { bytesRead, buffer } = await read(Buffer.allocUnsafeSlow(chunkBytes))
      if (bytesRead === 0) break
      readTo += bytesRead
      let from = 0
      for (let end = buffer.indexOf(lineFeed); end >= 0 && end < bytesRead; end = buffer.indexOf(lineFeed, from)) {
        add(buffer.subarray(from, end))
        yield take()
        from = end + 1
      }
      if (from < bytesRead) add(buffer.subarray(from, bytesRead))
      if (length > longest + lookFor) {
        yield take()
        return { isCut: true }
      }
    }
    if (length > 0) yield take()
    return { isCut: false }
  } finally {
    await handle.close()
  }
}

/** Reads 0 bytes at the end, and after `signal`. Throws where nobody writes. */
function readPipe(handle: FileHandle, writerMs: number, signal: AbortSignal) {
  const givenUpAt = Date.now() + writerMs
  let hasBegun = false
  return async (buffer: Buffer): Promise<{ bytesRead: number; buffer: Buffer }> => {
    for (;;) {
      if (signal.aborted) return { bytesRead: 0, buffer }
      const bytesRead = await handle.read(buffer, 0, chunkBytes, null).then(
        (read) => read.bytesRead,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EAGAIN') return null
          throw error
        },
      )
      // Without a writer it reads as at its end; somebody who has it open and writes nothing yet is one to wait for.
      if (bytesRead === null) hasBegun = true
      else if (bytesRead > 0 || hasBegun) {
        hasBegun = true
        return { bytesRead, buffer }
      } else if (Date.now() >= givenUpAt) throw new Error('it is a pipe into which nobody writes')
      await new Promise((resolve) => setTimeout(resolve, askPipeMs))
    }
  }
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
}
