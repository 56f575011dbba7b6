import type { Migration } from './migration.ts'
import { history } from './001-history.ts'

/** In order of version, from 1 and without a hole. */
export const migrations: readonly Migration[] = [history]
