import { expect, test } from 'vitest'
import { positiveNumber, shortText, wholeNumber } from './options.ts'

test('a count is a whole number within its bounds', () => {
  const count = wholeNumber(1, 1_000_000)
  expect(['1', '20', '1000000'].map(count)).toEqual([1, 20, 1_000_000])
  for (const text of ['0', '1000001', '-1', '1.5', '1e3', '0x10', '', ' 1', '9'.repeat(40), 'NaN']) {
    expect(() => count(text)).toThrow('from 1 to 1,000,000')
  }
})

test('a rate is a number above 0', () => {
  expect(['1', '0.5', '.25', '1000'].map(positiveNumber)).toEqual([1, 0.5, 0.25, 1000])
  for (const text of ['0', '0.0', '-1', 'fast', '', 'Infinity', '1e9', '9'.repeat(400)])
    expect(() => positiveNumber(text)).toThrow('above 0')
})

test('a text is there and bounded', () => {
  expect(shortText('seed')).toBe('seed')
  for (const text of ['', 'x'.repeat(201)]) expect(() => shortText(text)).toThrow('1 to 200')
})
