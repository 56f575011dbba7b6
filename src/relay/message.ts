import type { FromReader } from '../shared/relay.ts'

const mostCharacters = 256

/** null for what no reader says. */
export function readMessage(text: string | ArrayBuffer): FromReader | null {
  if (typeof text !== 'string' || text.length > mostCharacters) return null
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof said !== 'object' || said === null) return null
  const { after, mailbox, ack } = said as Record<string, unknown>
  if (isPosition(ack) && after === undefined) return { ack }
  if (!isPosition(after) || ack !== undefined) return null
  if (mailbox === undefined) return { after }
  return typeof mailbox === 'string' ? { after, mailbox } : null
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
