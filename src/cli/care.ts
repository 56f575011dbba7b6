import { createBackups } from '../main/care/backup.ts'
import { examine } from '../main/care/doctor.ts'
import { careOnNode, createHistoryFiles, type HistoryFiles } from '../main/care/history-files.ts'
import { historyFile } from '../main/profile.ts'
import { restore } from '../main/care/restore.ts'
import { applyRetention, previewRetention } from '../main/care/retention.ts'
import { schedule } from '../main/schedule.ts'
import { backupFolder, megabytes } from '../main/store/backup-folder.ts'
import { shareHistory } from '../main/store/history-lock.ts'
import { mendSearchAnywayCommand, mendSearchCommand, searchDamageWords } from '../main/store/search-damage.ts'
import { openStore } from '../main/store/store.ts'
import type { RetentionReport } from '../shared/care.ts'
import type { DetectionId, DetectionKey, OrganizationId } from '../shared/detection.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { change, fail, openToRead, type Context, type ExitCode } from './context.ts'
import { mendSearch } from './mend-search.ts'
import { table, visibleJson } from './visible.ts'

const files: HistoryFiles = createHistoryFiles(careOnNode(new URL('../main/store/care-process.ts', import.meta.url)))

/** Ctrl+C ends the work in order. */
async function cancellable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancelled = new AbortController()
  const cancel = (): void => cancelled.abort()
  process.once('SIGINT', cancel)
  try {
    return await work(cancelled.signal)
  } finally {
    process.off('SIGINT', cancel)
  }
}

export type DoctorOptions = { readonly json: boolean; readonly time: number; readonly mendSearch: boolean; readonly anyway: boolean }

/** `doctor`: 1 where anything is in trouble. Reads only, unless it is to mend what searches go by. */
export async function doctor(context: Context, { json, time, mendSearch: isMending, anyway }: DoctorOptions): Promise<ExitCode> {
  const { profile, now } = context
  if (anyway && !isMending) return fail(context, `--anyway goes with --mend-search: ${mendSearchAnywayCommand}. Nothing was changed.`, 2)
  if (isMending) return cancellable((signal) => mendSearch(context, { files, mostMs: time * 1000, anyway, signal }))
  const lines = await cancellable((signal) => examine({ profile, files, now, mostCheckMs: time * 1000, signal }))
  const isHealthy = lines.every(({ state }) => state !== 'trouble')
  const words = { ok: 'OK', attention: 'attention', trouble: 'TROUBLE' } as const
  await context.write(
    json
      ? `${visibleJson({ healthy: isHealthy, lines })}\n`
      : table(
          [
            { title: 'WHAT', most: 16 },
            { title: 'STATE', most: 10 },
            { title: 'MORE', most: 240 },
            { title: 'NEXT', most: 120 },
          ],
          lines.map(({ what, state, text, next }) => [what, words[state], text, next ?? '']),
        ),
  )
  return isHealthy ? 0 : 1
}

/** `backup`: one now, beside those that the app makes every day. */
export async function backUp(context: Context): Promise<ExitCode> {
  const { profile, now } = context
  const history = historyFile(profile)
  const opened = openToRead(context)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  opened.store.close()
  // A restore would put another history in the place of the one that is copied.
  const held = shareHistory(history, 'tocsin backup')
  if (held.kind === 'refused') return fail(context, held.detail)
  const backups = createBackups({ history, folder: backupFolder(history), files, now, schedule })
  const outcome = await cancellable(async (signal) => {
    const stop = (): void => void backups.stop()
    signal.addEventListener('abort', stop, { once: true })
    const made = await backups.make()
    await backups.stop()
    return made
  }).finally(held.release)
  switch (outcome.kind) {
    case 'made': {
      const { backup, copyMs, verifyMs, removed, searchDamage } = outcome
      context.say(
        `Verified: ${backup.sequence.toLocaleString('en')} deliveries, ${megabytes(backup.bytes)}; copied in ${seconds(copyMs)}, checked in ${seconds(verifyMs)}${removed > 0 ? `; ${removed} older ones removed` : ''}.`,
      )
      if (searchDamage.length > 0)
        context.say(
          `${searchDamageWords(searchDamage)}; the backup holds all of it, and fills its own anew. Mend the history: ${mendSearchCommand}`,
        )
      await context.write(`${backup.name}\n`)
      return 0
    }
    case 'failed':
      return fail(context, outcome.detail)
    case 'cancelled':
      return fail(context, 'Cancelled. Nothing is left of it.')
    case 'nothing-to-back-up':
      return fail(context, 'There are no deliveries to back up yet.', 0)
  }
}

export type RestoreOptions = { readonly from?: string }

/** `restore`: 0 only where a backup is in place. */
export async function restoreHistory(context: Context, { from }: RestoreOptions): Promise<ExitCode> {
  const { profile, now } = context
  const restored = await cancellable((signal) => restore({ profile, from: from ?? null, files, now, signal }))
  if (restored.kind === 'refused') return fail(context, restored.detail)
  context.say(restored.detail)
  if (restored.setAside !== null) context.say(`What was there lies in ${restored.setAside}. Nothing of it was deleted.`)
  await context.write(`restored ${restored.from}\n`)
  return 0
}

