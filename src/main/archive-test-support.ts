import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Detection } from '../shared/detection.ts'
import type { PageKey } from '../shared/ipc.ts'
import type { ExportFormat } from '../shared/tasks.ts'
import { folder, signer } from './proof/evidence-test-support.ts'
import { exportToFile, type ExportParts } from './export-history.ts'
import { keptImportCheck } from './import/check.ts'
import { importHistory, type Imported, type ImportParts } from './import-history.ts'
import { contentOf } from './ingest/content-of.ts'
import { thumbprint } from './ingest/key-set.ts'
import { parse } from './ingest/parse.ts'
import { deliveryOf, instant, issuer, noon, pinned, tokenWith } from './ingest/test-support.ts'
import { readToken } from './ingest/token.ts'
import type { Query } from './query/query.ts'
import { temporaryFile, testDatabase, testStore } from './store/test-support.ts'
import type { Store } from './store/store.ts'

export const attackFile = new URL('../../resources/attack-enterprise.json', import.meta.url).pathname

/** An installation that believes the same organization as others of these tests, and a second hand on its file. */
export function installation(options: { readonly believes?: boolean } = {}) {
  const file = temporaryFile()
  const store = testStore({ file, contentOf, now: () => noon + 3_600_000 })
  const { publicKey } = signer
  if (options.believes !== false) {
    store.organizations.add({
      id: pinned,
      issuer,
      name: 'Pinned',
      demo: false,
      pinned: [{ kid: publicKey.kid, thumbprint: thumbprint(publicKey), jwk: publicKey }],
    })
  }
  return { store, file, db: testDatabase(file) }
}

export type Said = {
  readonly id: string
  readonly status: string
  readonly iat: number
  readonly more?: object
  readonly isLate?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** Many in one commit. */
export function keepAll(store: Store, all: readonly Said[]): void {
  const batch = all.map(({ id, status, iat, more = {}, isLate = false, headers = { 'x-h': 'ü' } }) => {
    const body = Buffer.from(tokenWith(signer, { iat, exp: iat + 300, trigger_content: { id, type: 'MissingMFA', status, ...more } }))
    const token = readToken(body)
    if (token.kind === 'malformed') throw new Error(token.because)
    const trust = isLate ? 'late' : 'verified'
    return {
      delivery: deliveryOf(body, {
        headers,
        inlet: isLate ? 'relay:abcdefgh' : 'receiver',
        receivedAt: instant(iat * 1000 + 2_000),
      }),
      token: token.facts,
      standing: { kind: 'trusted', trust, content: parse(token.claims, token.facts) } as const,
    }
  })
  for (const kept of store.keeper.keep(batch)) if (kept.kind !== 'kept') throw new Error(kept.kind)
}

export function scratch(): string {
  return folder()
}

export async function exported(store: Store, format: ExportFormat, more: Partial<ExportParts> = {}): Promise<string> {
  const path = join(folder(), `export.${format}`)
  const outcome = await exportToFile(path, {
    store,
    text: '',
    format,
    attackFile,
    now: () => noon,
    signal: new AbortController().signal,
    replace: false,
    ...more,
  })
  if (outcome.kind !== 'exported') throw new Error(JSON.stringify(outcome))
  return path
}

export function textOf(path: string): string {
  return readFileSync(path, 'utf8')
}

export function linesOf(path: string): Record<string, unknown>[] {
  return textOf(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

export async function imported(store: Store, files: readonly string[], more: Partial<ImportParts> = {}): Promise<Imported> {
  const now = () => noon + 3_600_000
  return importHistory({
    files,
    check: await keptImportCheck(store.keyStore, now),
    takesUnsigned: () => true,
    keeper: store.keeper,
    imported: store.imported,
    now,
    signal: new AbortController().signal,
    ...more,
  })
}

/** Everything that a query finds, in one moment. */
export function found(store: Store, query: Query = { kind: 'all', of: [] }): Detection[] {
  const opened = store.snapshot()
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  onTestFinished(() => opened.snapshot.close())
  const walk = opened.snapshot.walk(query)
  const all: Detection[] = []
  for (let after: PageKey | null = null, isEnd = false; !isEnd;) {
    const stretch = walk(after)
    all.push(...stretch.found.map(({ detection }) => detection))
    after = stretch.next
    isEnd = after === null
  }
  return all
}
