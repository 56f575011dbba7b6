import { expect, test } from 'vitest'
import { startTroubleWords, type StartTrouble } from './start-trouble.ts'

const newer: StartTrouble = { kind: 'history-newer', detail: 'Nothing was changed in /p/history.db.' }
const troubles: readonly (readonly [string, StartTrouble, string])[] = [
  ['a newer history', newer, 'Tocsin cannot open this history: a newer version wrote it'],
  ['a damaged history', { kind: 'history-damaged', detail: 'Page 7 is malformed.' }, 'Tocsin cannot open this history: it is damaged'],
  ['a profile it may not use', { kind: 'profile-unusable', detail: 'EACCES' }, 'Tocsin cannot use its profile folder'],
  ['anything else', { kind: 'unexpected', detail: 'SQLITE_CANTOPEN' }, 'Tocsin could not start'],
]

test.each(troubles)('%s: what happened is the title, the details and the next step are the text', (_what, trouble, expected) => {
  const { title, text } = startTroubleWords(trouble)
  expect(title).toBe(expected)
  expect(text).toContain(trouble.detail)
  expect(text).toMatch(/--user-data FOLDER|tocsin\.log/)
})

test('the words hold no control character of a path', () => {
  expect(startTroubleWords({ kind: 'profile-unusable', detail: '/p\u001b[31m' }).text).not.toContain('\u001b')
})
