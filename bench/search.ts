import Sqlite from 'better-sqlite3'
import { historyFile } from '../src/main/profile.ts'
import { compareAll, percentile, type Against, type Figure } from './figure.ts'
import { openHistory } from './histories.ts'
import type { Benchmark } from './index.ts'
import { timed } from './pages.ts'

const million = 1_000_000
const rowsOfPage = 100

type Search = { readonly text: string; readonly match: string; readonly like: string }
/** `isNew`: on a history that was opened for it, where nothing of an earlier search is remembered. */
type Class = { readonly name: string; readonly searches: readonly Search[]; readonly isNew?: boolean }

const words = ['ongoing', 'staleprivilege', 'nl', 'honeytoken', '198', 'source', 'leaked', '3999']
/** A word without quotes may go on: as a user types, so the index is asked. Each peer is asked for what finds the same rows. */
const classes: readonly Class[] = [
  { name: 'word', searches: words.map((word) => ({ text: `"${word}"`, match: word, like: `%${word}%` })) },
  { name: 'word, as it is typed', isNew: true, searches: words.map((word) => ({ text: word, match: `${word}*`, like: `%${word}%` })) },
  {
    name: 'AND',
    searches: [
      ['leaked', 'ongoing'],
      ['honeytoken', 'threat'],
      ['br', 'staletravel'],
      ['198', 'resolved'],
      ['honeytoken', 'jp'],
    ].map((pair) => ({ text: pair.map((word) => `"${word}"`).join(' '), match: pair.join(' AND '), like: `%${pair[0]}%` })),
  },
  {
    name: 'prefix',
    searches: ['hon', 'le', 'cred', 'sess1', '00u0001'].map((start) => ({ text: `${start}*`, match: `${start}*`, like: `%${start}%` })),
  },
  {
    name: 'none',
    searches: ['zebra', 'qqq', 'nowhere zebra'].map((text) => ({ text, match: text.replace(/\w+/g, '$&*'), like: `%${text}%` })),
  },
]
/** LIKE goes through everything for each of them, which takes it long: one that is nowhere, and one that is rare. */
const rare: readonly Search[] = [
  { text: 'nowhere zebra', match: '', like: '%nowhere zebra%' },
  { text: 'honeytoken jp', match: '', like: '%honeytoken%"JP%' },
]
const substrings: readonly Search[] = ['redent', 'ederat', 'u0123', 'xyzzy'].map((part) => ({
  text: `*${part}*`,
  match: '',
  like: `%${part}%`,
}))

/** P6: the first page of what a search finds. */
export const search: Benchmark = {
  id: 'P6',
  async run({ rows, histories }) {
    const size = rows ?? million
    const profile = await histories.profile(size)
    const store = openHistory(profile, true)
    const raw = new Sqlite(historyFile(profile), { readonly: true })
    raw.pragma('cache_size = -16384')
    const matching = raw.prepare(`
      SELECT detections.* FROM text_index JOIN detections ON detections.row = (text_index.rowid & 2147483647)
      WHERE text_index MATCH ? ORDER BY text_index.rowid DESC LIMIT ${rowsOfPage + 1}`)
    const liking = (fields: readonly string[]) =>
      raw.prepare(`
        SELECT * FROM detections WHERE ${fields.map((field) => `${field} LIKE @like`).join(' OR ')}
        ORDER BY changed_at DESC, row DESC LIMIT ${rowsOfPage + 1}`)
    const fields = 'id type status kind entity_id entity_type source_type connection_id tactics techniques'.split(' ')
    const p95 = (searches: readonly Search[], times: number, one: (search: Search) => unknown) => {
      const all = Array.from({ length: times }, () => searches.map((search) => timed(() => one(search)))).flat()
      return Promise.resolve(percentile(all, 0.95))
    }
    const page = ({ text }: Search) => store.detections.page({ text, before: null, limit: rowsOfPage })
    const note = (ours: number, theirs: number) => `${ours.toFixed(2)} ms beside ${theirs.toFixed(2)} ms, of ${size}`
    const figures: Figure[] = []
    /** How long each takes whose words were never looked for since the history was opened. */
    const p95OfNew = (searches: readonly Search[], times: number) => {
      const once = ({ text }: Search) => {
        const opened = openHistory(profile, true)
        const ms = timed(() => opened.detections.page({ text, before: null, limit: rowsOfPage }))
        opened.close()
        return ms
      }
      return Promise.resolve(percentile(Array.from({ length: times }, () => searches.map(once)).flat(), 0.95))
    }
    for (const { name, searches, isNew } of classes) {
      const times = isNew === true ? 5 : 20
      const against: Against = {
        id: 'P6',
        measured: `search ${name}, p95`,
        peer: 'raw FTS5',
        theirs: () => p95(searches, times, ({ match }) => matching.all(match)),
        bound: { kind: 'at-most', ratio: 1.5, plus: 2 },
        note,
      }
      figures.push(...(await compareAll(() => (isNew === true ? p95OfNew(searches, times) : p95(searches, times, page)), [against])))
    }
    // Of what is frequent LIKE, too, finds a page soon. Substrings are not looked for in metadata.
    for (const { measured, searches, statement, missed } of [
      {
        measured: 'search for what is rare or not there, p95',
        searches: rare,
        statement: liking([...fields, 'metadata']),
        missed: '',
      },
      {
        measured: 'search substring, p95',
        searches: substrings,
        statement: liking(fields),
        missed:
          'of u0123, whose three letters at a time are each in one row of forty, two lists are gone through twice, to be measured and together, and 3,200 candidates put in order; 171 ms before these were gathered once, and 0.4 ms where a part is nowhere',
      },
    ]) {
      figures.push(
        ...(await compareAll(
          async () => 1000 / (await p95(searches, 3, page)),
          [
            {
              id: 'P6',
              measured,
              peer: 'LIKE',
              theirs: async () => 1000 / (await p95(searches, 1, ({ like }) => statement.all({ like }))),
              bound: { kind: 'at-least', ratio: 100 },
              missed,
              note: (ours, theirs) => note(1000 / ours, 1000 / theirs),
            },
          ],
          { warmUp: false },
        )),
      )
    }
    raw.close()
    store.close()
    return figures
  },
}
