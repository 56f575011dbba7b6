import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeMarkup, noteText, plain } from './plain-text.ts'

describe('plain text', () => {
  test('keeps ordinary text of any script, and emoji', () => {
    for (const text of ['okta_user 00u1 · confidence 0.93', 'Détection à Zürich', '検知', 'كشف', '🔔 bell'])
      expect(plain(text, 80)).toBe(text)
  })

  test('makes line breaks a space and other controls visible', () => {
    expect(plain('a\r\nb\tc', 80)).toBe('a b c')
    expect(plain('a\u0000\u0007\u001bb', 80)).toBe('a\u{fffd}b')
  })

  test.each(['\u202e', '\u2066', '\u200b', '\u200f', '\u2028', '\ufeff', '\u{e0041}', '\ud800'])('neutralises %j', (hostile) => {
    expect(plain(`a${hostile}b`, 80)).toBe('a\u{fffd}b')
  })

  test('cuts at the limit and says so', () => {
    expect(plain('x'.repeat(80), 80)).toBe('x'.repeat(80))
    expect(plain('x'.repeat(81), 80)).toBe(`${'x'.repeat(79)}…`)
    expect(plain('🔔'.repeat(81), 80)).toBe(`${'🔔'.repeat(79)}…`)
    expect(plain('🔔'.repeat(80), 80)).toBe('🔔'.repeat(80))
  })

  test('of any text is one bounded line without a control, a format or a lone surrogate', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 1, max: 100 }), (text, limit) => {
        const out = plain(text, limit)
        expect([...out].length).toBeLessThanOrEqual(limit)
        expect(out).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('the text of a note', () => {
  const hostile = { title: 'A <b>bold</b> title', body: '<a href="http://evil">x</a> & \'y\'' }

  test('has its body escaped on Linux, where it is markup; a title is never markup', () => {
    expect(noteText(hostile, 'linux')).toEqual({
      title: 'A <b>bold</b> title',
      body: '&lt;a href=&quot;http://evil&quot;&gt;x&lt;/a&gt; &amp; &#39;y&#39;',
    })
  })

  test('is left as it is where the desktop takes plain text', () => {
    expect(noteText(hostile, 'darwin')).toEqual(hostile)
  })

  test('is cut before it is escaped, so that no entity is cut in two', () => {
    const { title, body } = noteText({ title: 'x'.repeat(200), body: '<'.repeat(500) }, 'linux')
    expect([...title]).toHaveLength(120)
    expect(body).toBe(`${'&lt;'.repeat(399)}…`)
  })

  test('of any text holds no markup on Linux', () => {
    const markup = /[<>"']|&(?!(amp|lt|gt|quot|#39);)/
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'<>&"\'a;') }), (text) => !markup.test(escapeMarkup(text))))
  })
})
