import { expect, test } from 'vitest'
import type { InletDraft, InletId, Tested, WaysIn } from '../../shared/inlets.ts'
import { createMemoryBridge, inletOf, later, waysOf } from './memory-bridge.ts'
import { Ways } from './ways.svelte.ts'

const settle = () => new Promise((done) => setTimeout(done, 0))
const relay = inletOf('relay:aaaaaaaa')
const before = waysOf([relay])
const after = waysOf([{ ...relay, name: 'Renamed' }])
const draft: InletDraft = {
  id: relay.id,
  draft: { kind: 'relay', name: 'Renamed', url: 'https://relay.test', address: null },
  secret: 's3cret',
}
const passed: Tested = { steps: [{ step: 'arrived', kind: 'passed', detail: '', afterMs: 12 }], isWhole: true }

test('a push wins over an older answer', async () => {
  const answer = later<WaysIn>()
  const main = createMemoryBridge({ 'ways:read': () => answer.promise })
  const ways = new Ways(main.bridge, () => 0)
  main.push('ways:changed', after)
  answer.resolve(before)
  await settle()
  expect(ways.get(relay.id)?.name).toBe('Renamed')
  ways.stop()
  expect(main.listenerCount()).toBe(0)
})

test('what is saved shows at once, forgets its test, and keeps no secret', async () => {
  const main = createMemoryBridge({
    'ways:read': () => before,
    'inlet:test': () => passed,
    'inlet:save': () => ({ kind: 'saved', id: relay.id, ways: after }),
  })
  const ways = new Ways(main.bridge, () => 7)
  await settle()
  await ways.test(relay.id)
  expect(ways.testOf(relay.id)).toEqual({ kind: 'tested', tested: passed, at: 7 })
  expect(await ways.save(draft)).toEqual({ kind: 'saved', id: relay.id })
  expect([ways.nameOf(relay.id), ways.testOf(relay.id)]).toEqual(['Renamed', null])
  expect(JSON.stringify([ways.value, ways.inlets])).not.toContain('s3cret')
})

test('a refusal is handed on in its own words, and one without an answer in ours', async () => {
  const main = createMemoryBridge({ 'ways:read': () => before, 'inlet:save': () => ({ kind: 'refused', detail: 'No https.' }) })
  const ways = new Ways(main.bridge, () => 0)
  expect(await ways.save(draft)).toEqual({ kind: 'refused', detail: 'No https.' })
  main.handlers['inlet:save'] = () => Promise.reject(new Error(''))
  expect(await ways.save(draft)).toEqual({ kind: 'refused', detail: 'The app did not answer.' })
})

test('one thing at a time is done with a way in, and what failed is said until the next', async () => {
  const answer = later<WaysIn>()
  const main = createMemoryBridge({ 'ways:read': () => before, 'inlet:switch': () => answer.promise, 'inlet:reconnect': () => after })
  const ways = new Ways(main.bridge, () => 0)
  await settle()
  const switching = ways.switch(relay.id, false)
  expect([ways.isBusy(relay.id), await ways.reconnect(relay.id)]).toEqual([true, false])
  answer.reject(new Error('gone'))
  expect([await switching, ways.isBusy(relay.id), ways.troubleOf(relay.id)]).toEqual([false, false, 'gone'])
  expect([await ways.reconnect(relay.id), ways.troubleOf(relay.id), ways.nameOf(relay.id)]).toEqual([true, null, 'Renamed'])
})

test('a way in is tested once at a time', async () => {
  const answer = later<Tested>()
  const main = createMemoryBridge({ 'ways:read': () => before, 'inlet:test': () => answer.promise })
  const ways = new Ways(main.bridge, () => 0)
  const tests = [ways.test(relay.id), ways.test(relay.id)]
  expect(ways.testOf(relay.id)).toEqual({ kind: 'testing' })
  answer.reject(new Error('no answer'))
  await Promise.all(tests)
  expect(ways.testOf(relay.id)).toEqual({ kind: 'failed', detail: 'no answer' })
  expect(main.asked.filter(({ name }) => name === 'inlet:test')).toHaveLength(1)
})

test('a tunnel that is refused is said, and starting it anew takes the words away', async () => {
  const main = createMemoryBridge({
    'ways:read': () => before,
    'tunnel:save': () => ({ kind: 'refused', detail: 'Not run.' }),
    'tunnel:restart': () => after,
  })
  const ways = new Ways(main.bridge, () => 0)
  expect([await ways.saveTunnel({ kind: 'cloudflared' }), ways.tunnelTrouble]).toEqual([false, 'Not run.'])
  expect([await ways.restartTunnel(), ways.tunnelTrouble, ways.isTunnelBusy]).toEqual([true, null, false])
})

test('one that was removed is called by its kind', async () => {
  const ways = new Ways(createMemoryBridge({ 'ways:read': () => before }).bridge, () => 0)
  await settle()
  expect(ways.nameOf('gosmee:bbbbbbbb' as InletId)).toBe('gosmee')
})

test('an address counts where it leads to detections that are signed', async () => {
  const main = createMemoryBridge({ 'ways:read': () => waysOf([inletOf('unsigned', { address: 'https://x.test/u' }), relay]) })
  const ways = new Ways(main.bridge, () => 0)
  await settle()
  expect(ways.hasAddress).toBe(false)
  main.push('ways:changed', waysOf([{ ...relay, address: 'https://relay.test/in/x' }]))
  expect(ways.hasAddress).toBe(true)
})
