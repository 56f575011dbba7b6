import { z } from 'zod'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { Database } from './database.ts'
import { toInstant, toMillis } from './time.ts'

/** The webhook of one organization at SlashID, as it was last known. */
export type KeptWebhook = {
  readonly organizationId: OrganizationId
  readonly webhookId: string
  /** As SlashID has it, to the letter; null while a change of it may or may not have been made. */
  readonly targetUrl: string | null
  readonly headerName: string
  /** SHA-256 in hex of each value its secret header may have, the newest first. */
  readonly headerHashes: readonly string[]
  readonly registeredAt: Instant
}

/** With the addresses it had before, or a webhook before it had, the newest first, at most 32. */
export type KnownWebhook = KeptWebhook & { readonly earlier: readonly { readonly webhookId: string; readonly targetUrl: string }[] }

export type WebhookRows = {
  list(): readonly KnownWebhook[]
  read(organizationId: OrganizationId): KnownWebhook | null
  write(webhook: KeptWebhook): void
  remove(organizationId: OrganizationId): void
}

type WebhookRow = {
  readonly organization_id: string
  readonly webhook_id: string
  readonly target_url: string | null
  readonly header_name: string
  readonly header_hashes: string
  readonly registered_at: number
}

const columns = 'organization_id, webhook_id, target_url, header_name, header_hashes, registered_at'
const hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/))

export function createWebhookRows(db: Database): WebhookRows {
  const all = db.prepare<[], WebhookRow>(`SELECT ${columns} FROM webhooks ORDER BY organization_id`)
  const get = db.prepare<[string], WebhookRow>(`SELECT ${columns} FROM webhooks WHERE organization_id = ?`)
  const put = db.prepare<[WebhookRow]>(`
    INSERT INTO webhooks (${columns})
    VALUES (@organization_id, @webhook_id, @target_url, @header_name, @header_hashes, @registered_at)
    ON CONFLICT (organization_id) DO UPDATE SET webhook_id = excluded.webhook_id, target_url = excluded.target_url,
      header_name = excluded.header_name, header_hashes = excluded.header_hashes, registered_at = excluded.registered_at`)
  const putAddress = db.prepare<[string, string, string, number]>(
    'INSERT INTO webhook_addresses (organization_id, webhook_id, target_url, first_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const addresses = db.prepare<[string], { webhook_id: string; target_url: string }>(
    'SELECT webhook_id, target_url FROM webhook_addresses WHERE organization_id = ? ORDER BY first_at DESC, webhook_id, target_url LIMIT 32',
  )
  const withEarlier = (webhook: KeptWebhook): KnownWebhook => ({
    ...webhook,
    earlier: addresses
      .all(webhook.organizationId)
      .map((row) => ({ webhookId: row.webhook_id, targetUrl: row.target_url }))
      .filter((one) => one.webhookId !== webhook.webhookId || one.targetUrl !== webhook.targetUrl),
  })
  const drop = db.prepare<[string]>('DELETE FROM webhooks WHERE organization_id = ?')

  return {
    list: () => all.all().map(fromRow).map(withEarlier),
    read(organizationId) {
      const row = get.get(organizationId)
      return row === undefined ? null : withEarlier(fromRow(row))
    },
    write(webhook) {
      put.run({
        organization_id: webhook.organizationId,
        webhook_id: webhook.webhookId,
        target_url: webhook.targetUrl,
        header_name: webhook.headerName,
        header_hashes: JSON.stringify(webhook.headerHashes),
        registered_at: toMillis(webhook.registeredAt),
      })
      if (webhook.targetUrl !== null) {
        putAddress.run(webhook.organizationId, webhook.webhookId, webhook.targetUrl, toMillis(webhook.registeredAt))
      }
    },
    remove: (organizationId) => void drop.run(organizationId),
  }
}

function fromRow(row: WebhookRow): KeptWebhook {
  return {
    organizationId: row.organization_id as OrganizationId,
    webhookId: row.webhook_id,
    targetUrl: row.target_url,
    headerName: row.header_name,
    headerHashes: hashes.parse(JSON.parse(row.header_hashes)),
    registeredAt: toInstant(row.registered_at),
  }
}
