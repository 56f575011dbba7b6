import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { staleMs } from '../notify/notify.ts'
import { openStore } from '../store/store.ts'
import { temporaryFile } from '../store/test-support.ts'
import type { CrashStep } from './crash-program.ts'

const program = fileURLToPath(new URL('./crash-program.ts', import.meta.url))
const begin = Date.parse('2026-03-01T08:00:00.000Z')

function setUp() {
  const file = temporaryFile()
  const shownFile = join(file, '..', 'shown.txt')
  /** Answers how it ended. */
  function run(step: CrashStep, ids: readonly string[], at = begin): string | number | null {
    const { signal, status, stderr } = spawnSync(process.execPath, [program, file, shownFile, String(at), step, ...ids], {
      encoding: 'utf8',
    })
    expect(stderr.replace(/.*ExperimentalWarning.*\n.*\n/g, '')).toBe('')
    return signal ?? status
  }
  const shown = () => (existsSync(shownFile) ? readFileSync(shownFile, 'utf8').trim().split('\n') : [])
  function read<T>(question: (store: Extract<ReturnType<typeof openStore>, { kind: 'opened' }>['store']) => T): T {
    const opened = openStore({ file, contentOf: () => null, now: () => begin, readOnly: true })
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    const answer = question(opened.store)
    opened.store.close()
    return answer
  }
  const said = () =>
    read((store) =>
      store.notificationLog
        .page({ filter: 'all', notification: null, before: null, limit: 100 })
        .lines.map(({ key, said }) => [key.id, said.kind === 'quiet' ? said.because : said.isCertain]),
    )
  return { run, shown, said, read }
}

// Programs are started and ended over and over.
describe('a crash', { timeout: 60_000 }, () => {
  test('before it is written that it is about to be told: it is told after the next start, once', () => {
    const { run, shown, said } = setUp()
    expect(run('kept', ['a'])).toBe('SIGKILL')
    expect([shown(), said()]).toEqual([[], []])
    expect(run('none', [], begin + 60_000)).toBe(0)
    expect(run('none', [], begin + 120_000)).toBe(0)
    expect(shown()).toHaveLength(1)
    expect(said()).toEqual([['a', true]])
  })

  test.each([
    ['intended', 0],
    ['shown', 1],
  ] as const)('when it is %s: it is never told twice, and it is said that it is not certain', (step, times) => {
    const { run, shown, said } = setUp()
    expect(run(step, ['a'])).toBe('SIGKILL')
    expect(run('none', ['b'], begin + 60_000)).toBe(0)
    expect(shown().filter((line) => line.includes('okta_user a'))).toHaveLength(times)
    expect(shown().at(-1)).toMatch(/^2 CredentialStuffingAttempt · okta_user b/)
    expect(said()).toEqual([
      ['b', true],
      ['a', false],
    ])
  })

  test('when all of it is written: nothing is told again', () => {
    const { run, shown, said } = setUp()
    expect(run('told', ['a'])).toBe('SIGKILL')
    expect(run('none', [], begin + 60_000)).toBe(0)
    expect(shown()).toHaveLength(1)
    expect(said()).toEqual([['a', true]])
  })

  test('of several, and of the start that was to tell them: they are told once, in one note', () => {
    const { run, shown, said } = setUp()
    expect(run('kept', ['a', 'b', 'c'])).toBe('SIGKILL')
    expect(run('kept', [], begin + 1_000)).toBe('SIGKILL')
    expect(shown()).toEqual([])
    expect(run('none', [], begin + 2_000)).toBe(0)
    expect(shown()).toHaveLength(1)
    expect(shown()[0]).toContain('3 detections')
    expect(said().map(([, isCertain]) => isCertain)).toEqual([true, true, true])
  })

  test('too long ago: nothing is told, and it is among what happened', () => {
    const { run, shown, said, read } = setUp()
    expect(run('kept', ['a'])).toBe('SIGKILL')
    expect(run('none', [], begin + staleMs + 60_000)).toBe(0)
    expect(shown()).toEqual([])
    expect(said()).toEqual([['a', 'stale']])
    const asked = { since: new Date(begin - 1).toISOString(), until: new Date(begin + 1e7).toISOString(), after: null }
    const { digest } = read((store) => store.digest(asked as Parameters<typeof store.digest>[0]))
    expect(digest.threats.map(({ key }) => key.id)).toEqual(['a'])
    expect(digest.quiet).toEqual([{ because: 'stale', count: 1 }])
  })
})
