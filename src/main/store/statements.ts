import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

type Value = string | number | Uint8Array | null

// Both bind by place, in the order of `columns`: on the way of every delivery, binding two dozen names costs more than the insert.

/** An insert of these columns of a row, with what may follow the values. */
export function insertInto<Row extends Record<keyof Row, Value>>(
  db: Database,
  table: string,
  columns: readonly (keyof Row & string)[],
  clause = '',
): (row: Row) => ReturnType<Statement['run']> {
  const insert = db.prepare<Value[]>(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ${clause}`)
  return (row) => insert.run(...columns.map((column) => row[column]))
}

/** An update of these columns of the row that the condition on one value names. */
export function update<Row extends Record<keyof Row, Value>>(
  db: Database,
  table: string,
  columns: readonly (keyof Row & string)[],
  condition: string,
): (row: Row, key: Value) => ReturnType<Statement['run']> {
  const statement = db.prepare<Value[]>(`UPDATE ${table} SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE ${condition}`)
  return (row, key) => statement.run(...columns.map((column) => row[column]), key)
}
