import { expect, test } from 'vitest'
import type { Hook, HookDraft, HookId, HookSaved } from '../../shared/hooks.ts'
import { Hooks } from './hooks.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

const state = { waiting: 0, sent: 0, failed: 0, lastSentAt: null, trouble: null, nextTryAt: null }
const siem: Hook = { id: 1 as HookId, name: 'SIEM', url: 'https://siem.example.org/a', format: 'detection', isOn: true, state }
const settle = () => new Promise((resolve) => setTimeout(resolve))

async function start(kept: readonly Hook[] = [siem]) {
  const saved: HookDraft[] = []
  const main = createMemoryBridge({
    'hooks:list': () => kept,
    'hook:save': (draft): HookSaved => {
      saved.push(draft)
      if (draft.url === '') return { kind: 'refused', detail: 'Enter the whole address.' }
      return { kind: 'saved', hooks: [{ ...siem, name: draft.name, isOn: draft.isOn }], secret: draft.id === null ? 'whsec_made' : null }
    },
    'hook:remove': () => ({ kind: 'saved', hooks: [], secret: null }),
  })
  const hooks = new Hooks(main.bridge)
  await settle()
  return { hooks, main, saved }
}

test('what main pushes is what is shown', async () => {
  const { hooks, main } = await start()
  expect(hooks.list).toEqual([siem])
  main.push('hooks:changed', [{ ...siem, state: { ...state, waiting: 3, trouble: 'It does not answer.' } }])
  expect(hooks.list[0]?.state.waiting).toBe(3)
  hooks.stop()
  expect(main.listenerCount()).toBe(0)
})

test('a new one is saved without a secret of its own, and what was made for it is shown until the user has it', async () => {
  const { hooks, main, saved } = await start([])
  hooks.edit(null)
  hooks.change({ name: 'SIEM', url: siem.url, secret: '' })
  await hooks.save()
  expect(saved).toEqual([{ id: null, name: 'SIEM', url: siem.url, format: 'detection', isOn: true, secret: null }])
  expect([hooks.made, hooks.draft]).toEqual([[{ name: 'SIEM', secret: 'whsec_made' }], null])
  hooks.edit(null)
  hooks.change({ name: 'Chat', url: siem.url })
  main.handlers['hook:save'] = () => ({ kind: 'saved', hooks: [siem], secret: 'whsec_other' })
  await hooks.save()
  expect(
    hooks.made.map(({ name }) => name),
    'both are still to be taken',
  ).toEqual(['SIEM', 'Chat'])
  hooks.forgetMade('whsec_made')
  expect(hooks.made.map(({ name }) => name)).toEqual(['Chat'])
  hooks.forgetMade('whsec_other')
  expect(JSON.stringify(hooks.list)).not.toContain('whsec_made')
  expect(hooks.made).toEqual([])
})

test('what is written while it is being saved stays, and belongs to the one that was made', async () => {
  const { hooks, main } = await start([])
  const answer = later<HookSaved>()
  main.handlers['hook:save'] = () => answer.promise
  hooks.edit(null)
  hooks.change({ name: 'SIEM', url: siem.url })
  const saving = hooks.save()
  hooks.change({ name: 'SIEM of the night' })
  answer.resolve({ kind: 'saved', hooks: [siem], secret: null })
  await saving
  expect(hooks.draft).toMatchObject({ id: siem.id, name: 'SIEM of the night', url: siem.url })
  hooks.edit(siem)
  const another = hooks.save()
  hooks.edit(null)
  await another
  expect(hooks.draft).toMatchObject({ id: null, name: '' })
})

test('a new one that is begun while another is being saved is another one', async () => {
  const { hooks, main } = await start([])
  const answer = later<HookSaved>()
  main.handlers['hook:save'] = () => answer.promise
  hooks.edit(null)
  hooks.change({ name: 'SIEM', url: siem.url })
  const saving = hooks.save()
  hooks.close()
  hooks.edit(null)
  hooks.change({ name: 'Another' })
  answer.resolve({ kind: 'saved', hooks: [siem], secret: null })
  await saving
  expect(hooks.draft).toMatchObject({ id: null, name: 'Another' })
})

test('what is refused stays as it was written, and says why until it is changed', async () => {
  const { hooks } = await start()
  hooks.edit(siem)
  hooks.change({ url: '' })
  await hooks.save()
  expect([hooks.draft?.name, hooks.refused]).toEqual(['SIEM', 'Enter the whole address.'])
  hooks.change({ url: 'x' })
  expect(hooks.refused).toBeNull()
})

test('one is turned off without its secret being entered again, and removed', async () => {
  const { hooks, saved } = await start()
  await hooks.switch(siem)
  expect(saved[0]).toMatchObject({ id: 1, isOn: false, secret: null })
  expect(hooks.list[0]?.isOn).toBe(false)
  await hooks.remove(siem.id)
  expect(hooks.list).toEqual([])
})

test('one that is turned off while another is saved is turned off after it, and a second press saves nothing twice', async () => {
  const { hooks, main, saved } = await start()
  const answer = later<HookSaved>()
  const handler = main.handlers['hook:save']
  main.handlers['hook:save'] = (draft) => (draft.id === null ? (saved.push(draft), answer.promise) : handler!(draft))
  hooks.edit(null)
  hooks.change({ name: 'Another', url: 'https://b.example.org/' })
  const saving = hooks.save()
  await hooks.save()
  const turned = hooks.switch(siem)
  await settle()
  expect([saved.map(({ name }) => name), hooks.isWriting]).toEqual([['Another'], true])
  answer.resolve({ kind: 'saved', hooks: [siem], secret: null })
  await Promise.all([saving, turned])
  expect([saved.map(({ name, isOn }) => `${name} ${isOn}`), hooks.isWriting]).toEqual([['Another true', 'SIEM false'], false])
})

test('a test says what came of it, one at a time', async () => {
  const { hooks, main } = await start()
  const answer = later<{ kind: 'answered'; status: number; afterMs: number }>()
  main.handlers['hook:test'] = () => answer.promise
  const first = hooks.test(siem.id)
  await hooks.test(siem.id)
  answer.resolve({ kind: 'answered', status: 404, afterMs: 12 })
  await first
  expect(hooks.tested).toEqual({ id: 1, isGood: false, words: 'The sample was not taken: answered 404 after 12 ms.' })
  expect(main.asked.filter(({ name }) => name === 'hook:test')).toHaveLength(1)
  main.handlers['hook:test'] = () => ({ kind: 'answered', status: 200, afterMs: 3 })
  await hooks.test(siem.id)
  expect(hooks.tested).toMatchObject({ isGood: true })
})
