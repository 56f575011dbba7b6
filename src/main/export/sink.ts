import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'

/** Where an export goes. `write` resolves when it may go on. */
export type Sink = {
  write(text: string): Promise<void>
  /** All is written: from now on it is there. */
  finish(): Promise<void>
  /** It did not come to its end: leaves nothing behind that can be taken for it. */
  discard(): Promise<void>
}

/** A file that only this user can read, and that has its name only once it is whole. `replace` says whether one that is there may go. */
export async function openFileSink(
  path: string,
  { replace, temporary = `${path}.${randomBytes(6).toString('hex')}.part` }: { readonly replace: boolean; readonly temporary?: string },
): Promise<Sink> {
  let handle: FileHandle | null = await open(temporary, 'wx', 0o600)

  async function close(): Promise<void> {
    const open = handle
    handle = null
    await open?.close()
  }

  return {
    async write(text) {
      await handle?.appendFile(text)
    },
    async finish() {
      await handle?.sync()
      await close()
      if (replace) return rename(temporary, path)
      try {
        // Unlike a rename, it fails where a file of that name is there.
        await link(temporary, path)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EEXIST' || existsSync(path)) throw error
        // Some file systems know no links.
        return rename(temporary, path)
      }
      await rm(temporary)
    },
    async discard() {
      await close().catch(() => undefined)
      await rm(temporary, { force: true })
    },
  }
}

/** A stream takes what it is given: after a cancel whoever reads it has a beginning, ending with a whole line or not. It is not ended. */
export function streamSink(stream: Writable): Sink {
  return {
    write: (text) => new Promise((resolve, reject) => void stream.write(text, (error) => (error ? reject(error) : resolve()))),
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  }
}
