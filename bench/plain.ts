import { constants, copyFileSync } from 'node:fs'
import { openDatabase, type Database } from '../src/main/store/database.ts'
import { presentColumns } from '../src/main/store/detection-row.ts'
import { toNewestRow } from '../src/main/store/present.ts'
import { demoOrganization } from '../src/main/sample/demo.ts'
import type { Checked } from '../src/main/ingest/delivery.ts'
import { removeHistory } from './bulk.ts'

/** What a program would do that only kept deliveries: a row of a delivery and one of its detection, in the same schema, each commit FULL. */
export type PlainHistory = {
  /** Rows ready to be written, so that only writing them is measured. */
  prepare(checked: readonly Checked[]): readonly PlainRow[]
  /** In one transaction. */
  commit(rows: readonly PlainRow[]): void
  close(): void
}
export type PlainRow = {
  readonly delivery: readonly unknown[]
  readonly detection: readonly unknown[]
  readonly transition: readonly unknown[]
}

const nothing = Buffer.alloc(32)

/** A new one, or one that begins with a copy of a history that nobody has open. */
export function openPlain(file: string, onto: string | null = null): PlainHistory {
  removeHistory(file)
  if (onto !== null) copyFileSync(onto, file, constants.COPYFILE_FICLONE)
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const db: Database = opened.db
  const insertDelivery = db.prepare(`
    INSERT INTO deliveries (sequence, inlet, received_at, state, trust, organization_id, kid, jti, is_jti_reused, signing_hash, issued_at,
      expires_at, trigger_name, size, content_hash, chain_hash, headers, body)
    VALUES (?, 'receiver', ?, 'detection', 'verified', ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, '{}', ?)`)
  const updated = presentColumns.filter((name) => name !== 'organization_id' && name !== 'id').map((name) => `${name} = excluded.${name}`)
  const insertDetection = db
    .prepare<unknown[], number>(
      `INSERT INTO detections (${presentColumns.join(', ')}) VALUES (${presentColumns.map(() => '?').join(', ')})
       ON CONFLICT (organization_id, id) DO UPDATE SET ${updated.join(', ')} RETURNING row`,
    )
    .pluck()
  const insertTransition = db.prepare("INSERT INTO transitions VALUES (?, ?, ?, NULL, ?, '[]')")
  let sequence = Number(db.prepare('SELECT coalesce(max(sequence), 0) FROM deliveries').pluck().get())

  const commit = db.transaction((rows: readonly PlainRow[]) => {
    for (const { delivery, detection, transition } of rows) {
      insertDelivery.run(...delivery)
      const row = insertDetection.get(...detection)
      insertTransition.run(transition[0], row, transition[1], transition[2])
    }
  })

  return {
    prepare: (all) =>
      all.map(({ delivery: { body, receivedAt }, token, standing }) => {
        if (token === null || standing.kind !== 'trusted' || standing.content.kind !== 'detection') throw new Error('not a detection')
        sequence += 1
        const { detection: content } = standing.content
        const [at, issuedAt] = [Date.parse(receivedAt), Date.parse(token.issuedAt)]
        const arrival = {
          ...{ sequence, organizationId: demoOrganization.id, issuedAt, receivedAt: at },
          ...{ trust: standing.trust, isImported: false, content },
        }
        const present: Readonly<Record<string, unknown>> = {
          ...toNewestRow(arrival, content.status === 'resolved' ? issuedAt : null),
          ...{ organization_id: demoOrganization.id, id: content.id, is_demo: 1, is_imported: 0 },
        }
        return {
          delivery: [
            ...[sequence, at, demoOrganization.id, token.keyId, token.jti, token.signingInputHash, issuedAt, issuedAt + 300_000],
            ...[token.triggerName, body.length, nothing, nothing, body],
          ],
          detection: presentColumns.map((name) => present[name]),
          transition: [sequence, issuedAt, content.status],
        }
      }),
    commit: (rows) => void commit.immediate(rows),
    close: () => void db.close(),
  }
}
