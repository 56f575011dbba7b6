import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Entities } from './entities.svelte.ts'
import { startOf } from './location.ts'
import { createMemoryBridge } from './memory-bridge.ts'
import { Navigation, type Address } from './navigation.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** As a page keeps its addresses: what is written after going back takes the place of what was ahead. */
function createHistory(first: string) {
  let addresses = [first]
  let at = 0
  let changed = () => {}
  const address: Address = {
    read: () => addresses[at] ?? '',
    write(next, how) {
      if (how === 'push') at += 1
      addresses = [...addresses.slice(0, at), next]
    },
    listen(listener) {
      changed = listener
      return () => (changed = () => {})
    },
  }
  return {
    address,
    addresses: () => addresses,
    go(by: number): void {
      at += by
      changed()
    },
  }
}

test('back and forward lead through since when the digest tells, and whether ATT&CK is shown whole', () => {
  const history = createHistory('#/digest')
  const navigation = new Navigation(history.address)
  navigation.open({ view: 'digest', since: 'week' })
  navigation.go('attack')
  navigation.open({ ...startOf.attack, isWhole: true })
  expect(history.addresses()).toEqual(['#/digest', '#/digest?since=week', '#/attack', '#/attack?techniques=all'])
  history.go(-1)
  expect(navigation.location).toEqual(startOf.attack)
  history.go(-1)
  expect(navigation.location).toEqual({ view: 'digest', since: 'week' })
  history.go(-1)
  expect(navigation.location).toEqual(startOf.digest)
  history.go(3)
  expect(navigation.location).toEqual({ ...startOf.attack, isWhole: true })
  // As the page is after it was loaded anew.
  expect(new Navigation(history.address).location).toEqual(navigation.location)
})

describe('the list of entities', () => {
  const pause = () => vi.advanceTimersByTimeAsync(200)

  /** The view, which shows what the address has. */
  function open(first: string) {
    const history = createHistory(first)
    const navigation = new Navigation(history.address)
    const { bridge, asked } = createMemoryBridge({ 'entities:list': () => ({ entities: [], total: 0 }) })
    const entities = new Entities(
      bridge,
      () => Date.UTC(2031, 4, 17),
      (wanted, how) => navigation.open({ view: 'entities', entity: null, ...wanted }, how),
    )
    const show = () => {
      const { location } = navigation
      if (location.view === 'entities' && location.entity === null) entities.show(location)
    }
    const visit = () => {
      show()
      return entities.visit()
    }
    const leave = visit()
    const go = (by: number): void => {
      history.go(by)
      show()
    }
    const listed = () => [entities.begins, entities.days, (asked.at(-1)?.argument as { begins: string }).begins]
    return { ...history, go, visit, leave, navigation, entities, asked, listed }
  }

  test('begins with what its address says', () => {
    const { listed, addresses } = open('#/entities?begins=00u1&days=7')
    expect(listed()).toEqual(['00u1', 7, '00u1'])
    expect(addresses()).toEqual(['#/entities?begins=00u1&days=7'])
  })

  test('is one step back for what was typed, however many letters it has, and one for each choice', async () => {
    const { entities, addresses, go, listed } = open('#/entities')
    for (const typed of ['0', '00', '00u ']) {
      entities.search(typed)
      await pause()
    }
    entities.within(7)
    entities.search('00u1')
    await pause()
    entities.search('00u1a')
    entities.finish()
    entities.search('a')
    await pause()
    expect(addresses()).toEqual([
      '#/entities',
      '#/entities?begins=00u',
      '#/entities?begins=00u&days=7',
      '#/entities?begins=00u1a&days=7',
      '#/entities?begins=a&days=7',
    ])
    go(-2)
    expect(listed()).toEqual(['00u', 7, '00u'])
    go(-2)
    expect(listed()).toEqual(['', null, ''])
    go(3)
    expect(listed()).toEqual(['00u1a', 7, '00u1a'])
  })

  test('goes on with what is typed while its address says the same, and not where it was gone back from', async () => {
    const { entities, addresses, go, listed, asked } = open('#/entities')
    entities.search('0')
    await pause()
    entities.search('0 ')
    go(0)
    await pause()
    expect(entities.begins).toBe('0 ')
    entities.search('00')
    go(-1)
    await pause()
    expect(listed()).toEqual(['', null, ''])
    const before = asked.length
    entities.search('7')
    await pause()
    expect([addresses(), asked.length]).toEqual([['#/entities', '#/entities?begins=7'], before + 1])
  })

  test('has what its address says again, whatever was being typed as it was left, and what is typed then is a step of its own', async () => {
    const { entities, addresses, listed, navigation, leave, visit } = open('#/entities')
    entities.search('0')
    await pause()
    entities.search('00')
    leave()
    navigation.go('settings')
    await pause()
    navigation.go('entities')
    visit()
    expect(listed()).toEqual(['0', null, '0'])
    entities.search('01')
    await pause()
    expect(addresses()).toEqual(['#/entities', '#/entities?begins=0', '#/settings', '#/entities?begins=0', '#/entities?begins=01'])
  })

  test('is left as it was, and its name leads back to it', () => {
    const { entities, navigation } = open('#/entities')
    entities.within(30)
    navigation.open({ view: 'entities', entity: { entityId: 'a', organizationId: null } })
    navigation.go('settings')
    navigation.go('entities')
    expect(navigation.location).toEqual({ ...startOf.entities, days: 30 })
  })
})
