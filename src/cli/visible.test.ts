import { expect, test } from 'vitest'
import { fit, table, visible, visibleJson, widthOf } from './visible.ts'

const hostile = 'a\u001b[31mb\u009b2Jc\u202ed\u2066e\u200bf\u2028g\u0007h\r\ni\ud800j\ufeffk'

test('nothing that a terminal obeys or hides survives, and everything else does', () => {
  expect(visible(hostile)).toBe('a\\u{1b}[31mb\\u{9b}2Jc\\u{202e}d\\u{2066}e\\u{200b}f\\u{2028}g\\u{7}h\\u{d}\\u{a}i\\u{d800}j\\u{feff}k')
  expect(visible('Zoë 佐藤 حداد 🌴')).toBe('Zoë 佐藤 حداد 🌴')
})

test('JSON is made visible and still reads back as the same value', () => {
  const value = { [hostile]: [hostile, '🌴', '\u{e0041}', null] }
  const text = visibleJson(value)
  expect(JSON.parse(text)).toEqual(value)
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})

test('columns line up whatever the width of their characters', () => {
  const columns = [
    { title: 'NAME', most: 8 },
    { title: 'N', most: 3 },
  ]
  const lines = table(columns, [
    ['佐藤', '1'],
    ['e\u0301', '22'],
    ['much too long', '4'],
  ]).split('\n')
  expect(lines).toEqual(['NAME      N', '佐藤      1', 'e\u0301         22', 'much to…  4', ''])
})

test('what is cut says so and never exceeds its width', () => {
  expect(fit('12345', 5)).toBe('12345')
  expect(fit('123456', 5)).toBe('1234…')
  expect(widthOf(fit('佐藤花子', 4))).toBeLessThanOrEqual(4)
})
