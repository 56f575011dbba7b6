import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { FileSaved } from '../../shared/ipc.ts'

/** To a file that only this user can read, and that has its name only once it is whole. */
export async function saveReport(path: string, make: () => Promise<string | Uint8Array>): Promise<FileSaved> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    writeFileSync(temporary, await make(), { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
    return { kind: 'saved', path }
  } catch (error) {
    const { message } = error as Error
    return { kind: 'failed', detail: `The report was not saved: ${message}. Nothing was changed; try again, or choose another place.` }
  } finally {
    rmSync(temporary, { force: true })
  }
}
