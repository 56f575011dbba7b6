import { createToken, EmbeddedActionsParser, Lexer, tokenMatcher, type IToken } from 'chevrotain'

/** What was typed, before anybody asks what the fields mean. Offsets are UTF-16 units of the text. */
export type Tree =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Tree[] }
  | { readonly kind: 'not'; readonly of: Tree }
  | { readonly kind: 'words'; readonly value: Value }
  | { readonly kind: 'field'; readonly name: string; readonly by: Operator; readonly at: number; readonly value: Value }

export type Operator = ':' | '>=' | '<=' | '>' | '<' | '='
export type Value = { readonly text: string; readonly isQuoted: boolean; readonly at: number; readonly length: number }

export type Grown =
  | { readonly kind: 'grown'; readonly tree: Tree | null }
  | {
      readonly kind: 'refused'
      readonly because: 'syntax' | 'too-many-terms' | 'too-deep'
      readonly at: number
      readonly length: number
      readonly detail: string
    }

const White = createToken({ name: 'White', pattern: /\s+/, line_breaks: true, group: Lexer.SKIPPED })
const Open = createToken({ name: 'Open', pattern: '(' })
const Close = createToken({ name: 'Close', pattern: ')' })
/** In capitals and alone, so that the words themselves can be looked for. */
const Or = createToken({ name: 'Or', pattern: /OR(?=[\s()"]|$)/ })
const And = createToken({ name: 'And', pattern: /AND(?=[\s()"]|$)/ })
const Not = createToken({ name: 'Not', pattern: /NOT(?=[\s()"]|$)/ })
/** Directly before what it excludes; a lone dash is a word that finds nothing to say. */
const Minus = createToken({ name: 'Minus', pattern: /-(?=[^\s)])/ })
/** No host and no sentence is named like these; what stands in them is found as words. */
const parts = 'meta|extra|triage|detection|trigger_content'
/**
 * A name and its operator, with nothing between: what follows is the value, whatever characters it has. Names in names are there only of
 * metadata, but others that look so are no words either, which would find nothing without a word. A host with a port behind it is one.
 */
const FieldName = createToken({
  name: 'FieldName',
  pattern: new RegExp(
    '(?:' +
      [
        'metadata\\.[^\\s:<>=()"]*',
        `(?:${parts})(?:\\.[a-z0-9_-]+)+(?=[:<>=])`,
        '[a-z][a-z_]*(?:\\.[a-z0-9_-]+)+(?=[<>=]|:(?![\\s()]|$|\\d{1,5}(?![^\\s()/?#*])))',
        '[a-z][a-z0-9_-]*',
      ].join('|') +
      ')(?::(?:>=|<=|>|<|=)?|>=|<=|>|<|=)',
    'i',
  ),
  push_mode: 'value',
})
/** A quote that is not closed yet reaches to the end: somebody is typing. */
const Quoted = createToken({ name: 'Quoted', pattern: /"(?:[^"\\]|\\[^])*(?:"|\\?$)/, line_breaks: true })
const Word = createToken({ name: 'Word', pattern: /[^\s()"]+/ })
const QuotedValue = createToken({
  name: 'QuotedValue',
  pattern: Quoted.PATTERN as RegExp,
  line_breaks: true,
  pop_mode: true,
  categories: [Quoted],
})
const WordValue = createToken({ name: 'WordValue', pattern: Word.PATTERN as RegExp, pop_mode: true, categories: [Word] })
/** Nothing stands behind the operator. Matches no character, so it is given a pattern of its own. */
const NoValue = createToken({ name: 'NoValue', pattern: /[\s()]/, line_breaks: true, pop_mode: true })

const lexer = new Lexer(
  {
    modes: {
      term: [White, Open, Close, Or, And, Not, Minus, FieldName, Quoted, Word],
      value: [QuotedValue, WordValue, NoValue],
    },
    defaultMode: 'term',
  },
  // `grammar.test.ts` validates; here it would cost every start, and needs a newer engine than the oldest we run on.
  { skipValidations: true, positionTracking: 'onlyOffset' },
)

class Refusal extends Error {
  readonly because: 'syntax' | 'too-many-terms' | 'too-deep'
  readonly at: number
  readonly length: number
  constructor(because: Refusal['because'], at: number, length: number, detail: string) {
    super(detail)
    this.because = because
    this.at = at
    this.length = length
  }
}

/** A name and what it is compared by; `:>=` is `>=`. */
function readField(image: string): { readonly name: string; readonly by: Operator } {
  const [, name = '', by = ':'] = /^(.*?)(:?(?:>=|<=|>|<|=)|:)$/s.exec(image) ?? []
  return { name, by: (by.length > 1 && by.startsWith(':') ? by.slice(1) : by) as Operator }
}

class QueryParser extends EmbeddedActionsParser {
  terms = 0
  depth = 0
  limits = { terms: 0, depth: 0 }

  constructor(skipValidations: boolean) {
    super([Open, Close, Or, And, Not, Minus, FieldName, Quoted, Word, QuotedValue, WordValue, NoValue], {
      skipValidations,
      maxLookahead: 1,
    })
    this.performSelfAnalysis()
  }

  any = this.RULE('any', (): Tree => {
    const of = [this.SUBRULE(this.all)]
    this.MANY(() => {
      this.CONSUME(Or)
      of.push(this.SUBRULE2(this.all))
    })
    return of.length === 1 ? (of[0] as Tree) : { kind: 'any', of }
  })

  all = this.RULE('all', (): Tree => {
    const of = [this.SUBRULE(this.one)]
    this.MANY(() => {
      this.OPTION(() => this.CONSUME(And))
      of.push(this.SUBRULE2(this.one))
    })
    return of.length === 1 ? (of[0] as Tree) : { kind: 'all', of }
  })

  one = this.RULE('one', (): Tree =>
    this.OR([
      {
        ALT: () => {
          this.OR2([{ ALT: () => this.CONSUME(Not) }, { ALT: () => this.CONSUME(Minus) }])
          return { kind: 'not' as const, of: this.deeper(() => this.SUBRULE(this.one)) }
        },
      },
      {
        ALT: () => {
          this.CONSUME(Open)
          const inside = this.deeper(() => this.SUBRULE(this.any))
          this.CONSUME(Close)
          return inside
        },
      },
      { ALT: () => this.SUBRULE(this.field) },
      { ALT: () => ({ kind: 'words' as const, value: this.SUBRULE(this.value) }) },
    ]),
  )

  field = this.RULE('field', (): Tree => {
    const name = this.CONSUME(FieldName)
    const value = this.SUBRULE(this.value)
    return this.ACTION(() => {
      return { kind: 'field', ...readField(name.image), at: name.startOffset, value }
    })
  })

  value = this.RULE('value', (): Value => {
    const token = this.OR([{ ALT: () => this.CONSUME(Quoted) }, { ALT: () => this.CONSUME(Word) }])
    return this.ACTION(() => {
      this.terms += 1
      const length = token.image.length
      if (this.terms > this.limits.terms)
        throw new Refusal('too-many-terms', token.startOffset, length, `A search may have ${this.limits.terms} terms. Leave some out.`)
      const isQuoted = tokenMatcher(token, Quoted)
      return { text: isQuoted ? unquote(token.image) : token.image, isQuoted, at: token.startOffset, length }
    })
  })

  deeper(rule: () => Tree): Tree {
    this.ACTION(() => {
      this.depth += 1
      if (this.depth > this.limits.depth) {
        const { startOffset, image } = this.LA(0)
        throw new Refusal(
          'too-deep',
          startOffset,
          image.length,
          `Parentheses and exclusions may be nested ${this.limits.depth} deep. Take some away.`,
        )
      }
    })
    const inside = rule()
    this.ACTION(() => (this.depth -= 1))
    return inside
  }
}

const parser = new QueryParser(true)

/** Only for the test that the grammar has no ambiguity. Throws where it has. */
export function validateGrammar(): void {
  new QueryParser(false)
}

/** What could be written for a field that has no value, such as `status:ongoing`; null where nobody knows the field. */
export type ExampleOf = (name: string, by: Operator) => string | null

/** Never throws for a text; null is the tree of nothing but white space. */
export function grow(text: string, limits: { readonly terms: number; readonly depth: number }, exampleOf: ExampleOf): Grown {
  const { tokens } = lexer.tokenize(text)
  if (tokens.length === 0) return { kind: 'grown', tree: null }
  parser.terms = 0
  parser.depth = 0
  parser.limits = limits
  parser.input = tokens
  try {
    const tree = parser.any()
    const [error] = parser.errors
    return error === undefined ? { kind: 'grown', tree } : refuse(text, tokens, error.token, exampleOf)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { kind: 'refused', because: error.because, at: error.at, length: error.length, detail: error.message }
  }
}

/** Says what is wrong by the token where the grammar gave up, and by the one before it. */
function refuse(text: string, tokens: readonly IToken[], found: IToken, exampleOf: ExampleOf): Grown {
  const isEnd = Number.isNaN(found.startOffset) || found.tokenType.name === 'EOF'
  const at = isEnd ? text.length : found.startOffset
  const before = isEnd ? tokens.at(-1) : tokens[tokens.indexOf(found) - 1]
  const refused = (detail: string, place: { at: number; length: number } = { at, length: isEnd ? 0 : found.image.length }): Grown => ({
    kind: 'refused',
    because: 'syntax',
    ...place,
    detail,
  })
  const here = before === undefined ? { at: 0, length: 0 } : { at: before.startOffset, length: before.image.length }
  if (before !== undefined && tokenMatcher(before, FieldName)) {
    const { name, by } = readField(before.image)
    const example = exampleOf(name, by)
    const such = example === null ? '' : `, such as ${example}`
    return refused(`Nothing stands behind ${before.image} Write the value directly behind it${such}, in quotes if it has spaces.`, here)
  }
  if (found.tokenType === Close) {
    if (before !== undefined && before.tokenType === Open)
      return refused('Nothing stands between these parentheses. Put something in, or take them away.', here)
    if (before === undefined || ![Or, And, Not].includes(before.tokenType))
      return refused('This parenthesis closes one that was never opened. Take it away, or put it in quotes to look for it.')
  }
  if (found.tokenType === Or || found.tokenType === And)
    return refused(`Nothing stands before this ${found.image}. To look for the word itself, put it in quotes or write it small.`)
  if (before !== undefined && [Or, And, Not].includes(before.tokenType))
    return refused(`Nothing stands behind this ${before.image}. To look for the word itself, put it in quotes or write it small.`, here)
  if (isEnd) {
    const open = openOf(tokens)
    return refused('This parenthesis is never closed. Close it, or put it in quotes to look for it.', {
      at: open?.startOffset ?? at,
      length: 1,
    })
  }
  return refused(`This was not expected here: ${found.image}. Put it in quotes to look for it.`)
}

function openOf(tokens: readonly IToken[]): IToken | undefined {
  const open: IToken[] = []
  for (const token of tokens) {
    if (token.tokenType === Open) open.push(token)
    else if (token.tokenType === Close) open.pop()
  }
  return open.at(-1)
}

function unquote(image: string): string {
  const isClosed = image.length > 1 && /^"(?:[^"\\]|\\[^])*"$/.test(image)
  return image.slice(1, isClosed ? -1 : undefined).replace(/\\(["\\])/g, '$1')
}
