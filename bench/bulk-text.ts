/** `bulk-text FILE COUNT`: the index of words of a history of so many, in a file that has nothing else, as the store would make it. */
import { indexedTokens } from '../src/main/query/tokens.ts'
import { placeOf } from '../src/main/store/text-index.ts'
import { create, detectionOf } from './bulk.ts'
import { issuedAt } from './deliveries.ts'

const [, , file = '', total = '0'] = process.argv
const count = Number(total)
const atOnce = 5_000
const db = create(file)
const place = db.prepare<[{ row: number; changedAt: number }]>(`INSERT INTO text_places VALUES (@row, ${placeOf('@changedAt', '@row')})`)
const index = db.prepare<[string, number]>('INSERT INTO text_index (tokens, rowid) SELECT ?, place FROM text_places WHERE row = ?')
const part = db.transaction((from: number, to: number) => {
  for (let number = from; number < to; number++) {
    place.run({ row: number + 1, changedAt: issuedAt(number, count) })
    index.run(indexedTokens(detectionOf(number, count)).join(' '), number + 1)
  }
})
for (let from = 0; from < count; from += atOnce) part(from, Math.min(count, from + atOnce))
db.prepare('UPDATE text_watermark SET sequence = ?').run(count)
db.close()
