import { describe, expect, test } from 'vitest'
import { complete, typedAt, type Typed } from './completion.ts'

/** The caret stands at the bar. */
function at(marked: string): Typed | null {
  return typedAt(marked.replace('|', ''), marked.indexOf('|'))
}

function completed(marked: string, value: string): string {
  const text = marked.replace('|', '')
  const typed = at(marked)
  if (typed === null) throw new Error('nothing can be completed there')
  const { text: next, caret } = complete(text, typed, value)
  return `${next.slice(0, caret)}|${next.slice(caret)}`
}

describe('at the caret', () => {
  test.each<readonly [string, Partial<Typed> | null]>([
    ['|', { kind: 'nothing', at: 0 }],
    ['kind:threat |', { kind: 'nothing', at: 12 }],
    ['ty|', { kind: 'field', begins: 'ty', at: 0, length: 2 }],
    ['-ty|', { kind: 'field', begins: 'ty', at: 1 }],
    ['(so|', { kind: 'field', begins: 'so', at: 1 }],
    ['t|ype last:7d', { kind: 'field', begins: 't', at: 0, length: 4 }],
    ['type:|', { kind: 'value', field: 'type', begins: '', at: 5, length: 0 }],
    ['type:Cred| last:7d', { kind: 'value', field: 'type', begins: 'Cred', at: 5, length: 4 }],
    ['type:"Missing M|', { kind: 'value', field: 'type', begins: 'Missing M', at: 5, length: 10 }],
    ['metadata.ip:1|', { kind: 'value', field: 'metadata.ip', begins: '1' }],
    ['"a phrase|', null],
    ['confidence:>=0.|', null],
    ['confidence>=0.|', null],
    ['10.0|', null],
  ])('of %s', (marked, typed) => {
    if (typed === null) expect(at(marked)).toBeNull()
    else expect(at(marked)).toMatchObject(typed)
  })
})

describe('what is completed', () => {
  test.each([
    ['ty|', 'type', 'type:|'],
    ['kind:threat -so|', 'source', 'kind:threat -source:|'],
    ['type:Cr|', 'CredentialStuffingAttempt', 'type:CredentialStuffingAttempt |'],
    ['type:Cr| last:7d', 'X', 'type:X |last:7d'],
    ['type:"Mis|', 'Missing "MFA"', 'type:"Missing \\"MFA\\"" |'],
    ['(type:a|)', 'abc', '(type:abc)|'],
  ])('%s to %s', (marked, value, result) => expect(completed(marked, value)).toBe(result))
})
