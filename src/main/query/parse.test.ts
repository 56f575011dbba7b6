import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aliases, fieldNames } from './fields.ts'
import { parse } from './parse.ts'
import { queryLimits, type Query } from './query.ts'
import { toSql } from './to-sql.ts'

const now = Date.parse('2026-03-10T12:00:00.000Z')

function read(text: string): Query {
  const parsed = parse(text, { now })
  if (parsed.kind !== 'parsed') throw new Error(parsed.detail)
  return parsed.query
}

function refusal(text: string) {
  const parsed = parse(text, { now })
  if (parsed.kind === 'parsed') throw new Error('it was read')
  return parsed
}

const pattern = (...parts: string[]) => ({ kind: 'pattern', parts })
const local = (...date: [number, number, number?]) => new Date(date[0], date[1] - 1, date[2] ?? 1).toISOString()

test('free words are tokens: the last may go on, in quotes it is whole', () => {
  expect(read('Okta')).toEqual({ kind: 'words', tokens: ['okta'], isPrefix: true })
  expect(read('ci-dep')).toEqual({ kind: 'words', tokens: ['ci', 'dep'], isPrefix: true })
  expect(read('cred*')).toEqual({ kind: 'words', tokens: ['cred'], isPrefix: true })
  expect(read('"Credential   Access"')).toEqual({ kind: 'words', tokens: ['credential', 'access'], isPrefix: false })
  expect(read('"" *')).toEqual({
    kind: 'all',
    of: [
      { kind: 'all', of: [] },
      { kind: 'all', of: [] },
    ],
  })
})

test('an asterisk elsewhere, and signs alone, are looked for in the text itself', () => {
  expect(read('*Stuff*At')).toEqual({ kind: 'anywhere', pattern: pattern('', 'stuff', 'at', '') })
  expect(read('%')).toEqual({ kind: 'anywhere', pattern: pattern('', '%', '') })
})

test.each<[string, unknown]>([
  ['type:MissingMFA', { kind: 'text', field: 'type', pattern: pattern('missingmfa') }],
  ['type:Cred**Attempt', { kind: 'text', field: 'type', pattern: pattern('cred', 'attempt') }],
  ['TYPE:"a*b"', { kind: 'text', field: 'type', pattern: pattern('a*b') }],
  ['source_type:okta_org', { kind: 'text', field: 'source', pattern: pattern('okta_org') }],
  ['technique:T1110*', { kind: 'list', field: 'technique', pattern: pattern('t1110', '') }],
  ['confidence>=0.8', { kind: 'confidence', comparison: { kind: 'comparison', by: '>=', number: 0.8 } }],
  ['confidence:1', { kind: 'confidence', comparison: { kind: 'comparison', by: '=', number: 1 } }],
  ['is:unread', { kind: 'is', state: 'unread', now: '2026-03-10T12:00:00.000Z' }],
  ['is:Ongoing', { kind: 'text', field: 'status', pattern: pattern('ongoing') }],
  ['has:note', { kind: 'has', what: 'note' }],
  ['metadata.ip:10.0.0.1', { kind: 'metadata', path: ['ip'], test: pattern('10.0.0.1') }],
  ['Metadata.IP:x', { kind: 'metadata', path: ['IP'], test: pattern('x') }],
  ['metadata.count>=3', { kind: 'metadata', path: ['count'], test: { kind: 'comparison', by: '>=', number: 3 } }],
  ['last:7d', { kind: 'time', field: 'detected', from: '2026-03-03T12:00:00.000Z', to: null }],
  ['after:2026-01-01', { kind: 'time', field: 'detected', from: local(2026, 1, 1), to: null }],
  ['before:2026-02', { kind: 'time', field: 'detected', from: null, to: local(2026, 2, 1) }],
  // A sender who knows no end writes 9999-12-31T23:59:59Z.
  ['detected:9999', { kind: 'time', field: 'detected', from: local(9999, 1, 1), to: null }],
  ['detected<=9999-12', { kind: 'time', field: 'detected', from: null, to: null }],
  ['detected:2026-01-31', { kind: 'time', field: 'detected', from: local(2026, 1, 31), to: local(2026, 2, 1) }],
  ['changed<=2026', { kind: 'time', field: 'changed', from: null, to: local(2027, 1, 1) }],
  ['changed>2026-03', { kind: 'time', field: 'changed', from: local(2026, 4, 1), to: null }],
  ['resolved>=2h', { kind: 'time', field: 'resolved', from: '2026-03-10T10:00:00.000Z', to: null }],
  ['received:7d', { kind: 'time', field: 'received', from: '2026-03-03T12:00:00.000Z', to: null }],
  ['Changed=24h', { kind: 'time', field: 'changed', from: '2026-03-09T12:00:00.000Z', to: null }],
  ['after:2024-02-29T10:00Z', { kind: 'time', field: 'detected', from: '2024-02-29T10:00:00.000Z', to: null }],
  [
    'received:2026-03-01T10:00:00+02:00',
    { kind: 'time', field: 'received', from: '2026-03-01T08:00:00.000Z', to: '2026-03-01T08:00:00.001Z' },
  ],
])('%s', (text, query) => {
  expect(read(text)).toEqual(query)
})

