import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { keep, signer } from '../proof/evidence-test-support.ts'
import type { Mark } from '../proof/high-water-mark.ts'
import { careOnNode, createHistoryFiles } from './history-files.ts'
import { contentOf } from '../ingest/content-of.ts'
import { toInstant } from '../ingest/instant.ts'
import { thumbprint } from '../ingest/key-set.ts'
import { issuer, noon, pinned } from '../ingest/test-support.ts'
import { historyFile, markFile } from '../profile.ts'
import { backupName } from '../store/rotation.ts'
import { openStore, type Store } from '../store/store.ts'

export const careProcess = careOnNode(new URL('../store/care-process.ts', import.meta.url))
export const files = createHistoryFiles(careProcess)

export function temporaryProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-care-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true }))
  return profile
}

/** The history of a profile, with one organization whose key is kept. To be closed by whoever opens it. */
export function openHistory(profile: string, now: () => number = () => noon): Store {
  const opened = openStore({ file: historyFile(profile), contentOf, now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { publicKey } = signer
  opened.store.organizations.add({
    id: pinned,
    issuer,
    name: 'Pinned',
    demo: false,
    pinned: [{ kid: publicKey.kid, thumbprint: thumbprint(publicKey), jwk: publicKey }],
  })
  return opened.store
}

/** A verified backup of so many deliveries of another history, as one that was there once leaves it; answers its name. */
export async function backupOfAnother(folder: string, deliveries: number, madeAt: number): Promise<string> {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < deliveries; i++) keep(store, `elsewhere-${i}`, 'ongoing', noon / 1000 - 60)
  const name = backupName({ madeAt, sequence: deliveries, beforeSchema: null })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const copied = await files.copy(historyFile(profile), join(folder, name), {})
  store.close()
  if (copied.kind !== 'copied') throw new Error(copied.kind)
  return name
}

/** Marks how far a history has come, as an app does that was there from the beginning. */
export function mark(profile: string, store: Store, at: number = noon): void {
  const { sequence, chainHash } = store.chain.head()
  const mark: Mark = {
    databaseId: store.proof.databaseId(),
    sequence,
    chainHash: Buffer.from(chainHash).toString('hex'),
    at: toInstant(at),
    losses: [],
  }
  writeFileSync(markFile(profile), JSON.stringify(mark), { mode: 0o600 })
}
