import { isUtf8 } from 'node:buffer'
import type { Own, WalkedDelivery } from '../store/walk.ts'
import { archiveLimits, type ArchivedDelivery, type ArchivedOwn } from './archive.ts'
import type { Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/**
 * Lossless: one detection a line as `Detection`, with `deliveries`, all that it was made of, as they were received. What they changed is
 * not written: an import makes it anew of what it can check. Where the deliveries of one detection are too large for a line, lines
 * follow that have only its organizationId and id, and more of them. `own` is what its user wrote of it and whether it is kept; of a lot of
 * notes, too, there is more on lines that follow, each with the first delivery again. Who changed what of its triage, and when, is not written.
 */
export function createNdjsonWriter(): Writer {
  return {
    begin: () => '',
    *add({ detection, deliveries, own }) {
      const [firstOwn, ...furtherOwn] = partedOwn(own())
      let head: object = firstOwn === undefined ? detection : { ...detection, own: firstOwn }
      let first: ArchivedDelivery | null = null
      let gathered: ArchivedDelivery[] = []
      let bytes = 0
      let lines = 0
      for (const delivery of deliveries()) {
        const size = delivery.body?.length ?? 0
        if (gathered.length > 0 && (bytes + size > archiveLimits.lineBytes || gathered.length >= archiveLimits.deliveries)) {
          yield `${plainJson({ ...head, deliveries: gathered })}\n`
          lines += 1
          head = { organizationId: detection.organizationId, id: detection.id }
          gathered = []
          bytes = 0
        }
        const archived = toArchived(delivery)
        first ??= archived
        gathered.push(archived)
        bytes += size
      }
      if (gathered.length > 0 || lines === 0) yield `${plainJson({ ...head, deliveries: gathered })}\n`
      const { organizationId, id } = detection
      for (const more of furtherOwn) yield `${plainJson({ organizationId, id, own: more, deliveries: first === null ? [] : [first] })}\n`
    },
    end: () => '',
  }
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
