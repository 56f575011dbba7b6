/** A backup that was verified when it was made. Its name says what it holds, so that a list of them opens none. */
export type Backup = {
  readonly name: string
  /** Epoch ms. */
  readonly madeAt: number
  /** The newest delivery in it. */
  readonly sequence: number
  /** Made before a migration from this schema; null for one of the schedule. */
  readonly beforeSchema: number | null
  readonly bytes: number
}

export type BackupBounds = { readonly daily: number; readonly weekly: number; readonly beforeMigration: number; readonly bytes: number }

export const backupBounds: BackupBounds = { daily: 7, weekly: 4, beforeMigration: 2, bytes: 40 * 1024 ** 3 }

const dayMs = 24 * 60 * 60 * 1000

/**
 * Which backups go: all but the newest of each of the newest days and weeks that have any, the newest before migrations, and what finds
 * room, the oldest going first. The newest of all stays whatever its size.
 */
export function rotate(backups: readonly Backup[], bounds: BackupBounds = backupBounds): readonly Backup[] {
  const newestFirst = [...backups].sort((one, other) => other.madeAt - one.madeAt || other.sequence - one.sequence)
  const scheduled = newestFirst.filter(({ beforeSchema }) => beforeSchema === null)
  const wanted = new Set([
    ...newestOfEach(scheduled, dayMs, bounds.daily),
    ...newestOfEach(scheduled, 7 * dayMs, bounds.weekly),
    ...newestFirst.filter(({ beforeSchema }) => beforeSchema !== null).slice(0, bounds.beforeMigration),
  ])
  let bytes = 0
  return newestFirst.filter((backup, index) => {
    if (index > 0 && (!wanted.has(backup) || bytes + backup.bytes > bounds.bytes)) return true
    bytes += backup.bytes
    return false
  })
}

function newestOfEach(newestFirst: readonly Backup[], spanMs: number, most: number): readonly Backup[] {
  const bySpan = new Map<number, Backup>()
  for (const backup of newestFirst) {
    const span = Math.floor(backup.madeAt / spanMs)
    if (!bySpan.has(span)) bySpan.set(span, backup)
  }
  return [...bySpan.values()].slice(0, most)
}

const named = /^(?:history|before-schema-(\d{1,4}))-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(\d{1,15})\.sqlite$/

export function backupName({ madeAt, sequence, beforeSchema }: Pick<Backup, 'madeAt' | 'sequence' | 'beforeSchema'>): string {
  const time = new Date(madeAt).toISOString().replace(/[-:.]/g, '')
  return `${beforeSchema === null ? 'history' : `before-schema-${beforeSchema}`}-${time}-${sequence}.sqlite`
}

/** null for a file that is none of ours, or not finished. */
export function readBackupName(name: string): Omit<Backup, 'bytes'> | null {
  const [, schema, year, month, day, hour, minute, second, ms, sequence] = named.exec(name) ?? []
  if (year === undefined) return null
  const madeAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
  return Number.isNaN(madeAt)
    ? null
    : { name, madeAt, sequence: Number(sequence), beforeSchema: schema === undefined ? null : Number(schema) }
}
