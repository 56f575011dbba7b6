import { isUtf8 } from 'node:buffer'
import type { Own, WalkedDelivery } from '../store/walk.ts'
import { archiveLimits, type ArchivedDelivery, type ArchivedOwn } from './archive.ts'
import type { Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/**
 * Lossless: one detection a line as `Detection` but for its place in this history, with `deliveries`, all that it was made of, as they were
 * received. What they changed is not written: an import makes it anew of what it can check. Where the deliveries of one detection are too large
 * for a line, lines follow that have only its organizationId and id, and more of them. `own` is what its user wrote of it and whether it is
 * kept; of a lot of notes, too, there is more on lines that follow, each with the first delivery again. Who changed what of its triage, and
 * when, is not written.
 */
export function createNdjsonWriter(): Writer {
  return {
    begin: () => '',
    *add({ detection, deliveries, own }) {
      const [firstOwn, ...furtherOwn] = partedOwn(own())
      const said = { ...detection, sequence: undefined }
      let head: object = firstOwn === undefined ? said : { ...said, own: firstOwn }
      let first: string | null = null
      let gathered: string[] = []
      let bytes = 0
      let lines = 0
      for (const delivery of deliveries()) {
        const archived = plainJson(toArchived(delivery))
        // As written: headers can be larger than a body, and what is escaped six times as large as it was.
        const size = Buffer.byteLength(archived)
        if (gathered.length > 0 && (bytes + size > archiveLimits.lineBytes || gathered.length >= archiveLimits.deliveries)) {
          yield toLine(head, gathered)
          lines += 1
          head = { organizationId: detection.organizationId, id: detection.id }
          gathered = []
          bytes = 0
        }
        first ??= archived
        gathered.push(archived)
        bytes += size
      }
      if (gathered.length > 0 || lines === 0) yield toLine(head, gathered)
      const { organizationId, id } = detection
      for (const more of furtherOwn) yield toLine({ organizationId, id, own: more }, first === null ? [] : [first])
    },
    end: () => '',
  }
}

/** `head` is never without a member; deliveries are JSON already. */
function toLine(head: object, deliveries: readonly string[]): string {
  return `${plainJson(head).slice(0, -1)},"deliveries":[${deliveries.join(',')}]}\n`
}

/** As much as a line has room for beside deliveries. */
function partedOwn(own: Own | null): readonly ArchivedOwn[] {
  if (own === null) return []
  const parts: { note: ArchivedOwn['notes'][number][]; bytes: number }[] = [{ note: [], bytes: 0 }]
  for (const note of own.notes) {
    const size = Buffer.byteLength(plainJson(note))
    const last = parts.at(-1)
    if (last !== undefined && last.bytes + size <= archiveLimits.noteBytes) {
      last.note.push(note)
      last.bytes += size
    } else parts.push({ note: [note], bytes: size })
  }
  return parts.map(({ note: notes }) => ({ ...own, notes }))
}

function toArchived({ receivedAt, inlet, trust, headers, body }: WalkedDelivery): ArchivedDelivery {
  const said = { receivedAt, inlet, trust, headers }
  if (body === null) return { ...said, body: null }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return isUtf8(bytes) ? { ...said, body: bytes.toString('utf8') } : { ...said, body: null, base64: bytes.toString('base64') }
}
