import type { Migration } from './migration.ts'
import { history } from './001-history.ts'
import { waysIn } from './002-ways-in.ts'
import { search } from './003-search.ts'
import { rollups } from './004-rollups.ts'
import { care } from './005-care.ts'
import { desk } from './006-desk.ts'
import { insight } from './007-insight.ts'
import { substring } from './008-substring.ts'
import { speaking } from './009-speaking.ts'
import { lateChanges } from './010-late-changes.ts'

/** In order of version, from 1 and without a hole. */
export const migrations: readonly Migration[] = [history, waysIn, search, rollups, care, desk, insight, substring, speaking, lateChanges]
