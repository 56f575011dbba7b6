import { closeSync, openSync, readSync } from 'node:fs'

export type TextFile = { readonly kind: 'read'; readonly text: string } | { readonly kind: 'refused'; readonly detail: string }

/** A file that somebody named, or a pipe, up to a bound: what it is may be anything. */
export function readTextFile(file: string, mostBytes: number): TextFile {
  const chunks: Buffer[] = []
  let length = 0
  try {
    const handle = openSync(file, 'r')
    try {
      // A pipe gives what it has, not all there is to come.
      for (;;) {
        const chunk = Buffer.alloc(65_536)
        const got = readSync(handle, chunk, 0, chunk.length, null)
        if (got === 0) break
        length += got
        if (length > mostBytes) return { kind: 'refused', detail: `${file} is larger than ${sizeWord(mostBytes)}` }
        chunks.push(chunk.subarray(0, got))
      }
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    return { kind: 'refused', detail: (error as Error).message }
  }
  return { kind: 'read', text: Buffer.concat(chunks).toString('utf8') }
}

function sizeWord(bytes: number): string {
  return bytes < 1_048_576 ? `${bytes / 1024} KiB` : `${bytes / 1_048_576} MiB`
}
