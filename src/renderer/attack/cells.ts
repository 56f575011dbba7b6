import type { AttackCounts, AttackMatrix } from '../../shared/attack.ts'
import { longestSearch } from '../../shared/search-fields.ts'
import { narrow, narrowTo, termOf } from '../search/edit-text.ts'

/** Of 4: how strong the heat of a cell is beside the most. */
export type Heat = 0 | 1 | 2 | 3 | 4
export type Cell = {
  readonly id: string
  readonly name: string
  readonly count: number
  /** With those of its parts, each detection once. */
  readonly total: number
  /** It may be less: a detection that names several parts may be counted once for each. */
  readonly isAtMost: boolean
  readonly heat: Heat
  readonly parts: readonly Cell[]
}
export type Column = { readonly id: string; readonly name: string; readonly count: number; readonly cells: readonly Cell[] }

/** The matrix with its counts; where `isWhole` is not set, only what has any. */
export function toColumns(matrix: AttackMatrix, counts: AttackCounts, isWhole: boolean): readonly Column[] {
  const countOf = (id: string): number => counts.techniques[id] ?? 0
  const totals = matrix.tactics.flatMap(({ techniques }) => techniques.map(({ id }) => counts.wholes[id] ?? 0))
  const most = Math.max(1, ...totals)
  const columns = matrix.tactics.map(({ id, name, techniques }): Column => ({
    id,
    name,
    count: counts.tactics[id] ?? 0,
    cells: techniques
      .map((technique): Cell => {
        const parts = technique.parts
          .map((part): Cell => ({
            ...part,
            count: countOf(part.id),
            total: countOf(part.id),
            isAtMost: false,
            heat: heatOf(countOf(part.id), most),
            parts: [],
          }))
          .filter((part) => isWhole || part.count > 0)
        const total = counts.wholes[technique.id] ?? 0
        const isAtMost = !counts.areWholesExact && technique.parts.some(({ id }) => countOf(id) > 0 && countOf(id) < total)
        return { id: technique.id, name: technique.name, count: countOf(technique.id), total, isAtMost, heat: heatOf(total, most), parts }
      })
      .filter((cell) => isWhole || cell.total > 0),
  }))
  return columns.filter((column) => isWhole || column.count > 0 || column.cells.length > 0)
}

/** Steps of the square root: what is few is told apart, and one among millions is still seen. */
export function heatOf(count: number, most: number): Heat {
  if (count <= 0) return 0
  const share = Math.sqrt(count / most)
  return share > 0.75 ? 4 : share > 0.5 ? 3 : share > 0.25 ? 2 : 1
}

/** The words of what a cell has counted with its parts; an id that nobody named stands for itself only where there is no other. */
export function wordsOf(matrix: AttackMatrix, id: string, words: AttackCounts['words']): readonly string[] {
  const technique = matrix.tactics.flatMap(({ techniques }) => techniques).find((one) => one.id === id)
  const ids = [id, ...(technique?.parts.map((part) => part.id) ?? [])]
  return [...new Set(ids.flatMap((one) => words[one] ?? []))]
}

/**
 * A search that finds what a cell has counted: by every word that senders use for it, as far as there is room. Where there is none, it is longer
 * than a search may be, so that it is refused in words rather than finding what was not asked for.
 */
export function searchFor(text: string, field: 'technique' | 'tactic', id: string, words: readonly string[]): string {
  const all = words.length === 0 ? [id] : words
  const [only] = all
  if (all.length === 1 && only !== undefined) return narrow(text, field, only)
  const room = longestSearch - text.trim().length - '() ()'.length
  const terms: string[] = []
  let length = 0
  for (const term of all.map((word) => termOf(field, word))) {
    if (length + term.length > room) continue
    terms.push(term)
    length += term.length + ' OR '.length
  }
  if (terms.length === 0)
    return narrow(
      text,
      field,
      all.reduce((one, other) => (termOf(field, other).length < termOf(field, one).length ? other : one)),
    )
  return narrowTo(text, `(${terms.join(' OR ')})`)
}

/** A search that finds a word which names nothing in ATT&CK, whichever of the two a sender took it for. */
export function searchForUnknown(text: string, word: string): string {
  return narrowTo(text, `(${termOf('tactic', word)} OR ${termOf('technique', word)})`)
}
