import type { Database } from './database.ts'

/** Moves deliveries whose content is gone together. */
export type Packing = {
  add(sequences: readonly number[]): void
  /** In one commit. Answers how many are left. */
  pack(limit: number): number
}

/**
 * SQLite leaves a page as it is when a row in it shrinks, and only looks at its neighbours when one is taken out of it. So each is taken out
 * and put back as it was: measured, a history is then within a hundredth of what VACUUM makes of it, without being written anew.
 */
export function createPacking(db: Database): Packing {
  let waiting: number[] = []
  let move: ((sequences: readonly number[]) => void) | null = null

  /** Made when it is needed: a table of this connection's own, in memory, since no text may go through a program that could change it. */
  function prepare(): (sequences: readonly number[]) => void {
    db.exec('CREATE TEMP TABLE packing AS SELECT * FROM deliveries LIMIT 0')
    const take = db.prepare<[number]>("INSERT INTO temp.packing SELECT * FROM main.deliveries WHERE sequence = ? AND state = 'removed'")
    const takeOut = db.prepare('DELETE FROM main.deliveries WHERE sequence IN (SELECT sequence FROM temp.packing)')
    const putBack = db.prepare('INSERT INTO main.deliveries SELECT * FROM temp.packing ORDER BY sequence')
    const clear = db.prepare('DELETE FROM temp.packing')
    const all = db.transaction((sequences: readonly number[]): void => {
      for (const sequence of sequences) take.run(sequence)
      takeOut.run()
      putBack.run()
      clear.run()
    })
    return (sequences) => {
      // Each would be looked for in every detection, which have no index for it. Nothing refers to one that is gone.
      db.pragma('foreign_keys = OFF')
      try {
        all.immediate(sequences)
      } finally {
        db.pragma('foreign_keys = ON')
      }
    }
  }

  return {
    add(sequences) {
      waiting.push(...sequences)
    },
    pack(limit) {
      if (waiting.length > 0) {
        move ??= prepare()
        move(waiting.slice(0, limit))
        waiting = waiting.slice(limit)
      }
      return waiting.length
    },
  }
}
