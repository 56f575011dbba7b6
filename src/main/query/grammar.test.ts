import fc from 'fast-check'
import { expect, test } from 'vitest'
import { grow, validateGrammar, type Tree } from './grammar.ts'

const limits = { terms: 8, depth: 4 }

/** As it would be written with every parenthesis. */
function shown(tree: Tree | null): string {
  if (tree === null) return ''
  switch (tree.kind) {
    case 'all':
    case 'any':
      return `(${tree.of.map(shown).join(tree.kind === 'all' ? ' & ' : ' | ')})`
    case 'not':
      return `!${shown(tree.of)}`
    case 'words':
      return tree.value.isQuoted ? JSON.stringify(tree.value.text) : tree.value.text
    case 'field':
      return `${tree.name} ${tree.by} ${tree.value.isQuoted ? JSON.stringify(tree.value.text) : tree.value.text}`
  }
}

function read(text: string): string {
  const grown = grow(text, limits, () => null)
  return grown.kind === 'grown' ? shown(grown.tree) : `${grown.at}+${grown.length} ${grown.detail}`
}

test('the grammar has one reading for every text', () => {
  expect(validateGrammar).not.toThrow()
})

test.each([
  ['', ''],
  ['  one ', 'one'],
  ['one two', '(one & two)'],
  ['one AND two OR three', '((one & two) | three)'],
  ['one (two OR three)', '(one & (two | three))'],
  ['-one NOT two', '(!one & !two)'],
  ['--one', '!!one'],
  ['-(one two)', '!(one & two)'],
  ['one-two a-', '(one-two & a-)'],
  ['or and ORx "OR"', '(or & and & ORx & "OR")'],
  ['"two words', '"two words"'],
  [String.raw`"a \"b\" \\ \c"`, String.raw`"a \"b\" \\ \\c"`],
  ['confidence>=0.8', 'confidence >= 0.8'],
  ['confidence:>=0.8', 'confidence >= 0.8'],
  ['confidence=1', 'confidence = 1'],
  ['metadata.ip:10.0.0.1', 'metadata.ip : 10.0.0.1'],
  ['metadata.ünï-c.x_y:1', 'metadata.ünï-c.x_y : 1'],
  ['entity:arn:aws:iam::1:user/ci type:"a b"', '(entity : arn:aws:iam::1:user/ci & type : "a b")'],
  ['10.0.0.1:8080 T1110.001 a@b.c', '(10.0.0.1:8080 & T1110.001 & a@b.c)'],
  [':: - >=', '(:: & - & >=)'],
])('%j is read as %j', (text, tree) => {
  expect(read(text)).toBe(tree)
})

test.each([
  ['a OR', '2+2 Nothing stands behind this OR'],
  ['OR b', '0+2 Nothing stands before this OR'],
  ['a AND OR b', '6+2 Nothing stands before this OR'],
  ['NOT', '0+3 Nothing stands behind this NOT'],
  ['(a', '0+1 This parenthesis is never closed'],
  ['a (b (c)', '2+1 This parenthesis is never closed'],
  ['a) b', '1+1 This parenthesis closes one that was never opened'],
  ['a ()', '2+1 Nothing stands between these parentheses'],
  ['status:', '0+7 Nothing stands behind status:'],
  ['status: x', '0+7 Nothing stands behind status:'],
  ['(status:) x', '1+7 Nothing stands behind status:'],
  ['1 2 3 4 5 6 7 8 9', '16+1 A search may have 8 terms'],
  ['((((a))))', ''],
  ['(((((a)))))', '4+1 Parentheses and exclusions may be nested 4 deep'],
])('%j is refused at the character', (text, words) => {
  expect(read(text)).toContain(words === '' ? 'a' : words)
})

test('whatever is typed is read or refused within its own length', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '"',
    '-',
    'OR',
    'AND',
    'NOT',
    ':',
    '>=',
    'type:',
    'metadata.a',
    ' ',
    '\n',
    'a',
    '*',
    '\\',
    '\0',
    '\ud83d',
    'é',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 30 }).map((all) => all.join('')),
        fc.string({ unit: 'binary', maxLength: 40 }),
      ),
      (text) => {
        const grown = grow(text, limits, () => null)
        if (grown.kind === 'grown') return
        expect(grown.at).toBeGreaterThanOrEqual(0)
        expect(grown.at + grown.length).toBeLessThanOrEqual(text.length)
      },
    ),
    { numRuns: 2_000, seed: 20260301 },
  )
})
