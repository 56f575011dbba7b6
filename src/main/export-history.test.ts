import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { parse as parseCsv } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { attackFile, exported, found, installation, keepAll, linesOf, scratch, textOf } from './archive-test-support.ts'
import { keep, keepUnsigned } from './proof/evidence-test-support.ts'
import { csvColumns } from './export/csv.ts'
import { streamSink } from './export/sink.ts'
import { exportHistory, exportToFile } from './export-history.ts'
import type { Instant } from '../shared/detection.ts'
import { noon } from './ingest/test-support.ts'
import { pageOf } from './store/test-support.ts'

const second = noon / 1000

const many = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `d-${i}`, status: 'ongoing', iat: second - 900 + i }))

/** What a sender may write anywhere. */
const hostile = [
  '=HYPERLINK("http://x","y")',
  '+1+1',
  '-1+1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  'a,b;"c"\r\nd',
  '<img src=x onerror=alert(1)>',
  '\u202egnp.exe\u0000\u001b[31m\u0085',
  "'quoted'",
  'Ünï🜁 \u2028',
]

function hostileHistory() {
  const one = installation()
  hostile.forEach((text, i) =>
    keep(one.store, `${text}#${i}`, text, second - 20 + i, {
      type: text,
      entity_id: text,
      entity_type: text,
      source_type: text,
      connection_id: text,
      tracking_status: text,
      confidence_score: 0.25,
      detection_mitre_tactic: text,
      detection_mitre_technique: [text],
      compliance_frameworks: [text],
      metadata: { [text]: text },
      severity: text,
      title: text,
      description: text,
      [text]: text,
    }),
  )
  return one
}

describe('CSV', () => {
  test('reads back in another program with every cell, and no text is a formula', async () => {
    const { store } = hostileHistory()
    keep(store, 'plain', 'ongoing', second - 3, { confidence_score: 0.875, entity_id: 'ci-deploy' })
    const path = await exported(store, 'csv')
    expect(textOf(path).startsWith('\ufeff"id",')).toBe(true)
    const rows = parseCsv<Record<string, string>>(textOf(path), { bom: true, columns: true, record_delimiter: '\r\n' })
    const detections = found(store)
    expect(rows).toHaveLength(hostile.length + 1)
    rows.forEach((row, i) => {
      const detection = detections[i]!
      const bare = (cell: string | undefined) => cell?.replace(/(?:^|(?<=[;\t\r\n]))'(?=[=+\-@\t\r\n＝＋－＠])/g, '')
      // Control characters have no place in CSV.
      // eslint-disable-next-line no-control-regex -- they are what this is about
      const clean = (text: string | null) => (text ?? '').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
      expect(Object.keys(row)).toEqual(csvColumns)
      expect(bare(row['id'])).toBe(clean(detection.id))
      expect(bare(row['entityId'])).toBe(clean(detection.entityId))
      expect(bare(row['status'])).toBe(clean(detection.status))
      expect(JSON.parse(row['metadata']!)).toEqual(detection.metadata)
      expect(row['confidence']).toBe(String(detection.confidence))
      for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@\-\t\r\n＝＋－＠]/)
    })
    expect(rows.filter((row) => row['entityId']!.startsWith("'"))).toHaveLength(9)

    const script = `import csv,json,sys
rows=list(csv.DictReader(open(sys.argv[1],encoding='utf-8-sig',newline='')))
print(json.dumps(rows))`
    const python = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' })
    if (python.error !== undefined) return console.info('python3 is not here: CSV was read back by csv-parse alone')
    expect(JSON.parse(python.stdout)).toEqual(rows)
  })

  test('of an empty history is its header', async () => {
    expect(textOf(await exported(installation().store, 'csv'))).toBe(`\ufeff${csvColumns.map((name) => `"${name}"`).join(',')}\r\n`)
  })
})