export type RetentionOptions = {
  readonly olderThan?: number
  readonly maxSize?: number
  readonly kind?: string
  readonly newToo: boolean
  readonly ongoingToo: boolean
  readonly preview: boolean
  readonly apply: boolean
  readonly json: boolean
}

/** `retention`: says what would go, or lets go of it. */
export async function retain(context: Context, options: RetentionOptions): Promise<ExitCode> {
  const { olderThan, maxSize, kind, newToo, ongoingToo, preview, apply, json } = options
  if (preview === apply) return fail(context, 'Choose one of --preview and --apply. Nothing was changed.', 2)
  if (olderThan === undefined && maxSize === undefined)
    return fail(context, 'Say what may go: --older-than, --max-size, or both. Nothing was changed.', 2)
  const opened = apply
    ? openStore({ file: historyFile(context.profile), as: 'tocsin retention', contentOf, now: context.now })
    : openToRead(context)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const { store } = opened
  try {
    const wish = {
      before: olderThan === undefined ? null : context.now() - olderThan,
      mostBytes: maxSize ?? null,
      kinds: kind === undefined ? null : [kind],
      keepsNew: !newToo,
      keepsOngoing: !ongoingToo,
    }
    const report = await cancellable((signal) => (apply ? applyRetention : previewRetention)(wish, { retention: store.retention, signal }))
    await context.write(json ? `${visibleJson(report)}\n` : table(retentionColumns, rowsOf(report)))
    sayRetention(context, report, { apply, maxSize })
    return report.isWhole ? 0 : 1
  } finally {
    store.close()
  }
}

const retentionColumns = [
  { title: 'KIND', most: 24 },
  { title: 'DETECTIONS', most: 16 },
  { title: 'NEVER OPENED', most: 16 },
  { title: 'DELIVERIES', most: 16 },
  { title: 'ABOUT', most: 16 },
  { title: 'OLDEST', most: 24 },
  { title: 'NEWEST', most: 24 },
]

function rowsOf({ goes }: RetentionReport): string[][] {
  const count = (value: number): string => value.toLocaleString('en')
  const at = (ms: number): string => new Date(ms).toISOString()
  return goes.map(({ kind, detections, unread, deliveries, bytes, oldestAt, newestAt }) => [
    kind ?? 'no detection in it',
    count(detections),
    count(unread),
    count(deliveries),
    megabytes(bytes),
    at(oldestAt),
    at(newestAt),
  ])
}

const staysWords = {
  kept: 'marked to keep',
  'open-triage': 'of open triage',
  new: 'not taken up yet',
  ongoing: 'still ongoing',
  young: 'received since',
  'other-kind': 'of another kind',
} as const

function sayRetention(
  { say }: Context,
  { goes, stays, usedBytes, leftBytes, isWhole }: RetentionReport,
  asked: { apply: boolean; maxSize: number | undefined },
): void {
  const all = Object.entries(staysWords).flatMap(([because, words]) => {
    const found = stays[because as keyof typeof staysWords] ?? 0
    return found > 0 ? [`${found.toLocaleString('en')} ${words}`] : []
  })
  if (goes.length === 0) say('Nothing goes.')
  if (all.length > 0) say(`Stays, though old: ${all.join(', ')}.`)
  say(`The history takes ${megabytes(usedBytes)}, ${asked.apply ? 'and now' : 'and then about'} ${megabytes(leftBytes)}.`)
  if (asked.maxSize !== undefined && leftBytes > asked.maxSize)
    say('That is more than was asked for: what is left may not go, or is more than was counted. Look again for what else would go.')
  if (!isWhole)
    say(
      asked.apply
        ? 'Cancelled. What went is gone, everything else is as it was, and the history holds.'
        : 'Cancelled. Nothing was changed.',
    )
  else if (!asked.apply) {
    const most = asked.maxSize === undefined || goes.length === 0 ? '' : ' No more than this, and less where there is room sooner.'
    say(`Nothing was changed. With --apply it goes; what proves that it was received stays.${most}`)
  }
}

export type KeepOptions = { readonly organization?: string; readonly no: boolean }

/** `keep`: evidence that retention never takes. */
export function keepDetection(context: Context, id: string, { organization, no }: KeepOptions): ExitCode {
  return change(context, 'tocsin keep', (store) => {
    const keys: readonly DetectionKey[] =
      organization === undefined
        ? store.proof.keysOf(id as DetectionId)
        : [{ organizationId: organization as OrganizationId, id: id as DetectionId }]
    const [key, other] = keys
    if (other !== undefined)
      return fail(context, `Several organizations have a detection ${id}: say which with --organization. Nothing was changed.`, 2)
    if (key === undefined || !store.retention.keep(key, !no)) return fail(context, `There is no detection ${id}. Nothing was changed.`)
    context.say(no ? 'Retention may take it again.' : 'Retention will not take it.')
    return 0
  })
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
