import type { HistoryFiles } from '../main/care/history-files.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { historyFile } from '../main/profile.ts'
import { holdersOf, theApp } from '../main/store/history-lock.ts'
import { indexesFoundDamaged, mendSearchCommand, searchDamageWords } from '../main/store/search-damage.ts'
import { openStore, type Store } from '../main/store/store.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'

/** Deliveries, or detections, that one commit indexes: others that write wait no longer than that. */
const sliceDeliveries = 256

/**
 * `doctor --mend-search`: begins anew what searches go by where that is damaged, and nothing else is; then fills it, or leaves that to the
 * app. Whatever moment it ends at, the app or another run goes on from there.
 */
export async function mendSearch(
  context: Context,
  { files, mostMs, signal }: { readonly files: HistoryFiles; readonly mostMs: number; readonly signal: AbortSignal },
): Promise<ExitCode> {
  const history = historyFile(context.profile)
  // What is no history of this version is told as everywhere.
  const readable = openToRead(context)
  if (readable.kind !== 'opened') return fail(context, readable.detail)
  readable.store.close()
  const checked = await files.check(history, { depth: 'quick', mostMs, signal })
  switch (checked.kind) {
    case 'sound':
      return fail(context, 'What searches go by is in order. Nothing was changed.', 0)
    case 'partial':
      return fail(context, `The time ran out before all was looked at. Nothing was changed. Give it more: ${mendSearchCommand} --time 600`)
    case 'cancelled':
      return fail(context, 'Cancelled. Nothing was changed.')
    case 'failed':
      return fail(context, `The history could not be looked at (${checked.detail}). Nothing was changed. Try again.`)
    case 'damaged':
      return mend(context, checked.findings, signal)
  }
}

async function mend(context: Context, findings: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const { profile, now, say } = context
  const history = historyFile(profile)
  const damaged = indexesFoundDamaged(findings)
  if (damaged.length === 0)
    return fail(
      context,
      `More is damaged than what searches go by (${findings[0] ?? ''}). Nothing was changed. tocsin doctor says what can be done.`,
    )
  const isAppThere = holdersOf(history).some(({ what }) => what === theApp)
  const opened = openStore({ file: history, as: mendSearchCommand, contentOf, now })
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const { textIndex } = opened.store
  try {
    textIndex.beginAnew(damaged)
    say(`${searchDamageWords(damaged)}.`)
    if (isAppThere) {
      say('It was begun anew; the app that runs fills it. Until that is done, searches find less or take longer, and say so.')
      return 0
    }
    if (await fill(textIndex, signal)) say('It was made anew: everything can be found again.')
    else
      say(
        'Cancelled: it was begun anew, and the app fills the rest when it runs. Until then searches find less or take longer, and say so.',
      )
    return 0
  } finally {
    opened.store.close()
  }
}

async function fill(textIndex: Store['textIndex'], signal: AbortSignal): Promise<boolean> {
  for (;;) {
    // Lets a cancel through.
    await new Promise((resolve) => setImmediate(resolve))
    if (signal.aborted) return false
    const isDone = textIndex.catchUp(sliceDeliveries) && textIndex.fill(sliceDeliveries)
    while (!textIndex.merge());
    if (isDone) return true
  }
}
