import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventBytes, type StreamPart } from './event-bytes.ts'

const limits = { eventBytes: 64, bytesBetween: 200 }

function cut(text: Uint8Array, places: readonly number[]): readonly StreamPart[] {
  const bytes = createEventBytes(limits)
  const parts: StreamPart[] = []
  let from = 0
  for (const to of [...places].sort((a, b) => a - b).concat(text.length)) {
    // A copy each, so that nothing can be read that has not come yet.
    parts.push(...bytes.push(Uint8Array.from(text.subarray(from, to))))
    from = to
  }
  return parts
}

const line = fc.oneof(
  fc.constantFrom(
    '',
    ': keepalive',
    ':',
    'data',
    'event: ping',
    'id: 7-0',
    'data: {"a":1}',
    'data:{"b":"ü€𝄞"}',
    'retry: 5',
    '\u{feff}data: x',
  ),
  fc.integer({ min: 0, max: 90 }).map((length) => 'data: ' + 'x'.repeat(length)),
  fc.integer({ min: 0, max: 90 }).map((length) => ':' + 'c'.repeat(length)),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\n\n', '\r\n', '\r', '\r\n\r\n', '\n\r')), { maxLength: 30 })
  .map((lines) => Buffer.from(lines.map(([text, end]) => text + end).join('')))

describe('the bytes of a stream of events', () => {
  it('mean the same wherever they are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 40 }), (text, places) => {
        const whole = cut(text, [])
        expect(
          cut(
            text,
            places.map((place) => place % (text.length + 1)),
          ),
        ).toEqual(whole)
        expect(cut(text, [...text.keys()])).toEqual(whole)
      }),
      { seed: 4, numRuns: 3000 },
    )
  })

  it('become events with their name, id and data', () => {
    const text = '\u{feff}id: 1-0\nevent: ping\ndata: a\ndata: b\n\n: keepalive\n\ndata: c\r\n\r\nid: 2-0\n\ndata: d\r\r'
    expect(cut(Buffer.from(text), [])).toEqual([
      { kind: 'event', id: '1-0', event: 'ping', data: 'a\nb' },
      { kind: 'event', id: null, event: null, data: 'c' },
      { kind: 'event', id: null, event: null, data: 'd' },
    ])
  })

  it('are read away where an event is too large, and its id is told', () => {
    const large = `id: 5-1\ndata: ${'x'.repeat(100)}\ndata: more\n\n`
    expect(cut(Buffer.from(`${large}data: next\n\n`), [])).toEqual([
      { kind: 'too-large', id: '5-1' },
      { kind: 'event', id: null, event: null, data: 'next' },
    ])
  })

  it('hold an event that is exactly as large as it may be, and none that is a byte larger', () => {
    const ofSize = (size: number): Buffer => Buffer.from(`data: ${'x'.repeat(size - 7)}\n\n`)
    expect(cut(ofSize(64), []).map(({ kind }) => kind)).toEqual(['event'])
    expect(cut(ofSize(65), []).map(({ kind }) => kind)).toEqual(['too-large'])
  })

  it('may have comments inside an event, long ones too, without its suffering from them', () => {
    const text = 'data: a\n' + `: ${'c'.repeat(90)}\n`.repeat(3) + ':\n'.repeat(200) + 'data: b\n\n'
    expect(cut(Buffer.from(text), [])).toEqual([{ kind: 'event', id: null, event: null, data: 'a\nb' }])
  })

  it('are given up where an event does not end', () => {
    const bytes = createEventBytes(limits)
    expect([...bytes.push(Buffer.from(`id: 9-0\ndata: ${'x'.repeat(60)}`))]).toEqual([{ kind: 'too-large', id: '9-0' }])
    expect([bytes.isDiscarding(), bytes.isHopeless()]).toEqual([true, false])
    expect([...bytes.push(Buffer.from('data: x\n'.repeat(30)))]).toEqual([])
    expect(bytes.isHopeless()).toBe(true)
  })

  it('are given up where comments come without end, and not where events come between them', () => {
    const bytes = createEventBytes(limits)
    for (let i = 0; i < 30; i++) expect([...bytes.push(Buffer.from(`${': keepalive\n\n'.repeat(5)}data: ${i}\n\n`))]).toHaveLength(1)
    expect(bytes.isHopeless()).toBe(false)
    for (let i = 0; i < 30; i++) expect([...bytes.push(Buffer.from(': keepalive\n\n'))]).toEqual([])
    expect(bytes.isHopeless()).toBe(true)
  })
})
