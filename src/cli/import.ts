import { resolve } from 'node:path'
import { isDeclaredUnsigned, keptImportCheck } from '../main/import/check.ts'
import { importHistory, importLimits, type Imported, type ImportLimits } from '../main/import-history.ts'
import { createHighWaterMark } from '../main/proof/high-water-mark.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { historyFile, markFile, prepareProfile } from '../main/profile.ts'
import { holdersOf, theApp } from '../main/store/history-lock.ts'
import { openStore, type Store } from '../main/store/store.ts'
import { fail, type Context, type ExitCode } from './context.ts'
import { table, visible } from './visible.ts'

export type ImportOptions = {
  /** Also what nobody signed, whatever was declared. */
  readonly unsigned: boolean
}

/** `import`: archives of ours and files of raw tokens. 0 only if everything in them was taken or was here already; Ctrl+C ends it. */
export async function importFiles(
  context: Context,
  files: readonly string[],
  { unsigned }: ImportOptions = { unsigned: false },
): Promise<ExitCode> {
  const prepared = prepareProfile(context.profile)
  if (prepared.kind === 'refused') return fail(context, prepared.detail)
  const opened = openStore({ file: historyFile(context.profile), as: 'tocsin import', contentOf, now: context.now })
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const { store } = opened
  const cancelled = new AbortController()
  const cancel = (): void => cancelled.abort()
  process.once('SIGINT', cancel)
  const isAppRunning = holdersOf(historyFile(context.profile)).some(({ what }) => what === theApp)
  // A running app marks how far the history has come; where there is none, somebody has to.
  const mark = isAppRunning ? null : createMark(context, store)
  try {
    await mark?.start()
    const imported = await importHistory({
      files: files.map((file) => resolve(file)),
      check: await keptImportCheck(store.keyStore, context.now),
      takesUnsigned: (organization) => unsigned || isDeclaredUnsigned(store.settings, organization),
      keeper: store.keeper,
      imported: store.imported,
      now: context.now,
      signal: cancelled.signal,
      limits: limitsOf(isAppRunning),
    })
    await mark?.stop()
    return await tell(context, imported, store)
  } finally {
    process.off('SIGINT', cancel)
    store.close()
  }
}

/** Where nobody waits, large commits are fewer. A running app answers SlashID between two of ours, and has to find a moment to. */
export function limitsOf(isAppRunning: boolean): ImportLimits {
  return isAppRunning ? { ...importLimits, restMs: 25 } : { ...importLimits, commitMs: 250 }
}

function createMark({ profile, now, say }: Context, history: Store) {
  return createHighWaterMark({
    file: markFile(profile),
    history,
    now,
    onHealth: (health) => {
      if (health.kind !== 'ok') say(`The history is not as it was marked (${health.kind}); tocsin verify says more.`)
    },
  })
}

async function tell(context: Context, imported: Imported, { organizations }: Store): Promise<ExitCode> {
  const { counts, reasons, first, cut } = imported
  const count = (value: number): string => value.toLocaleString('en')
  const rows = [
    ['new', count(counts.new)],
    ['here already', count(counts.duplicate)],
    ['waiting for keys', count(counts.waiting)],
    ['refused', count(counts.refused)],
    ['malformed', count(counts.malformed)],
    ...(counts.noRoom > 0 ? [['no room to wait', count(counts.noRoom)]] : []),
  ]
  await context.write(
    table(
      [
        { title: 'DELIVERIES', most: 24 },
        { title: 'HOW MANY', most: 24 },
      ],
      rows,
      false,
    ),
  )
  for (const { file, line, because } of first) context.say(visible(`${file}, line ${count(line)}: ${because}`))
  const remarks = Object.values(reasons).reduce((sum, some) => sum + some, 0)
  if (remarks > first.length) context.say(`and ${count(remarks - first.length)} more`)
  for (const file of cut) context.say(`${file} was not read to its end: its last line has none.`)
  if (reasons['organization-unknown'] !== undefined)
    context.say('An organization has to be added before its detections are believed: tocsin org add.')
  if (reasons.unsigned !== undefined)
    context.say('What nobody signed is taken only with --unsigned, or where an unsigned way in was declared for its organization.')
  if (counts.waiting + counts.noRoom > 0 && organizations.list().some(({ keys }) => keys === 'fetched'))
    context.say('What waits is looked at again once the app has fetched the keys. Import again what had no room to wait.')
  if (imported.kind === 'failed') return fail(context, imported.detail)
  if (imported.kind === 'cancelled') return fail(context, 'Cancelled. What was kept so far stays; import the same files again to go on.')
  return counts.refused + counts.malformed + counts.noRoom + cut.length > 0 ? 1 : 0
}
