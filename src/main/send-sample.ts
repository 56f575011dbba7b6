import { randomUUID } from 'node:crypto'
import type { DetectionId } from '../shared/detection.ts'
import type { OrganizationAdded, SampleOutcome } from '../shared/ipc.ts'
import { demoOrganizationWith } from './new-organization.ts'
import { demoOrganization, loadDemoSigner } from './sample/demo.ts'
import { scenario } from './sample/scenario.ts'
import { send } from './sample/send.ts'
import type { OrganizationToAdd } from './store/organizations.ts'

/** Signs one detection of the demo organization and posts it to our own receiver, so that a sample takes the whole way a real one takes. */
export async function sendSample(parts: {
  readonly profile: string
  /** null while the receiver does not listen. */
  readonly url: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly believe: (organization: OrganizationToAdd) => Promise<OrganizationAdded>
  readonly now: () => number
}): Promise<SampleOutcome> {
  const { profile, url, headers, believe, now } = parts
  if (url === null) return failed('The receiver is not listening, so nothing was sent. Connections says why and what to do.')
  const signer = loadDemoSigner(profile)
  const believed = await believe(demoOrganizationWith(signer.publicKey))
  if (believed.kind === 'refused') return failed(`${believed.detail} Nothing was sent.`)
  const [sample] = scenario({ seed: randomUUID(), count: 1, startAt: now() })
  if (sample === undefined) throw new Error('a scenario of one has one delivery')
  const answer = await send(url, signer.sign(sample.claims), undefined, headers)
  if (answer.kind === 'no-answer')
    return failed(`The receiver did not answer (${answer.detail}). The sample may still appear; try again in a moment.`)
  if (answer.status !== 200)
    return failed(`The receiver answered ${answer.status} instead of 200, so the sample was not kept. Connections shows what it counted.`)
  return {
    kind: 'arrived',
    key: { organizationId: demoOrganization.id, id: sample.detectionId as DetectionId },
    afterMs: Math.round(answer.afterMs),
  }
}

function failed(detail: string): SampleOutcome {
  return { kind: 'failed', detail }
}
