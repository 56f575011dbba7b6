import { contentOf } from '../main/ingest/content-of.ts'
import { historyFile, prepareProfile } from '../main/profile.ts'
import { openStore, type OpenedStore } from '../main/store/store.ts'
import type { Store } from '../main/store/store.ts'

/** 0: done. 1: it did not work, in words. 2: the command was not understood. */
export type ExitCode = 0 | 1 | 2

/** What a command may use of the world. */
export type Context = {
  /** Absolute. */
  readonly profile: string
  /** For results: exactly what was asked for. Resolves once it is on its way. */
  readonly write: (text: string) => Promise<void>
  /** For people, a line each: what happened, what is safe, what to do. */
  readonly say: (text: string) => void
  /** Epoch ms. */
  readonly now: () => number
}

/** Opens the history for reading, as any number of processes may while the app runs. */
export function openToRead({ profile, now }: Context): OpenedStore {
  return openStore({ file: historyFile(profile), readOnly: true, contentOf, now })
}

/** Opens the history for one change, making it where there is none, and closes it whatever happens. */
export function change(context: Context, as: string, make: (store: Store) => ExitCode): ExitCode {
  const prepared = prepareProfile(context.profile)
  if (prepared.kind === 'refused') return fail(context, prepared.detail)
  const opened = openStore({ file: historyFile(context.profile), as, contentOf, now: context.now })
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  try {
    return make(opened.store)
  } finally {
    opened.store.close()
  }
}

export function fail({ say }: Context, detail: string, code: ExitCode = 1): ExitCode {
  say(detail)
  return code
}