test('a name with a dot in the metadata is found under it as well', () => {
  expect(read('metadata.a.b:x')).toEqual({
    kind: 'any',
    of: [
      { kind: 'metadata', path: ['a', 'b'], test: pattern('x') },
      { kind: 'metadata', path: ['a.b'], test: pattern('x') },
    ],
  })
})

test.each([
  'e.g.:',
  'e.g.:x',
  '10.0.0.1:443',
  'example.com:443',
  'a.example.com:8443/path?x=1',
  'sub-domain.example.com:22',
  'example.com:',
  'example.com',
  'example.com/a:b',
  'v1.2:rc',
  'anna.smith@example.com:x',
  '*.example.com:x',
  '.hidden:x',
  'a..b:x',
  '(example.com:443)',
])('%s is text that is looked for, however much it looks like a field', (text) => {
  expect(['words', 'anywhere']).toContain(read(text).kind)
})

describe('what cannot be meant is refused at its characters, with what would be right', () => {
  test.each([
    ['a stauts:x', 'unknown-field', 2, 6, 'no field stauts. There is kind'],
    ['a statu:x', 'unknown-field', 2, 5, 'Did you mean status?'],
    ['https://example.com', 'unknown-field', 0, 5, 'in quotes'],
    ['a extra.severity:high', 'unknown-field', 2, 14, 'only metadata. has names'],
    ['-extra.severity:3', 'unknown-field', 1, 14, 'such as metadata.severity'],
    ['Meta.ip:10.0.0.1', 'unknown-field', 0, 7, 'such as metadata.ip'],
    ['metdata.a.b>=3', 'unknown-field', 0, 11, 'such as metadata.a.b'],
    ['triage.state:"done"', 'unknown-field', 0, 12, 'in quotes'],
    ['(source.type:okta)', 'unknown-field', 1, 11, 'in quotes'],
    ['example.com:https', 'unknown-field', 0, 11, 'in quotes'],
    ['kind:thread', 'bad-value', 5, 6, 'kind is threat or posture'],
    ['confidence>=high', 'bad-value', 12, 4, 'such as 0.8'],
    ['confidence>=80', 'bad-value', 12, 2, 'Write 0.8 for 80 %'],
    ['kind:threat confidence>900', 'bad-value', 23, 3, 'from 0 to 1.'],
    ['confidence<-0.5', 'bad-value', 11, 4, 'from 0 to 1.'],
    ['type>=3', 'bad-value', 6, 1, 'Write type:MissingMFA'],
    ['after:2026-02-30', 'bad-value', 6, 10, '2026-01-31'],
    ['after:2026-02-30T10:00', 'bad-value', 6, 16, '7d for seven days ago'],
    ['received:2025-02-29T10:00Z', 'bad-value', 9, 17, '7d for the last seven days'],
    ['last:week', 'bad-value', 5, 4, '7d'],
    ['is:urgent', 'bad-value', 3, 6, 'unread, open'],
    ['has:teeth', 'bad-value', 4, 5, 'note, label'],
    ['metadata..x:1', 'unknown-field', 0, 11, 'single dots'],
    ['metadata.:1', 'unknown-field', 0, 9, 'single dots'],
    [`type:${'a*'.repeat(9)}`, 'bad-value', 5, 18, '8 asterisks'],
  ])('%s', (text, because, at, length, words) => {
    expect(refusal(text)).toMatchObject({ because, at, length, detail: expect.stringContaining(words) })
  })

  test('ten thousand terms, or a text without end, in no time', () => {
    expect(refusal('x '.repeat(10_000))).toMatchObject({ because: 'too-long', at: queryLimits.characters })
    expect(refusal('x '.repeat(65))).toMatchObject({ because: 'too-many-terms', at: 128 })
    expect(refusal('('.repeat(500))).toMatchObject({ because: 'too-deep' })
  })
})

test('what would be right for a field without a value is itself read, whichever the field and however it is compared', () => {
  const names = [...fieldNames.map((name) => name.replace('NAME', 'ip')), ...aliases.keys(), 'Confidence', 'metadata.a.b']
  for (const name of names) {
    for (const by of [':', ':>=', '>=', '<=', '>', '<', '=']) {
      const { detail } = refusal(`${name}${by}`)
      const [, example = ''] = /, such as (\S+), in quotes/.exec(detail) ?? []
      expect(example, detail).toContain(name)
      expect(parse(example, { now }), detail).toMatchObject({ kind: 'parsed' })
    }
    const more = parse(`${name}>=zzz`, { now })
    const [, instead] = more.kind === 'refused' ? (/ Write (\S+)\.$/.exec(more.detail) ?? []) : []
    if (instead !== undefined) expect(parse(instead, { now })).toMatchObject({ kind: 'parsed' })
  }
  expect(refusal('colour:').detail).not.toContain('such as')
})

test('whatever is typed reaches SQL as values only', () => {
  const piece = fc.constantFrom(
    'type:',
    'metadata.a.b:',
    'technique:',
    'confidence>',
    'a',
    '"b c"',
    '*x*',
    "';--",
    '0.5',
    'is:open',
    '-',
    '(',
    ')',
    'OR',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parse(pieces.join(''), { now })
      if (parsed.kind !== 'parsed') return
      const { sql, values } = toSql(parsed.query)
      expect(sql.split('?').length - 1).toBe(values.length)
      expect(sql).not.toMatch(/;|--|b c/)
    }),
    { numRuns: 1_000, seed: 20260301 },
  )
})
