import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { compareMark, createHighWaterMark, readMark } from '../../src/main/proof/high-water-mark.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import type { Checked } from '../../src/main/ingest/delivery.ts'
import { thumbprint } from '../../src/main/ingest/key-set.ts'
import { parse } from '../../src/main/ingest/parse.ts'
import { createSigner, deliveryOf, issuer, noon, pinned, tokenWith } from '../../src/main/ingest/test-support.ts'
import { readToken } from '../../src/main/ingest/token.ts'
import { historyFile, markFile } from '../../src/main/profile.ts'
import { openStore } from '../../src/main/store/store.ts'
import type { Store } from '../../src/main/store/store.ts'
import { verifyHistory } from '../../src/main/proof/verify-history.ts'
import { structureOf } from './examine.ts'

/** Where syncing costs nothing: most faults are worked out on copies. */
export const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = makeFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function makeFolder(): string {
  return mkdtempSync(join(memory, 'tocsin-faults-'))
}

const signer = createSigner('k1')

/** A signed delivery of the one organization of these tests. */
export function signedDelivery(index: number, padding = index % 8 === 0 ? 9_000 : 200): Checked {
  const trigger_content = {
    id: `d-${index % 90}`,
    type: `Type${index % 5}`,
    status: ['detected', 'ongoing', 'resolved'][index % 3],
    timestamp: '2026-01-05T11:59:58Z',
    entity_id: `entity-${index % 40}`,
    metadata: { note: 'x'.repeat(padding) },
  }
  const body = Buffer.from(tokenWith(signer, { iat: noon / 1000 - 250 + (index % 250), trigger_content }))
  const token = readToken(body)
  if (token.kind === 'malformed') throw new Error(token.because)
  const content = parse(token.claims, token.facts)
  return { delivery: deliveryOf(body), token: token.facts, standing: { kind: 'trusted', trust: 'verified', content } }
}

export function openedStore(profile: string): Store {
  const opened = openStore({ file: historyFile(profile), contentOf, now: () => noon })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  return opened.store
}

export function believe(store: Store): void {
  const { kid, publicKey } = signer
  store.organizations.add({
    id: pinned,
    issuer,
    name: 'Pinned',
    demo: false,
    pinned: [{ kid, thumbprint: thumbprint(publicKey), jwk: publicKey }],
  })
}

/** Keeps this many in commits of four, and marks where the history stands. */
export async function keep(profile: string, store: Store, from: number, count: number): Promise<void> {
  const mark = createHighWaterMark({ file: markFile(profile), history: store, now: () => noon, onHealth: () => undefined })
  await mark.start()
  for (let index = from; index < from + count; index += 4) {
    const batch = Array.from({ length: Math.min(4, from + count - index) }, (_, place) => signedDelivery(index + place))
    for (const kept of store.keeper.keep(batch)) if (kept.kind !== 'kept') throw new Error(kept.kind)
  }
  while (!store.textIndex.catchUp(64));
  await mark.stop()
}

/** A new history, closed, with free pages in its file. */
export async function makeHistory(profile: string, count: number): Promise<void> {
  mkdirSync(profile, { recursive: true })
  const store = openedStore(profile)
  believe(store)
  await keep(profile, store, 0, count)
  store.close()
  const db = new Sqlite(historyFile(profile))
  db.exec(`CREATE TABLE scratch (a) STRICT`.replace('(a)', '(a TEXT)'))
  db.prepare('INSERT INTO scratch SELECT ? FROM deliveries LIMIT 20').run('y'.repeat(5_000))
  db.exec('DROP TABLE scratch')
  db.close()
}

export function copyProfile(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
  return to
}

/** Hashes of the files that hold something; the index of the log is made anew from it. */
export function fingerprint(profile: string): Readonly<Record<string, string>> {
  const files = [historyFile(profile), `${historyFile(profile)}-wal`, markFile(profile)]
  return Object.fromEntries(
    files.map((file) => {
      const stats = statSync(file, { throwIfNoEntry: false })
      // Reading makes a log that holds nothing where there is none.
      const what =
        stats === undefined || (stats.size === 0 && file.endsWith('-wal'))
          ? 'missing'
          : stats.isDirectory()
            ? 'a folder'
            : createHash('sha256').update(readFileSync(file)).digest('hex')
      return [file.slice(profile.length + 1), what]
    }),
  )
}

/** All that deliveries have made of the history, as one hash; null where it cannot be read to its end. */
export function contentHash(file: string): string | null {
  const db = new Sqlite(file, { readonly: true })
  try {
    const hash = createHash('sha256')
    for (const table of ['identity', 'deliveries', 'detections', 'transitions', 'organizations', 'keys']) {
      for (const row of db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).raw().iterate()) {
        for (const value of row as unknown[]) hash.update(value instanceof Uint8Array ? value : `${typeof value} ${String(value)}|`)
      }
    }
    return hash.digest('hex')
  } catch {
    return null
  } finally {
    db.close()
  }
}

/** What the app makes of a damaged profile, and whether anything is lost that it does not tell. */
export type Judged =
  | { readonly kind: 'refused'; readonly because: string; readonly detail: string; readonly touched: readonly string[] }
  | { readonly kind: 'whole' }
  | { readonly kind: 'told'; readonly by: readonly string[]; readonly words: string }
  | { readonly kind: 'silent' }

/** `content` is what an undamaged history has. */
export async function judge(profile: string, content: string | null): Promise<Judged> {
  const before = fingerprint(profile)
  const file = historyFile(profile)
  const opened = openStore({ file, contentOf, now: () => noon })
  if (opened.kind !== 'opened') {
    const touched = Object.entries(fingerprint(profile)).flatMap(([name, now]) => (now === before[name] ? [] : [name]))
    return { kind: 'refused', because: opened.kind, detail: opened.detail, touched }
  }
  const { store } = opened
  const told = new Map<string, string>()
  const attempt = async (by: string, look: () => unknown): Promise<void> => {
    try {
      const words = await look()
      if (typeof words === 'string') told.set(by, words)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))) throw error
      told.set(by, error.message)
    }
  }
  const mark = readMark(markFile(profile))
  await attempt('mark', () => {
    const compared = compareMark(mark, store)
    return compared.kind === 'ok' ? null : JSON.stringify(compared)
  })
  await attempt('verify', async () => {
    const verified = await verifyHistory({ store, mark, now: () => noon, signal: new AbortController().signal })
    return verified?.holds === true ? null : JSON.stringify(verified)
  })
  await attempt('structure', () => structureOf(file)[0] ?? null)
  const isSame = contentHash(file) === content
  await attempt('close', () => store.close())
  if (told.size > 0) return { kind: 'told', by: [...told.keys()], words: [...told.values()].join('; ') }
  return { kind: isSame ? 'whole' : 'silent' }
}
