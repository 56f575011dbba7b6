import { describe, expect, test } from 'vitest'
import { fieldWord, sizeWord, valueWord } from './words.ts'

describe('words for what changed', () => {
  test('a field we have no word for keeps its own name', () => {
    expect(fieldWord('trackingStatus')).toBe('tracking at SlashID')
    expect(fieldWord('blast_radius')).toBe('blast_radius')
    expect(fieldWord('toString')).toBe('toString')
  })

  test.each([
    [null, 'nothing'],
    ['', 'empty text'],
    [0.93, '0.93'],
    [['TA0006', 'TA0001'], 'TA0006, TA0001'],
    [[], 'nothing'],
    [{ a: [1] }, '{"a":[1]}'],
  ])('%j reads as %s', (value, words) => {
    expect(valueWord(value)).toBe(words)
  })

  test('sizes have a unit', () => {
    expect(sizeWord(812)).toBe('812 bytes')
    expect(sizeWord(2048)).toBe('2.0 KiB')
  })
})
