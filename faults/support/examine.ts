import { createHash } from 'node:crypto'
import Sqlite from 'better-sqlite3'
import { compareMark, readMark } from '../../src/main/proof/high-water-mark.ts'
import type { MarkComparison } from '../../src/main/proof/high-water-mark.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import { noon } from '../../src/main/ingest/test-support.ts'
import { historyFile, markFile } from '../../src/main/profile.ts'
import { walkChain } from '../../src/main/store/chain.ts'
import { openStore } from '../../src/main/store/store.ts'
import { verifyHistory } from '../../src/main/proof/verify-history.ts'
import type { VerifiedHistory } from '../../src/main/proof/verify-history.ts'

/** What is there after a fault, by the invariants: I1 `bodies`, I2 `verified`, I3 `brokenLinks`, I4 `structure`, I5 `mark`. */
export type Examined =
  | { readonly kind: 'not-opened'; readonly because: string; readonly detail: string }
  | {
      readonly kind: 'opened'
      /** The newest. */
      readonly sequence: number
      /** Hashes of the bodies that are kept, in order. */
      readonly bodies: readonly string[]
      readonly brokenLinks: number
      readonly structure: readonly string[]
      readonly mark: MarkComparison
      /** What `verify` says; null where it was not asked. */
      readonly verified: VerifiedHistory | null
    }

/** Opens what a fault has left the way the app does, lets it go on, and looks at all of it. */
export async function examine(profile: string, { verify }: { readonly verify: boolean }): Promise<Examined> {
  const file = historyFile(profile)
  const opened = openStore({ file, contentOf, now: () => noon })
  if (opened.kind !== 'opened') return { kind: 'not-opened', because: opened.kind, detail: opened.detail }
  const { store } = opened
  const bodies: string[] = []
  try {
    const mark = compareMark(readMark(markFile(profile)), store)
    const walk = walkChain(store.chain.genesis())
    for (let after = 0; ;) {
      const portion = store.proof.portion(after, 256)
      for (const delivery of portion) {
        walk.step(delivery)
        if (delivery.content !== null) bodies.push(createHash('sha256').update(delivery.content.body).digest('hex'))
      }
      const last = portion.at(-1)
      if (last === undefined) break
      after = last.sequence
    }
    while (!store.textIndex.catchUp(256));
    const verified = verify
      ? await verifyHistory({ store, mark: readMark(markFile(profile)), now: () => noon, signal: new AbortController().signal })
      : null
    const { head, broken } = walk.report()
    return { kind: 'opened', sequence: head.sequence, bodies, brokenLinks: broken, structure: structureOf(file), mark, verified }
  } finally {
    store.close()
  }
}

/** What `integrity_check` finds wrong, or that it cannot look. */
export function structureOf(file: string): readonly string[] {
  const db = new Sqlite(file, { readonly: true })
  try {
    return (db.pragma('integrity_check') as { integrity_check: string }[]).map((row) => row.integrity_check).filter((text) => text !== 'ok')
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error
    return [error.message]
  } finally {
    db.close()
  }
}