test('of a view has what was detected in its range, and a layer says how to find that again', async () => {
  const { store } = installation()
  const moment = (minute: number) => new Date(noon + (minute - 60) * 60_000).toISOString() as Instant
  for (let i = 0; i < 10; i += 1) keep(store, `d-${i}`, 'ongoing', second - 100 + i, { timestamp: moment(i) })
  const view = { text: 'status:ongoing OR nothing', range: { from: moment(3), to: moment(6) } }
  const idsOf = (path: string) => parseCsv<Record<string, string>>(textOf(path), { bom: true, columns: true }).map(({ id }) => id)
  expect(idsOf(await exported(store, 'csv', view))).toEqual(['d-5', 'd-4', 'd-3'])
  expect(idsOf(await exported(store, 'csv', { ...view, text: '' }))).toEqual(['d-5', 'd-4', 'd-3'])
  expect(idsOf(await exported(store, 'csv', { ...view, range: null }))).toHaveLength(10)
  const { description } = JSON.parse(textOf(await exported(store, 'navigator', view))) as { readonly description: string }
  const again = store.detections.page({ text: description.replace('Detections in Tocsin found by: ', ''), before: null, limit: 50 })
  expect(pageOf(again).detections.map(({ id }) => id)).toEqual(['d-5', 'd-4', 'd-3'])
})

