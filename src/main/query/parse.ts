import { fold, longestQuery, mostWords } from './query.ts'
import type { Parsed, Query } from './query.ts'

/** Words, and phrases in double quotes; a quote that is never closed reaches to the end. Never throws. */
export function parse(text: string): Parsed {
  if (text.length > longestQuery) {
    return {
      kind: 'refused',
      because: 'too-long',
      detail: `A search may have ${longestQuery} characters; this one has ${text.length}. Shorten it.`,
    }
  }
  const words: Query[] = []
  for (const [, phrase, word] of text.matchAll(/"([^"]*)"?|([^\s"]+)/gu)) {
    // Fields are joined by line breaks where they are searched, so that nothing may match across two of them.
    const wanted = fold((phrase ?? word ?? '').replace(/\s+/gu, ' ').trim())
    if (wanted !== '') words.push({ kind: 'words', text: wanted })
  }
  if (words.length > mostWords) {
    return {
      kind: 'refused',
      because: 'too-many-words',
      detail: `A search may have ${mostWords} words; this one has ${words.length}. Leave some out, or put them in double quotes as a phrase.`,
    }
  }
  return { kind: 'parsed', query: { kind: 'all', of: words } }
}
