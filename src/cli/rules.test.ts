import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { historyFile, prepareProfile } from '../main/profile.ts'
import { ruleOf } from '../main/rules/test-support.ts'
import { at, content, start, testStore, trusted } from '../main/store/test-support.ts'
import { listRules, tryRule } from './rules.ts'

function profile() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  prepareProfile(folder)
  const store = testStore({ file: historyFile(folder) })
  const out: string[] = []
  const said: string[] = []
  const context = {
    profile: folder,
    write: async (text: string) => void out.push(text),
    say: (text: string) => void said.push(text),
    now: () => start + 60_000,
  }
  return { store, context, out, said }
}

test('rules are listed in their order, with what is muted and suppressed', async () => {
  const { store, context, out, said } = profile()
  store.rules.save(ruleOf('', { name: 'Nights', action: 'silence', hours: { days: [1, 5], from: 1_320, to: 360 } }))
  store.rules.save(ruleOf('kind:threat', { name: 'Over\u001b[2J', expiresAt: at(30) }))
  store.rules.addMute({ of: { kind: 'field', field: 'type', value: 'MissingMFA' }, until: at(3_600) }, start)
  store.rules.addSuppression({ query: 'type:Noise', reason: 'a scanner', expiresAt: at(3_600) }, start)
  expect(await listRules(context, { json: false })).toBe(0)
  expect(out.join('')).toMatch(
    /1 +Nights +silence +\(everything\) +Mon Fri 22:00-06:00 +- +on\n2 +Over\\u\{1b\}\[2J +notify +kind:threat .* over\n$/,
  )
  expect(said.join('\n')).toContain('type:Noise (a scanner)')
  expect(said.join('\n')).toContain('type MissingMFA')
  out.length = 0
  await listRules(context, { json: true })
  expect(JSON.parse(out.join(''))).toMatchObject({ rules: [{ name: 'Nights' }, { name: 'Over\u001b[2J' }], broken: [] })
})

test('a rule is tried behind those that are saved, and nothing is changed', async () => {
  const { store, context, out } = profile()
  store.keeper.keep([trusted(content({ id: 'a', type: 'Noise', confidence: 0.1 })), trusted(content({ id: 'b', confidence: 0.9 }))])
  expect(await tryRule(context, { query: 'type:Noise', action: 'silence', json: false })).toBe(0)
  expect(out.join('')).toMatch(/\nall +1 +1 +0 +1 +1 +0 +1 +1\n/)
  expect(out.join('')).toContain('It finds 1 of 2 changes, and 1 would have been told otherwise.')
  expect(out.join('')).toContain('Noise of 00u1: quiet (rule), not notified')
  expect(store.rules.read().rules).toEqual([])
})

test('a rule that finds everything is said, and one that cannot be read is marked', async () => {
  const { store, context, said } = profile()
  store.keeper.keep([trusted(content())])
  await tryRule(context, { query: '', action: 'silence', json: false })
  expect(said.join('\n')).toContain('It finds everything')
  said.length = 0
  expect(await tryRule(context, { query: 'a colour:red', action: 'silence', json: false })).toBe(2)
  expect(said.slice(1)).toEqual(['  a colour:red', '    ^^^^^^'])
})
