import Sqlite from 'better-sqlite3'
import { historyFile } from '../src/main/profile.ts'
import { compareAll, percentile, type Against, type Figure } from './figure.ts'
import { openHistory } from './histories.ts'
import type { Benchmark } from './index.ts'
import { timed } from './pages.ts'

const million = 1_000_000
const rowsOfPage = 100

type Search = { readonly text: string; readonly match: string; readonly like: string }
type Class = { readonly name: string; readonly searches: readonly Search[] }

const words = ['ongoing', 'staleprivilege', 'nl', 'honeytoken', '198', 'source', 'leaked', '3999']
/** A word without quotes may go on: as a user types, so the index is asked. Each peer is asked for what finds the same rows. */
const classes: readonly Class[] = [
  { name: 'word', searches: words.map((word) => ({ text: `"${word}"`, match: word, like: `%${word}%` })) },
  { name: 'word, as it is typed', searches: words.map((word) => ({ text: word, match: `${word}*`, like: `%${word}%` })) },
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
const rare: readonly Search[] = [...(classes.at(-1)?.searches ?? []), { text: 'honeytoken jp', match: '', like: '%honeytoken%"JP%' }]
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
    for (const { name, searches } of classes) {
      const against: Against = {
        id: 'P6',
        measured: `search ${name}, p95`,
        peer: 'raw FTS5',
        theirs: () => p95(searches, 20, ({ match }) => matching.all(match)),
        bound: { kind: 'at-most', ratio: 1.5, plus: 2 },
        note,
      }
      figures.push(...(await compareAll(() => p95(searches, 20, page), [against])))
    }
    // Of what is frequent LIKE, too, finds a page soon. Substrings are not looked for in metadata.
    for (const { measured, searches, statement } of [
      {
        measured: 'search for what is rare or not there, p95',
        searches: rare,
        statement: liking([...fields, 'metadata']),
      },
      {
        measured: 'search substring, p95',
        searches: substrings,
        statement: liking(fields),
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
              note: (ours, theirs) => note(1000 / ours, 1000 / theirs),
            },
          ],
          { rounds: 3, warmUp: false },
        )),
      )
    }
    raw.close()
    store.close()
    return figures
  },
}
