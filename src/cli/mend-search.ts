import type { HistoryFiles } from '../main/care/history-files.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { historyFile } from '../main/profile.ts'
import { holdersOf, theApp } from '../main/store/history-lock.ts'
import { readFacts } from '../main/store/facts.ts'
import {
  indexesFoundDamaged,
  mendSearchAnywayCommand,
  mendSearchCommand,
  searchDamageWords,
  searchIndexes,
  type SearchIndex,
} from '../main/store/search-damage.ts'
import { openStore, type Store } from '../main/store/store.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'

/** Deliveries, or detections, that one commit indexes: others that write wait no longer than that. */
const sliceDeliveries = 256

/**
 * `doctor --mend-search`: begins anew what searches go by where that is damaged, or `anyway`, and nothing else is damaged; then fills it, or
 * leaves that to the app. Whatever moment it ends at, the app or another run goes on from there.
 */
export async function mendSearch(
  context: Context,
  {
    files,
    mostMs,
    anyway,
    signal,
  }: { readonly files: HistoryFiles; readonly mostMs: number; readonly anyway: boolean; readonly signal: AbortSignal },
): Promise<ExitCode> {
  const history = historyFile(context.profile)
  // What is no history of this version is told as everywhere.
  const readable = openToRead(context)
  if (readable.kind !== 'opened') return fail(context, readable.detail)
  readable.store.close()
  const checked = await files.check(history, { depth: 'quick', mostMs, signal })
  switch (checked.kind) {
    case 'sound':
      return mendUnseen(context, anyway, signal)
    case 'partial':
      return fail(context, `The time ran out before all was looked at. Nothing was changed. Give it more: ${mendSearchCommand} --time 600`)
    case 'cancelled':
      return fail(context, 'Cancelled. Nothing was changed.')
    case 'failed':
      return fail(context, `The history could not be looked at (${checked.detail}). Nothing was changed. Try again.`)
    case 'damaged':
      return mendFound(context, checked.findings, anyway, signal)
  }
}

/** The structure is in order. What is wrong inside it is told by what is not found any more, of which only some is looked for. */
async function mendUnseen(context: Context, anyway: boolean, signal: AbortSignal): Promise<ExitCode> {
  const read = readFacts(historyFile(context.profile))
  const damaged = read.kind === 'read' ? (read.facts.searchSample?.damaged ?? []) : []
  if (anyway) return mend(context, searchIndexes, 'What searches go by is made anew, as was asked for', signal)
  if (damaged.length > 0) return mend(context, damaged, searchDamageWords(damaged), signal)
  return fail(
    context,
    `What searches go by is in order, as far as was looked. Nothing was changed. Where a search finds less than there is: ${mendSearchAnywayCommand}`,
    0,
  )
}

async function mendFound(context: Context, findings: readonly string[], anyway: boolean, signal: AbortSignal): Promise<ExitCode> {
  const damaged = indexesFoundDamaged(findings)
  if (damaged.length > 0) return mend(context, anyway ? searchIndexes : damaged, searchDamageWords(damaged), signal)
  return fail(
    context,
    `More is damaged than what searches go by (${findings[0] ?? ''}). Nothing was changed. tocsin doctor says what can be done.`,
  )
}

/** `why`: a sentence without its end. */
async function mend(context: Context, indexes: readonly SearchIndex[], why: string, signal: AbortSignal): Promise<ExitCode> {
  const { profile, now, say } = context
  const history = historyFile(profile)
  const isAppThere = holdersOf(history).some(({ what }) => what === theApp)
  const opened = openStore({ file: history, as: mendSearchCommand, contentOf, now })
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  const { textIndex } = opened.store
  try {
    textIndex.beginAnew(indexes)
    say(`${why}.`)
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
