import { indexesFoundDamaged, type SearchIndex } from '../store/search-damage.ts'
import type { FileChecked, HistoryFiles } from './history-files.ts'

/**
 * Checks a copy of a history to the last byte. Where nothing is wrong with it but an index of searches, that index is begun anew in the copy,
 * which is checked again: it keeps what was received, and whoever uses it fills the index. `mended` says which these were.
 */
export async function checkCopy(
  files: HistoryFiles,
  copy: string,
  signal?: AbortSignal,
): Promise<{ readonly checked: FileChecked; readonly mended: readonly SearchIndex[] }> {
  const checked = await files.check(copy, { depth: 'full', signal })
  const damaged = checked.kind === 'damaged' ? indexesFoundDamaged(checked.findings) : []
  if (damaged.length === 0) return { checked, mended: [] }
  const mended = await files.mend(copy, damaged, { signal })
  if (mended.kind === 'cancelled') return { checked: mended, mended: [] }
  // What stands in the way of mending it is told by what is wrong with it.
  if (mended.kind === 'failed') return { checked, mended: [] }
  return { checked: await files.check(copy, { depth: 'full', signal }), mended: damaged }
}
