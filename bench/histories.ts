import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoOrganizationWith } from '../src/main/new-organization.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { historyFile } from '../src/main/profile.ts'
import type { DemoSigner } from '../src/main/sample/demo.ts'
import { openStore, type Store } from '../src/main/store/store.ts'
import { bulkHistory, proveBulk } from './bulk.ts'
import { createSigner } from './deliveries.ts'

/** The data sets of a run: each is made once, when it is first asked for, and shared by all benchmarks. */
export type Histories = {
  /** A place for whatever a benchmark writes. */
  readonly folder: string
  /** The demo organization, which every history believes. */
  readonly signer: DemoSigner
  /** A profile whose history has so many detections; those that were received in this run come on top. */
  profile(count: number): Promise<string>
  remove(): void
}

export function createHistories(): Histories {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const signer = createSigner()
  const made = new Map<number, Promise<string>>()
  let proved: Promise<void> | null = null

  async function make(count: number): Promise<string> {
    proved ??= proveBulk(join(folder, 'proof.sqlite'))
    await proved
    const profile = mkdtempSync(join(folder, `${count}-`))
    const startedAt = performance.now()
    await bulkHistory(historyFile(profile), count)
    console.error(`a history of ${count} was made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
    const store = openHistory(profile)
    store.organizations.add(demoOrganizationWith(signer.publicKey))
    store.close()
    return profile
  }

  return {
    folder,
    signer,
    profile(count) {
      const profile = made.get(count) ?? make(count)
      made.set(count, profile)
      return profile
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function openHistory(profile: string, readOnly = false): Store {
  const opened = openStore({ file: historyFile(profile), readOnly, contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  return opened.store
}
