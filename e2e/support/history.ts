import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

/** SHA-256 of the signing input, hex, of every delivery that was taken in; also of a history whose app was killed. */
export function storedSigningHashes(profile: string): readonly string[] {
  const history = new Sqlite(join(profile, 'history.sqlite'), { readonly: true })
  try {
    return history.prepare<[], string>("SELECT lower(hex(signing_hash)) FROM deliveries WHERE state <> 'refused'").pluck().all()
  } finally {
    history.close()
  }
}
