import type { ChainedDelivery } from './chain.ts'

/** What of a row the chain is checked by. Headers and body of a tombstone are null. */
export type ChainRow = {
  readonly sequence: number
  readonly inlet: string
  readonly received_at: number
  readonly content_hash: Uint8Array
  readonly chain_hash: Uint8Array
  readonly headers: string | null
  readonly body: Uint8Array | null
}

export function fromChainRow(row: ChainRow): ChainedDelivery {
  const { sequence, inlet, received_at: receivedAt, headers, body } = row
  return {
    sequence,
    contentHash: row.content_hash,
    chainHash: row.chain_hash,
    content: headers === null || body === null ? null : { sequence, inlet, receivedAt, headers, body },
  }
}
