import type { Migration } from './migration.ts'
import { history } from './001-history.ts'
import { waysIn } from './002-ways-in.ts'

/** In order of version, from 1 and without a hole. */
export const migrations: readonly Migration[] = [history, waysIn]
