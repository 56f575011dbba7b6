import { z } from 'zod'
import { toInstant, toInstantOrNull } from './time.ts'

/** What was removed is known for so long, so that it can be put back, whatever it was. */
const mostRemembered = 100

/** What four digits of a year can write: no damaged number is to throw where it is read. */
const moment = z
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31))
export const instantOfRow = moment.transform((at) => toInstant(at))
export const instantOrNullOfRow = moment.nullable().transform((at) => toInstantOrNull(at))

/** The newest so many, by their ids. */
export function remember<Row extends { readonly id: number }>(all: Map<number, Row>, row: Row | undefined): void {
  if (row === undefined) return
  all.delete(row.id)
  all.set(row.id, row)
  const [oldest] = all.keys()
  if (all.size > mostRemembered && oldest !== undefined) all.delete(oldest)
}
