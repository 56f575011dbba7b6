import { randomUUID } from 'node:crypto'
import type { DetectionId } from '../shared/detection.ts'
import type { OrganizationAdded, SampleOutcome } from '../shared/ipc.ts'
import { demoOrganizationWith } from './new-organization.ts'
import { demoOrganization, loadDemoSigner } from './sample/demo.ts'
import { scenario } from './sample/scenario.ts'
import { send } from './sample/send.ts'
import type { OrganizationToAdd } from './store/organizations.ts'

type Believe = (organization: OrganizationToAdd) => Promise<OrganizationAdded>
type Signer = { readonly profile: string; readonly believe: Believe; readonly now: () => number }

/** One detection of the demo organization, signed, and believed once it arrives. */
export async function signSample({ profile, believe, now }: Signer) {
  const signer = loadDemoSigner(profile)
  const believed = await believe(demoOrganizationWith(signer.publicKey))
  if (believed.kind === 'refused') return failed(`${believed.detail} Nothing was sent.`)
  const [sample] = scenario({ seed: randomUUID(), count: 1, startAt: now() })
  if (sample === undefined) throw new Error('a scenario of one has one delivery')
  const key = { organizationId: demoOrganization.id, id: sample.detectionId as DetectionId }
  return { kind: 'signed', token: signer.sign(sample.claims), key } as const
}

/** Signs one detection of the demo organization and posts it to our own receiver, so that a sample takes the whole way a real one takes. */
export async function sendSample(
  parts: Signer & {
    /** null while the receiver does not listen. */
    readonly url: string | null
    readonly headers: Readonly<Record<string, string>>
  },
): Promise<SampleOutcome> {
  const { url, headers } = parts
  if (url === null) return failed('The receiver is not listening, so nothing was sent. Connections says why and what to do.')
  const sample = await signSample(parts)
  if (sample.kind === 'failed') return sample
  const answer = await send(url, sample.token, undefined, headers)
  if (answer.kind === 'no-answer')
    return failed(`The receiver did not answer (${answer.detail}). The sample may still appear; try again in a moment.`)
  if (answer.status !== 200)
    return failed(`The receiver answered ${answer.status} instead of 200, so the sample was not kept. Connections shows what it counted.`)
  return { kind: 'arrived', key: sample.key, afterMs: Math.round(answer.afterMs) }
}

function failed(detail: string): { readonly kind: 'failed'; readonly detail: string } {
  return { kind: 'failed', detail }
}
