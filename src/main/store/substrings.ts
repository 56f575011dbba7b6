import type { Query } from '../query/query.ts'
import { needsWords } from '../query/to-sql.ts'
import { threesOf, type Threes } from '../query/trigrams.ts'
import { inTemp, type Database } from './database.ts'
import { createState } from './state.ts'
import type { TextIndex } from './text-index.ts'

/**
 * The index cannot skip within a list: it goes through all lists that it is asked for, to their ends, without a look at any clock. So lists are
 * measured before it is asked, by walks of a bounded length, and of each part only the rarest are asked for.
 */
export type SubstringLimits = {
  /** They are put in order before the first of them is shown: of more it is quicker to go through the list, in which they are frequent. */
  readonly candidates: number
  /** A list of fewer is asked for alone; of a longer one, it is looked how far apart the first so many stand. */
  readonly few: number
  /** A longer list is not asked for, unless it names less than one row in `oneIn`: of what is that frequent, a walk through the rows finds a page. */
  readonly longestList: number
  readonly oneIn: number
  /** Of one part, of which the rarest are measured. */
  readonly lists: number
  /** Rows passed over for one question while lists are measured: some 8 ms. What is asked for then is no longer than that in all. */
  readonly steps: number
}
export const substringLimits: SubstringLimits = {
  candidates: 10_000,
  few: 512,
  longestList: 16_384,
  oneIn: 16,
  lists: 4,
  steps: 262_144,
}

/** Beginning with the rarest: `about` is how many rows it has by the look of its first ones; fewer than `few` only where that is sure. */
type Probed =
  | { readonly kind: 'part'; readonly about: number; readonly lists: readonly { readonly match: string; readonly about: number }[] }
  | { readonly kind: 'all' | 'any'; readonly about: number; readonly of: readonly Probed[] }
/** `most`: it gives no more candidates than this. */
type Measured = { readonly match: string; readonly most: number }

/** What lies in `temp.candidates` of a connection, for whom: several may ask. */
const gathered = new WeakMap<Database, { readonly asked: string; readonly state: string; readonly areAll: boolean }>()

/**
 * Puts all that a query can find, and what `substring_index` cannot tell from it, into `temp.candidates` of this connection, by place, until
 * the next question. False where that index is not to be asked: it cannot leave out enough, or not without long walks, it does not hold all
 * that is older than itself yet, or the query has words, whose own index goes first.
 */
export function createSubstrings(
  db: Database,
  textIndex: Pick<TextIndex, 'isFilled'>,
  limits: SubstringLimits = substringLimits,
): (query: Query) => boolean {
  inTemp(db, () => db.exec('CREATE TEMP TABLE IF NOT EXISTS candidates (place INTEGER PRIMARY KEY, row INTEGER NOT NULL)'))
  const count = db
    .prepare<[string, number], number>('SELECT count(*) FROM (SELECT 1 FROM substring_index WHERE substring_index MATCH ? LIMIT ?)')
    .pluck()
  const rowAt = db
    .prepare<[string, number], number>('SELECT rowid FROM substring_index WHERE substring_index MATCH ? LIMIT 1 OFFSET ?')
    .pluck()
  const lastRow = db.prepare<[], number | null>('SELECT max(row) FROM detections').pluck()
  const clear = db.prepare('DELETE FROM temp.candidates')
  const fill = db.prepare<[string]>(`
    INSERT INTO temp.candidates
    SELECT place, row FROM text_places WHERE row IN (SELECT rowid FROM substring_index WHERE substring_index MATCH ?)`)

  // Page, facets and histogram of a search ask one after the other: unchanged, the candidates are those of before.
  const state = createState(db)

  return (query) => {
    const threes = needsWords(query) ? null : threesOf(query)
    if (threes === null || !textIndex.isFilled()) return false
    const asked = JSON.stringify(threes)
    const last = gathered.get(db)
    if (last?.asked === asked && last.state === state()) return last.areAll
    const areAll = gather(threes)
    gathered.set(db, { asked, state: state(), areAll })
    return areAll
  }

  function gather(threes: Threes): boolean {
    const measure = createMeasure()
    const probed = measure.probe(threes)
    const measured = probed === null ? null : measure.measure(probed)
    if (measured === null) return false
    if (measured.most > limits.candidates && (count.get(measured.match, limits.candidates + 1) ?? 0) > limits.candidates) return false
    inTemp(db, () => {
      clear.run()
      fill.run(measured.match)
    })
    return true
  }

  /** For one question. */
  function createMeasure() {
    let stepsLeft = limits.steps
    const rows = lastRow.get() ?? 0
    const longestList = Math.max(limits.longestList, Math.trunc(Math.min(rows / limits.oneIn, limits.steps / 2)))
    return { probe, measure }

    /** null where there was nothing left to look with. */
    function probe(threes: Threes): Probed | null {
      if (threes.kind === 'part') return probePart(threes.of)
      const of: Probed[] = []
      for (const part of threes.of) {
        const probed = probe(part)
        if (probed !== null) of.push(probed)
        else if (threes.kind === 'any') return null
      }
      if (of.length === 0) return null
      const abouts = of.map(({ about }) => about)
      if (threes.kind === 'any') return { kind: 'any', about: abouts.reduce((sum, about) => sum + about, 0), of }
      return { kind: 'all', about: Math.min(...abouts), of: of.sort((one, other) => one.about - other.about) }
    }

    function probePart(threes: readonly string[]): Probed | null {
      const lists: { match: string; about: number }[] = []
      for (const match of threes) {
        if (stepsLeft < limits.few) break
        stepsLeft -= limits.few
        const row = rowAt.get(match, limits.few - 1)
        if (row === undefined) return { kind: 'part', about: limits.few - 1, lists: [{ match, about: limits.few - 1 }] }
        lists.push({ match, about: Math.max(limits.few, (limits.few * rows) / row) })
      }
      lists.sort((one, other) => one.about - other.about)
      const [rarest] = lists
      return rarest === undefined ? null : { kind: 'part', about: rarest.about, lists: lists.slice(0, limits.lists) }
    }

    function measure(probed: Probed): Measured | null {
      if (probed.kind === 'part') return measurePart(probed.lists)
      const of: Measured[] = []
      for (const part of probed.of) {
        const measured = measure(part)
        if (measured !== null) of.push(measured)
        else if (probed.kind === 'any') return null
        // The others are compared with what is left.
        if (probed.kind === 'all' && measured !== null && measured.most <= limits.few) break
      }
      return joined(of, probed.kind)
    }

    function measurePart(lists: Extract<Probed, { kind: 'part' }>['lists']): Measured | null {
      const measured: Measured[] = []
      for (const { match, about } of lists) {
        if (about < limits.few) return { match, most: about }
        const longest = Math.min(longestList, stepsLeft - 1)
        // By its first ones it is too long, which may not be so: it is measured only where there is no other.
        if (longest < limits.few || (measured.length > 0 && about > longest)) break
        const length = count.get(match, longest + 1) ?? 0
        stepsLeft -= length
        if (length <= longest) measured.push({ match, most: length })
      }
      return joined(measured, 'all')
    }
  }
}

function joined(of: readonly Measured[], kind: 'all' | 'any'): Measured | null {
  if (of.length === 0) return null
  const matches = of.map(({ match }) => match)
  const mosts = of.map(({ most }) => most)
  if (kind === 'all') return { match: `(${matches.join(' AND ')})`, most: Math.min(...mosts) }
  return { match: `(${matches.join(' OR ')})`, most: mosts.reduce((sum, most) => sum + most, 0) }
}
