import { readNewOrganization } from '../main/new-organization.ts'
import { change, fail, openToRead, type Context, type ExitCode } from './context.ts'
import { readTextFile } from './read-text-file.ts'
import { table } from './visible.ts'

export type AddOptions = { readonly id: string; readonly issuer: string; readonly name?: string; readonly jwks?: string }

/** `org add`: from now on its detections are believed, by a running app as well. */
export async function addOrganization(context: Context, { id, issuer, name, jwks }: AddOptions): Promise<ExitCode> {
  const text = jwks === undefined ? { kind: 'read' as const, text: null } : readTextFile(jwks, mostKeyFileBytes)
  if (text.kind === 'refused') {
    return fail(context, `The key file cannot be read: ${text.detail}. Nothing was changed; check its path.`)
  }
  const read = readNewOrganization({ id, issuer, name: name ?? id, jwks: text.text })
  if (read.kind === 'refused') return fail(context, `${read.detail} Nothing was changed.`, 2)
  for (const because of read.left) context.say(`Not pinned: ${because}.`)

  return change(context, 'tocsin org add', (store) => {
    const known = store.organizations.list().find((one) => one.id === id)
    const added = store.organizations.add({ ...read.organization, name: name ?? known?.name ?? id })
    if (added.kind === 'refused') return fail(context, `${added.detail} Nothing was changed.`)
    const { organization } = added
    const keys =
      organization.keys === 'pinned'
        ? `by its pinned keys ${organization.keyIds.join(', ')}`
        : `once its keys have been fetched from ${organization.issuer}`
    context.say(`${organization.name} (${organization.id}) is believed from now on, ${keys}.`)
    return 0
  })
}

/** `org list`: one line per organization. */
export async function listOrganizations(context: Context): Promise<ExitCode> {
  const opened = openToRead(context)
  if (opened.kind === 'missing') return fail(context, noneYet, 0)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  try {
    const organizations = opened.store.organizations.list()
    if (organizations.length === 0) return fail(context, noneYet, 0)
    const counts = new Map(opened.store.organizations.counts().map((count) => [count.organizationId, count]))
    const rows = organizations.map((one) => [
      one.id,
      one.demo ? `${one.name} (demo)` : one.name,
      one.issuer,
      String(counts.get(one.id)?.detections ?? 0),
      String(counts.get(one.id)?.unread ?? 0),
      one.keys,
      one.keyIds.join(' ') || '-',
      one.keysConfirmedAt ?? 'never',
    ])
    await context.write(table(columns, rows))
    return 0
  } finally {
    opened.store.close()
  }
}

const noneYet = 'No organizations yet. Add yours with: org add --id ORG --issuer https://api.slashid.com'

const columns = [
  { title: 'ID', most: 128 },
  { title: 'NAME', most: 40 },
  { title: 'ISSUER', most: 80 },
  { title: 'DETECTIONS', most: 12 },
  { title: 'UNREAD', most: 12 },
  { title: 'KEYS', most: 8 },
  { title: 'KEY IDS', most: 80 },
  { title: 'KEYS CONFIRMED', most: 24 },
]

const mostKeyFileBytes = 64 * 1024
