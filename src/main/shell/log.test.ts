import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog, whereabouts } from './log.ts'

let profile: string
beforeEach(() => {
  profile = mkdtempSync(join(tmpdir(), 'tocsin-log-'))
})
afterEach(() => rmSync(profile, { recursive: true, force: true }))
const text = (): string => readFileSync(join(profile, 'tocsin.log'), 'utf8')

test('writes one line each, with time and level', () => {
  const log = createLog(profile)
  log.info('listening on port 4000')
  log.warn('a line\nthat breaks')
  expect(text()).toMatch(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] \[info\] +listening on port 4000\n\[.+\] \[warn\] +a line that breaks\n$/)
})

test('writes class, code and place of an error, never its message', () => {
  const log = createLog(profile)
  const error = Object.assign(new TypeError('the payload eyJhbGciOi\n    at payload (secret.js:1:1)'), { code: 'SQLITE_FULL' })
  log.error('keep failed', error)
  expect(text()).toMatch(/keep failed: TypeError SQLITE_FULL at .+log\.test\.ts/)
  expect(text()).not.toMatch(/eyJhbGciOi|secret\.js/)
})

test('what was thrown and is no error is named by its type only', () => {
  expect(whereabouts('secret')).toBe('a thrown string')
  expect(whereabouts(null)).toBe('a thrown null')
})

test.skipIf(process.platform === 'win32')('is private, even where the file was there before', () => {
  const path = join(profile, 'tocsin.log')
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  createLog(profile).info('x')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('takes at most 1 MiB and one older file, whatever is written', () => {
  const log = createLog(profile)
  for (let index = 0; index < 2_000; index += 1) log.info('x'.repeat(10_000))
  expect(readdirSync(profile).sort()).toEqual(['tocsin.log', 'tocsin.old.log'])
  for (const file of readdirSync(profile)) {
    expect(statSync(join(profile, file)).size).toBeLessThan(1_048_576 + 10_000)
    if (process.platform !== 'win32') expect(statSync(join(profile, file)).mode & 0o777).toBe(0o600)
  }
})
