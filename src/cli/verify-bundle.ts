import { bundleLimits } from '../main/export/bundle.ts'
import { verifyBundle, type BundleFinding, type VerifiedBundle } from '../main/proof/verify-bundle.ts'
import { fail, type Context, type ExitCode } from './context.ts'
import { readTextFile } from './read-text-file.ts'
import { table, visibleJson } from './visible.ts'

/** `verify --bundle FILE`: checks a bundle with nothing but itself. */
export async function verifyBundleFile(context: Context, file: string, json: boolean): Promise<ExitCode> {
  const read = readTextFile(file, bundleLimits.fileBytes)
  if (read.kind === 'refused') return fail(context, `The bundle cannot be read: ${read.detail}.`)
  const verification = await verifyBundle(read.text)
  if (verification.kind === 'refused')
    return fail(context, `This is no evidence bundle: ${verification.detail}. Nothing of it was checked.`)
  const { result } = verification
  await context.write(json ? `${visibleJson(result)}\n` : table(columns, rowsOf(result), false))
  for (const finding of result.findings)
    context.say(`${finding.sequence === 0 ? 'The bundle' : `Delivery ${finding.sequence}`}: ${words[finding.because] ?? finding.because}.`)
  if (result.found > result.findings.length) context.say(`… and ${result.found - result.findings.length} more.`)
  if (result.issuer !== null) {
    context.say(
      `What a bundle cannot prove is whose the keys are: compare them with ${result.issuer}/organizations/webhooks/verification-jwks.`,
    )
  }
  if (result.signatures.unsigned > 0) context.say('Nobody vouches for what an unsigned delivery says; its place in the history is proved.')
  return result.holds ? 0 : 1
}

const columns = [
  { title: 'WHAT', most: 24 },
  { title: 'HOW MUCH', most: 200 },
]

function rowsOf(result: VerifiedBundle): string[][] {
  const { signatures, transitions } = result
  return [
    ['organization', `${result.organizationId}${result.demo ? ' (demo)' : ''}`],
    ['issuer', result.issuer ?? 'none'],
    ['detection', result.detectionId],
    ['deliveries', String(result.deliveries)],
    ['signatures verified', String(signatures.verified)],
    ['signatures failed', String(signatures.failed)],
    ['no key in the bundle', String(signatures.noKey)],
    ['unsigned', `${signatures.unsigned}${signatures.unsigned > 0 ? ': no signature to check' : ''}`],
    ['content removed', String(signatures.removed)],
    ['older ones left out', String(result.olderLeftOut)],
    [
      'transitions',
      `${transitions.recomputed} recomputed${transitions.notCheckable > 0 ? `, ${transitions.notCheckable} not checkable: what they depend on is not in the bundle` : ''}`,
    ],
    [
      'links of the chain',
      `${result.links}${result.isOneSegment ? '' : ', in more than one segment: the order between them is not proved'}`,
    ],
    ...result.keys.map(({ kid, thumbprint }) => ['key', `${kid}, SHA-256 thumbprint ${thumbprint}`]),
    ['verdict', result.holds ? 'all holds' : 'does NOT hold'],
  ]
}

/** What a finding means; any other is one of the check's own refusals and speaks for itself. */
const words: Readonly<Partial<Record<BundleFinding['because'], string>>> = {
  'signature-invalid': 'its signature is not by the key that the bundle names for it: the token or the key was changed',
  'content-changed': 'its content is not what the chain says was received',
  'link-changed': 'its link does not follow from the one before it',
  gap: 'the links before it are missing',
  'not-in-chain': 'the chain says nothing of it',
  'genesis-changed': 'the chain does not begin with the identity of the history',
  'key-missing': 'the bundle has no key that could check its signature',
  unsigned: 'it is called unsigned, and did not come by the unsigned way in',
  'another-detection': 'its token is about another detection',
  'key-changed': 'its token names another key than the bundle says',
  'trust-changed': 'it is called late, and its token was in time',
  'demo-changed': 'it says of the demo organization that it is none, or the other way round',
  'chain-split': 'its chain is in pieces where one would have joined all deliveries',
  'transition-changed': 'its transition is missing, or is not what the tokens make it',
  'issuer-mismatch': 'its token names another issuer',
  'organization-unknown': 'its token is addressed to another organization',
  expired: 'its token had expired when it was received',
}
