import Sqlite from 'better-sqlite3'

export type Pragmas = Readonly<Record<string, string>>

/** From now on says other pragmas than those that are asked for, to see what a guard is good for; until the returned function is called. */
export function replacePragmas(others: Pragmas): () => void {
  const pragma = Sqlite.prototype.pragma
  Sqlite.prototype.pragma = function (source, options) {
    return pragma.call(this, others[source] ?? source, options)
  }
  return () => void (Sqlite.prototype.pragma = pragma)
}
