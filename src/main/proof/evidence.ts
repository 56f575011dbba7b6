import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { DetectionKey } from '../../shared/detection.ts'
import type { EvidenceSaved } from '../../shared/ipc.ts'
import { readBundle } from '../export/bundle.ts'
import { buildBundle, type EvidenceSource } from '../export/evidence.ts'
import { toInstant } from '../ingest/instant.ts'
import { version } from '../version.ts'

export type EvidenceWritten = Exclude<EvidenceSaved, { kind: 'cancelled' }>

/**
 * Writes the evidence of one detection to a file that only this user can read. A whole bundle appears under the name or none;
 * `replace` says whether a file that is there already may go.
 */
export function saveEvidence(
  source: EvidenceSource,
  key: DetectionKey,
  { path, replace, now }: { readonly path: string; readonly replace: boolean; readonly now: () => number },
): EvidenceWritten {
  const bundle = buildBundle(source, key, { madeAt: toInstant(now()), madeBy: `Tocsin ${version}` })
  if (bundle === null) return { kind: 'failed', detail: notThere }
  const text = `${JSON.stringify(bundle, null, 1)}\n`
  const reading = readBundle(text)
  if (reading.kind === 'refused') {
    return {
      kind: 'failed',
      detail: `The evidence was not saved: Tocsin could not read it again, because ${reading.detail}. Nothing was written, and the history is as it was; export the detection instead.`,
    }
  }
  if (!replace && existsSync(path))
    return failed('a file of that name is there already', 'That file is as it was; choose another name, or move it away first.')
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
    return { kind: 'saved', path }
  } catch (error) {
    return failed((error as Error).message)
  } finally {
    rmSync(temporary, { force: true })
  }
}

const notThere =
  'The evidence was not saved: this detection is not in the history, or not any more. Nothing was written; look for its id on the timeline, or in a backup.'

function failed(because: string, next = 'Nothing was changed; choose another place.'): EvidenceWritten {
  return { kind: 'failed', detail: `The evidence was not saved: ${because}. ${next}` }
}

/** A name for the file that every file system takes, whatever the sender called the detection. */
export function evidenceFileName({ id }: DetectionKey): string {
  return `detection-${id.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60)}.tocsin-evidence.json`
}
