import { describe, expect, test } from 'vitest'
import { isPlain, toSegments, toVisible } from './safe-text.ts'

describe('text of a sender', () => {
  test('is left alone when nothing in it is hidden', () => {
    expect(toSegments('okta_user 00u1 <img src=x> مرحبا')).toEqual([{ kind: 'text', text: 'okta_user 00u1 <img src=x> مرحبا' }])
    expect(toSegments('')).toEqual([])
  })

  test.each([
    ['a right-to-left override', 'adm\u202enimda', 'adm⟨RLO⟩nimda'],
    ['a zero-width space', 'ad\u200bmin', 'ad⟨ZWSP⟩min'],
    ['a line break', 'one\ntwo', 'one⟨↵⟩two'],
    ['a terminal escape', '\u001b[31mred', '⟨U+001B⟩[31mred'],
    ['a no-break space', 'a\u00a0b', 'a⟨U+00A0⟩b'],
    ['a tag character', 'x\u{e0041}', 'x⟨U+E0041⟩'],
    ['a lone surrogate', 'x\ud800y', 'x⟨U+D800⟩y'],
    ['an isolate', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['a joiner between letters', 'a\u200db', 'a⟨U+200D⟩b'],
    ['one space', ' ', '⟨U+0020⟩'],
    ['a few spaces', '  ', '⟨U+0020⟩⟨U+0020⟩'],
    ['nothing but spaces', ' '.repeat(40), '⟨U+0020 × 40⟩'],
    ['a filler that looks empty', '\u3164', '⟨U+3164⟩'],
  ])('shows %s', (_what, text, visible) => {
    expect(toVisible(text)).toBe(visible)
  })

  test('keeps an emoji family whole', () => {
    expect(toSegments('👩‍👧 ❤️')).toEqual([{ kind: 'text', text: '👩‍👧 ❤️' }])
  })

  test('is cut in an accessible name, and says so', () => {
    expect(toVisible('x'.repeat(400), 10)).toBe('xxxxxxxxxx…')
  })
})

test('a text is plain where it is one segment, as it came', () => {
  for (const text of ['CredentialStuffing', 'a b', 'größe', 'a\u200bb', '\u202eabc', '   ', 'two\nlines', 'عربي'])
    expect(isPlain(text)).toBe(JSON.stringify(toSegments(text)) === JSON.stringify([{ kind: 'text', text }]))
})
