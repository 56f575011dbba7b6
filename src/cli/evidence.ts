import { resolve } from 'node:path'
import type { DetectionId, DetectionKey, OrganizationId } from '../shared/detection.ts'
import { evidenceFileName, saveEvidence } from '../main/proof/evidence.ts'
import type { Store } from '../main/store/store.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'

export type EvidenceOptions = { readonly organization?: string; readonly out?: string }

/** `evidence`: one file that proves one detection to whoever has neither this history nor Tocsin. */
export async function writeEvidence(context: Context, id: string, { organization, out }: EvidenceOptions): Promise<ExitCode> {
  const opened = openToRead(context)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  try {
    const key = findDetection(opened.store, id, organization)
    if (typeof key === 'string') return fail(context, key)
    const saved = saveEvidence(opened.store, key, { path: resolve(out ?? evidenceFileName(key)), replace: false, now: context.now })
    if (saved.kind === 'failed') return fail(context, saved.detail)
    await context.write(`${saved.path}\n`)
    context.say('Anyone can check it with: tocsin verify --bundle FILE, or without Tocsin as the "readme" in it says.')
    return 0
  } finally {
    opened.store.close()
  }
}

/** The detection meant, or in words why it is not clear which. */
function findDetection({ proof }: Pick<Store, 'proof'>, id: string, organization: string | undefined): DetectionKey | string {
  const all = proof.keysOf(id as DetectionId)
  const found = organization === undefined ? all : all.filter(({ organizationId }) => organizationId === (organization as OrganizationId))
  const [key, ...others] = found
  if (key === undefined) return `No detection ${id} is in the history. tocsin query shows those that are, with their ids.`
  if (others.length > 0) {
    return `Detection ${id} is there in several organizations. Name one with --organization: ${found.map((one) => one.organizationId).join(', ')}.`
  }
  return key
}