describe('a walk', () => {
  test('shows one moment: nothing doubles and nothing is missing while the history goes on receiving', async () => {
    const { store } = installation()
    keepAll(store, many(700))
    const before = found(store).map(({ id }) => id)
    let pieces = 0
    let text = ''
    const sink = {
      write(part: string) {
        text += part
        pieces += 1
        // What is behind the walk comes before it, what is before it moves behind it, and there is something new.
        keep(store, `d-${pieces}`, 'resolved', second - 1, { n: pieces })
        keep(store, `new-${pieces}`, 'detected', second - 2000, { n: pieces })
        return Promise.resolve()
      },
      finish: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    }
    const outcome = await exportHistory({ ...parts(store), format: 'ndjson', openSink: () => Promise.resolve(sink) })
    expect(outcome).toEqual({ kind: 'exported', written: 700, left: 0 })
    expect(pieces).toBeGreaterThan(3)
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; status: string })
    expect(lines.map(({ id }) => id)).toEqual(before)
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set(['ongoing']))
  })

  test('finds by words what the index of words does not have yet, and by fields what the fields say', async () => {
    const { store } = installation()
    keepAll(
      store,
      many(600).map((said, i) => ({ ...said, status: i % 3 === 0 ? 'resolved' : 'ongoing', more: { entity_id: `user ${i % 10}` } })),
    )
    const of = async (text: string) => linesOf(await exported(store, 'ndjson', { text })).map(({ id }) => Number(String(id).slice(2)))
    expect((await of('"d 7"')).sort((a, b) => a - b)).toEqual([7])
    expect(await of('status:resolved entity:"user 3"')).toHaveLength(20)
    expect(await of('-status:resolved ("user 7" OR "user 8")')).toHaveLength(80)
    expect(await of('nothing-like-it')).toEqual([])
  })

  test('asks an index for its stretches, and sorts nothing', () => {
    const { db } = installation()
    const plan = db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM detections INDEXED BY detections_by_change
         WHERE (changed_at, row) < (?, ?) AND changed_at >= ? AND (changed_at, row) >= (?, ?) AND TRUE ORDER BY changed_at DESC, row DESC`,
      )
      .all(0, 0, 0, 0, 0) as { detail: string }[]
    expect(plan.map(({ detail }) => detail).join()).toMatch(
      /^SEARCH detections USING INDEX detections_by_change \(changed_at>\? AND changed_at<\?\)$/,
    )
  })
})

describe('an export', () => {
  test('refuses a search that cannot be meant, with its place', async () => {
    const { store } = installation()
    const path = join(scratch(), 'x.csv')
    const outcome = await exportToFile(path, { ...parts(store), text: 'entitty:x', format: 'csv', replace: false })
    expect(outcome).toMatchObject({ kind: 'refused', at: 0 })
  })

  test('cancelled in the middle leaves no file, and the one that was there before', async () => {
    const { store } = installation()
    keepAll(store, many(600))
    const folder = scratch()
    writeFileSync(join(folder, 'there.ndjson'), 'before')
    const cancel = new AbortController()
    const seen: number[] = []
    const onProgress = ({ looked, total }: { looked: number; total: number }) => {
      seen.push(looked, total)
      cancel.abort()
    }
    const outcome = await exportToFile(join(folder, 'there.ndjson'), {
      ...parts(store),
      format: 'ndjson',
      signal: cancel.signal,
      onProgress,
      replace: true,
    })
    expect(outcome).toEqual({ kind: 'cancelled' })
    expect(seen[1]).toBe(600)
    expect(readdirSync(folder)).toEqual(['there.ndjson'])
    expect(textOf(join(folder, 'there.ndjson'))).toBe('before')
  })

  test('of which a file of its name is there, or whose folder is not, fails in words and changes nothing', async () => {
    const { store } = installation()
    const folder = scratch()
    const there = join(folder, 'there.csv')
    writeFileSync(there, 'before')
    const over = await exportToFile(there, { ...parts(store), format: 'csv', replace: false })
    expect(over).toMatchObject({ kind: 'failed', detail: expect.stringContaining('is there already') as string })
    expect(await exportToFile(join(folder, 'no', 'x.csv'), { ...parts(store), format: 'csv', replace: false })).toMatchObject({
      kind: 'failed',
    })
    expect(textOf(there)).toBe('before')
    expect(readdirSync(folder)).toEqual(['there.csv'])
  })

  test('reads no faster than it is taken, and a reader that stalls can be cancelled', async () => {
    const { store } = installation()
    keepAll(store, many(600))
    let taken = 0
    const stalled = new Writable({ write: () => void (taken += 1) })
    const cancel = new AbortController()
    const going = exportHistory({
      ...parts(store),
      format: 'ndjson',
      signal: cancel.signal,
      openSink: () => Promise.resolve(streamSink(stalled)),
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(taken).toBe(1)
    cancel.abort()
    expect(await going).toEqual({ kind: 'cancelled' })
  })

  test('that keeps the write-ahead log from starting over for too long is given up', async () => {
    const { store } = installation()
    keep(store, 'd-1', 'ongoing', second - 9)
    const stalled = new Writable({ write: () => keep(store, 'd-2', 'ongoing', second - 8) })
    const openSink = () => Promise.resolve(streamSink(stalled))
    const outcome = await exportHistory({ ...parts(store), format: 'ndjson', mostLogGrowth: 0, openSink })
    expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringContaining('too slow') as string })
  })

  test.each([
    ['a folder of that name is there', '.', /a folder of that name is there: choose another name/],
    ['its folder is not there', 'nowhere/out.csv', /the folder .*nowhere is not there: make it first, or choose another one/],
  ])('where %s says so, and what helps', async (_, name, words) => {
    const { store } = installation()
    const outcome = await exportToFile(join(scratch(), name), { ...parts(store), format: 'csv', replace: false })
    expect(outcome).toEqual({ kind: 'failed', detail: expect.stringMatching(words) as string })
  })

  test('shows unsigned detections as what they are, and closes what it opened', async () => {
    const { store } = installation()
    keepUnsigned(store, 'u-1', 'ongoing')
    expect(linesOf(await exported(store, 'ndjson'))).toMatchObject([{ id: 'u-1', trust: 'unsigned', deliveries: [{ inlet: 'unsigned' }] }])
  })
})

function parts(store: ReturnType<typeof installation>['store']) {
  return { store, text: '', attackFile, now: () => noon, signal: new AbortController().signal }
}
