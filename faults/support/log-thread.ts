/** The thread that writes the log back, with pragmas of its own replaced by others. */
import { getEnvironmentData } from 'node:worker_threads'
import { replacePragmas } from './pragmas.ts'
import type { Pragmas } from './pragmas.ts'

replacePragmas(getEnvironmentData('pragmas') as Pragmas)
await import('../../src/main/store/log-thread.ts')
