import { assertNever } from '../shared/assert-never.ts'
import { proofWords } from '../shared/proof-words.ts'
import { readMark, type MarkComparison } from '../main/proof/high-water-mark.ts'
import { markFile } from '../main/profile.ts'
import { verifyHistory, type Finding, type VerifiedHistory } from '../main/proof/verify-history.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'
import { table, visible, visibleJson } from './visible.ts'
import { verifyBundleFile } from './verify-bundle.ts'

export type VerifyOptions = { readonly json: boolean; readonly bundle?: string }

/** `verify`: 0 only if everything holds. Reads only, so that the app may run meanwhile; Ctrl+C ends it. */
export async function verify(context: Context, { json, bundle }: VerifyOptions): Promise<ExitCode> {
  if (bundle !== undefined) return verifyBundleFile(context, bundle, json)
  const opened = openToRead(context)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const cancelled = new AbortController()
  const cancel = (): void => cancelled.abort()
  process.once('SIGINT', cancel)
  try {
    const mark = readMark(markFile(context.profile))
    const verified = await verifyHistory({ store: opened.store, mark, now: context.now, signal: cancelled.signal })
    if (verified === null) return fail(context, 'Cancelled. Nothing was changed, and nothing can be said of what was not read.')
    await context.write(json ? `${visibleJson(verified)}\n` : table(columns, rowsOf(verified), false))
    explain(context, verified)
    return verified.holds ? 0 : 1
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))) throw error
    return fail(context, `The history cannot be read to its end (${error.message}). Nothing was changed; restore it from a backup.`)
  } finally {
    process.off('SIGINT', cancel)
    opened.store.close()
  }
}

const columns = [
  { title: 'WHAT', most: 24 },
  { title: 'HOW MUCH', most: 40 },
  { title: 'MORE', most: 400 },
]

function rowsOf(verified: VerifiedHistory): string[][] {
  const { deliveries, detections, tombstones, signatures, shown, keys, chain, mark, losses, durationMs } = verified
  const count = (value: number): string => value.toLocaleString('en')
  const first = signatures.failures[0]
  const firstBreak = chain.breaks[0]
  const firstFinding = shown.findings[0]
  return [
    ['deliveries', count(deliveries), ''],
    ['detections', count(detections), ''],
    ['tombstones', count(Object.values(tombstones).reduce((sum, one) => sum + one, 0)), reasons(tombstones)],
    ['signatures verified', count(signatures.verified), ''],
    ['signatures failed', count(signatures.failed), first ? `first at delivery ${count(first.sequence)}: ${first.because}` : ''],
    ['no key kept', count(signatures.noKey), ''],
    ['unsigned', count(signatures.unsigned), signatures.unsigned > 0 ? 'no signature to check' : ''],
    ['rows that differ', count(shown.differing), firstFinding ? `first ${words(firstFinding)}` : ''],
    ['set aside', count(shown.setAside), shown.setAside > 0 ? 'would verify today, and could not be believed when they came' : ''],
    [
      'chain',
      chain.broken === 0 ? 'ok' : `${count(chain.broken)} broken`,
      firstBreak ? `first at delivery ${count(firstBreak.sequence)}: ${firstBreak.because}` : '',
    ],
    ['mark', mark.kind, markNote(mark)],
    ['losses on record', count(losses.length), losses.map((loss) => `${loss.kind} (found ${loss.foundAt})`).join(', ')],
    ['duration', `${(durationMs / 1000).toFixed(1)} s`, ''],
    ['verdict', verified.holds ? 'all holds' : 'does NOT hold', covered(verified)],
    ...keys.map(({ organizationId, issuer, kid, thumbprint, isCurrent }) => [
      isCurrent ? 'key, current' : 'key, retired',
      kid,
      `${thumbprint} of ${organizationId}: compare with the issuer's, ${issuer}`,
    ]),
  ]
}

/** What the verdict is about, so that nobody takes it for more. */
function covered({ tombstones, signatures, shown }: VerifiedHistory): string {
  const removed = Object.values(tombstones).reduce((sum, one) => sum + one, 0)
  const left = [
    ...(removed > 0 ? ['removed content'] : []),
    ...(signatures.unsigned > 0 ? ['who sent what is unsigned'] : []),
    ...(shown.setAside > 0 ? ['what was set aside'] : []),
  ]
  return `chain, mark, believed signatures, and columns, detections and transitions against them; not: ${[...left, 'keys against the issuer', 'triage'].join(', ')}`
}

function words(finding: Finding): string {
  const { detection } = finding
  const of = detection === null ? '' : ` of detection ${detection.id} (${detection.organizationId})`
  const at = 'sequence' in finding ? ` at delivery ${finding.sequence.toLocaleString('en')}` : ''
  const more = 'columns' in finding ? finding.columns.join(', ') : 'because' in finding ? (finding.because ?? 'no reason kept') : ''
  return `${finding.what}${at}${of}${more === '' ? '' : `: ${more}`}`
}

function reasons(tombstones: VerifiedHistory['tombstones']): string {
  return Object.entries(tombstones)
    .map(([because, count]) => `${because} ${count.toLocaleString('en')}`)
    .join(', ')
}

function markNote(mark: MarkComparison): string {
  switch (mark.kind) {
    case 'ok':
      if (mark.marked === null) return 'nothing to mark yet'
      return `up to delivery ${mark.marked.sequence.toLocaleString('en')} at ${mark.marked.at}, ${mark.unmarked.toLocaleString('en')} after it`
    case 'lost':
      return `${mark.lost.toLocaleString('en')} deliveries, after ${mark.kept?.sequence.toLocaleString('en') ?? 'none'} up to ${mark.marked.sequence.toLocaleString('en')}`
    case 'rewritten':
    case 'other-history':
      return `marked at delivery ${mark.marked.sequence.toLocaleString('en')} at ${mark.marked.at}`
    case 'no-mark':
      return mark.because
    default:
      return assertNever(mark)
  }
}

/** For people, what the table only names. */
function explain({ say }: Context, { chain, signatures, shown, mark, losses }: VerifiedHistory): void {
  const asTime = (at: string): string => at
  for (const finding of [...losses, ...(mark.kind === 'ok' ? [] : [mark])]) {
    const words = proofWords(finding, asTime)
    if (words !== null) say(`${words.title}. ${words.text}`)
  }
  if (losses.length > 0)
    say('Losses stay on record, and that the mark was gone is one of them: deleting the file history.mark clears nothing.')
  if (chain.broken > 0) {
    say(
      'A broken chain means that deliveries were changed or removed behind the back of Tocsin. The others are as they came; a backup from before shows what was there.',
    )
  }
  if (signatures.failed > 0) say('A signature that fails means that the delivery, or the key it was checked by, was changed after it came.')
  if (signatures.noKey > 0) say('Where no key is kept, nothing can be said of the signature any more.')
  if (shown.differing === 0) return
  say('What the app shows or keeps beside the bodies differs from what they say: the history was edited behind the back of Tocsin.')
  for (const finding of shown.findings.slice(0, mostSaid)) say(visible(`  ${words(finding)}`))
  if (shown.differing > mostSaid) say(`  and ${(shown.differing - mostSaid).toLocaleString('en')} more; --json lists the first 100`)
}

const mostSaid = 20
