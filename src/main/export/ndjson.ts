import { isUtf8 } from 'node:buffer'
import type { WalkedDelivery } from '../store/walk.ts'
import { archiveLimits, type ArchivedDelivery } from './archive.ts'
import type { Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/**
 * Lossless: one detection a line as `Detection`, with `deliveries`, all that it was made of, as they were received. What they changed is
 * not written: an import makes it anew of what it can check. Where the deliveries of one detection are too large for a line, lines
 * follow that have only its organizationId and id, and more of them.
 */
export function createNdjsonWriter(): Writer {
  return {
    begin: () => '',
    *add({ detection, deliveries }) {
      let head: object = detection
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
        gathered.push(toArchived(delivery))
        bytes += size
      }
      if (gathered.length > 0 || lines === 0) yield `${plainJson({ ...head, deliveries: gathered })}\n`
    },
    end: () => '',
  }
}

function toArchived({ receivedAt, inlet, trust, headers, body }: WalkedDelivery): ArchivedDelivery {
  const said = { receivedAt, inlet, trust, headers }
  if (body === null) return { ...said, body: null }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return isUtf8(bytes) ? { ...said, body: bytes.toString('utf8') } : { ...said, body: null, base64: bytes.toString('base64') }
}
