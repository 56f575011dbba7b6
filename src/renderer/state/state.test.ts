import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { healthOf } from '../../shared/health-test-support.ts'
import type { AppFacts, DetectionDetail, Notice } from '../../shared/ipc.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { Clock } from './clock.svelte.ts'
import { Facts } from './facts.svelte.ts'
import { keyOf } from './key.ts'
import { createMemoryBridge, detailOf, detectionOf, later } from './memory-bridge.ts'
import { Navigation, type Address } from './navigation.svelte.ts'
import { Notices } from './notices.svelte.ts'
import { Organizations } from './organizations.svelte.ts'
import { Sample } from './sample.svelte.ts'
import { Selection } from './selection.svelte.ts'
import { SettingsState } from './settings.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const settle = () => vi.advanceTimersByTimeAsync(0)

const health = healthOf()
describe('facts', () => {
  test('are read again when the receiver changed, not when a counter did', async () => {
    const facts: AppFacts = { version: '1', electron: '1', profile: '/p', platform: 'linux', receiverUrl: null }
    const main = createMemoryBridge({ 'app:read': () => facts })
    const state = new Facts(main.bridge)
    await settle()
    main.handlers['app:read'] = () => ({ ...facts, receiverUrl: 'http://127.0.0.1:1/x' })
    main.push('health:changed', health)
    main.push('health:changed', { ...health, waiting: 3 })
    await settle()
    expect(main.asked).toHaveLength(2)
    expect(state.value?.receiverUrl).toBe('http://127.0.0.1:1/x')
  })
})

describe('the selection', () => {
  test('opens a detection, and hands on what was read', async () => {
    const seen: string[] = []
    const main = createMemoryBridge({ 'detection:open': () => detailOf(1) })
    const selection = new Selection(main.bridge, (detection) => seen.push(detection.id))
    await selection.open(detectionOf(1))
    expect([selection.phase, selection.openKey, seen]).toEqual(['ready', keyOf(detectionOf(1)), ['d1']])
    expect(main.asked[0]?.argument).toEqual({ organizationId: 'org', id: 'd1' })
  })

  test('shows the last one opened, whichever answer comes first', async () => {
    const slow = later<DetectionDetail>()
    const main = createMemoryBridge({ 'detection:open': ({ id }) => (id === 'd1' ? slow.promise : detailOf(2)) })
    const selection = new Selection(main.bridge, () => {})
    const first = selection.open(detectionOf(1))
    await selection.open(detectionOf(2))
    slow.resolve(detailOf(1))
    await first
    expect(selection.detail?.detection.id).toBe('d2')
  })

  test('follows its detection as it changes, and does not ask for what it shows already', async () => {
    const main = createMemoryBridge({ 'detection:open': () => detailOf(1) })
    const selection = new Selection(main.bridge, () => {})
    await selection.open(detectionOf(1))
    main.push('detections:changed', { changed: [detectionOf(1), detectionOf(2)], more: false })
    expect(main.asked).toHaveLength(1)
    main.handlers['detection:open'] = () => detailOf(1, { status: 'resolved' })
    main.push('detections:changed', { changed: [detectionOf(1, { status: 'resolved' })], more: false })
    await settle()
    expect(selection.detail?.detection.status).toBe('resolved')
  })

  test('lets what is open be unread: asked for again, it would be read again', async () => {
    const triage = { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: false } as const
    const main = createMemoryBridge({ 'detection:open': () => detailOf(1, { triage }) })
    const selection = new Selection(main.bridge, () => {})
    await selection.open(detectionOf(1))
    main.push('detections:changed', { changed: [detectionOf(1, { triage: { ...triage, isUnread: true } })], more: false })
    await settle()
    expect([selection.detail?.detection.triage.isUnread, main.asked.length]).toEqual([true, 1])
  })

  test('reads what the cursor rests on, not what it passes', async () => {
    const main = createMemoryBridge({ 'detection:open': ({ id }) => detailOf(Number(id.slice(1))) })
    const selection = new Selection(main.bridge, () => {})
    selection.pass(detectionOf(0))
    await vi.advanceTimersByTimeAsync(1_000)
    expect([selection.cursor, main.asked.length]).toEqual([keyOf(detectionOf(0)), 0])
    await selection.open(detectionOf(1))
    for (const n of [2, 3, 4]) selection.pass(detectionOf(n))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(main.asked.map(({ argument }) => (argument as { id: string }).id)).toEqual(['d1', 'd4'])
  })

  test('says that a detection is missing, and tries again after a failure', async () => {
    const main = createMemoryBridge({ 'detection:open': () => null })
    const selection = new Selection(main.bridge, () => {})
    await selection.open(detectionOf(1))
    expect(selection.phase).toBe('missing')
    selection.close()
    main.handlers['detection:open'] = () => Promise.reject(new Error('locked'))
    await selection.open(detectionOf(1))
    expect([selection.phase, selection.trouble]).toEqual(['failed', 'locked'])
    main.handlers['detection:open'] = () => detailOf(1)
    await selection.retry()
    expect(selection.phase).toBe('ready')
  })

  test('stays closed when the answer comes after it was closed', async () => {
    const slow = later<DetectionDetail>()
    const selection = new Selection(createMemoryBridge({ 'detection:open': () => slow.promise }).bridge, () => {})
    const opening = selection.open(detectionOf(1))
    selection.close()
    slow.resolve(detailOf(1))
    await opening
    expect([selection.phase, selection.detail]).toEqual(['none', null])
  })
})

describe('settings', () => {
  test('are the defaults until they are read, and change when main agrees', async () => {
    const main = createMemoryBridge({
      'settings:read': () => ({ ...defaultSettings, notify: false }),
      'settings:write': (change) =>
        change.publicOrigin === 'http://x'
          ? { kind: 'refused', detail: 'https only' }
          : { kind: 'written', settings: { ...defaultSettings, ...change } },
    })
    const state = new SettingsState(main.bridge)
    expect(state.value).toEqual(defaultSettings)
    await settle()
    expect(state.value.notify).toBe(false)
    expect(await state.write({ publicOrigin: 'http://x' })).toEqual({ kind: 'refused', detail: 'https only' })
    expect(state.value.publicOrigin).toBeNull()
    await state.write({ theme: 'dark' })
    expect(state.value.theme).toBe('dark')
  })

  test('a request that fails is a refusal with its reason', async () => {
    const state = new SettingsState(createMemoryBridge({ 'settings:read': () => defaultSettings }).bridge)
    expect(await state.write({ notify: false })).toEqual({ kind: 'refused', detail: 'no answer to settings:write' })
  })
})

describe('organizations', () => {
  const organization = {
    id: 'org' as never,
    issuer: 'https://api.slashid.com',
    name: 'Example',
    colour: 'grey',
    keys: 'fetched',
    demo: true,
    addedAt: detectionOf(0).changedAt,
    keyIds: [],
    keysConfirmedAt: null,
    keysTrouble: null,
  } as const

  test('what is written into the form for another one waits until it is added or left', async () => {
    const main = createMemoryBridge({ 'organizations:list': () => [organization] })
    const state = new Organizations(main.bridge)
    state.beginAdding()
    state.write({ id: 'half' })
    state.write({ environment: 'other' })
    expect(state.draft).toMatchObject({ id: 'half', environment: 'other', colour: null })
    state.endAdding()
    expect([state.draft.id, state.isAdding]).toEqual(['', false])
  })

  test('the demo organization is not one of the user’s own', async () => {
    const added = { ...organization, id: 'mine' as never, demo: false }
    const main = createMemoryBridge({
      'organizations:list': () => [organization],
      'organization:add': () => ({ kind: 'added', organization: added }),
    })
    const state = new Organizations(main.bridge)
    await settle()
    expect([state.list.length, state.hasReal, state.nameOf('org' as never)]).toEqual([1, false, 'Example'])
    await state.add({ id: 'mine', issuer: '', name: '', jwks: null })
    main.push('organizations:changed', [organization, added])
    expect([state.list.length, state.hasReal, state.hasSeveral]).toEqual([2, true, false])
    main.push('organizations:changed', [organization, added, { ...added, id: 'second' as never, colour: 'teal' }])
    expect([state.hasSeveral, state.freeColour]).toEqual([true, 'gold'])
  })

  test('are changed in place, or stay with the reason', async () => {
    const main = createMemoryBridge({
      'organizations:list': () => [organization],
      'organization:change': ({ name }) =>
        name === '' ? { kind: 'refused', detail: 'A name is needed.' } : { kind: 'changed', organization: { ...organization, name } },
    })
    const state = new Organizations(main.bridge)
    await settle()
    expect(await state.change({ id: organization.id, name: '', colour: 'teal' })).toMatchObject({ kind: 'refused' })
    await state.change({ id: organization.id, name: 'Renamed', colour: 'teal' })
    expect(state.list.map(({ name }) => name)).toEqual(['Renamed'])
  })

  test('count what they have while somebody looks, and follow what arrives once a second', async () => {
    let detections = 1
    const main = createMemoryBridge({
      'organizations:list': () => [organization],
      'organizations:count': () => [{ organizationId: organization.id, detections, unread: 0 }],
    })
    const state = new Organizations(main.bridge)
    await settle()
    expect(state.countOf(organization.id)).toBeNull()
    const leave = state.visit()
    await settle()
    expect(state.countOf(organization.id)?.detections).toBe(1)
    expect(state.countOf('other' as never)?.detections).toBe(0)
    for (detections = 2; detections < 9; detections++) main.push('detections:changed', { changed: [], more: true })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.countOf(organization.id)?.detections).toBe(9)
    leave()
    main.push('detections:changed', { changed: [], more: true })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(main.asked.filter(({ name }) => name === 'organizations:count')).toHaveLength(2)
  })
})

test('what was never opened is counted over all organizations, and says where there are more', async () => {
  const main = createMemoryBridge({
    'organizations:list': () => [],
    'organizations:count': () => [
      { organizationId: 'one' as never, detections: 90, unread: 3 },
      { organizationId: 'two' as never, detections: 90, unread: 4 },
    ],
  })
  const state = new Organizations(main.bridge)
  expect(state.unread).toEqual({ count: 0, isCapped: false })
  state.visit()
  await settle()
  expect(state.unread).toEqual({ count: 7, isCapped: false })
  main.handlers['organizations:count'] = () => [{ organizationId: 'one' as never, detections: 90_000, unread: 10_000 }]
  main.push('detections:changed', { changed: [], more: true })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(state.unread).toEqual({ count: 10_000, isCapped: true })
  state.stop()
})

describe('notices', () => {
  const notice = (id: string, tone: Notice['tone'] = 'info'): Notice => ({ id, tone, title: id, text: '' })

  test('information leaves by itself, trouble stays', async () => {
    const main = createMemoryBridge({})
    const notices = new Notices(main.bridge)
    main.push('notice:raised', notice('a'))
    main.push('notice:raised', notice('b', 'trouble'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(notices.list.map(({ id }) => id)).toEqual(['b'])
    notices.dismiss('b')
    expect(notices.list).toEqual([])
  })

  test('the same id replaces, and its time begins anew', async () => {
    const notices = new Notices(createMemoryBridge({}).bridge)
    notices.raise(notice('a'))
    await vi.advanceTimersByTimeAsync(5_000)
    notices.raise(notice('a'))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(notices.list).toHaveLength(1)
  })

  test('are few, and information makes room for trouble', () => {
    const notices = new Notices(createMemoryBridge({}).bridge)
    notices.raise(notice('first', 'trouble'))
    for (const id of ['a', 'b', 'c', 'd']) notices.raise(notice(id))
    expect(notices.list.map(({ id }) => id)).toEqual(['first', 'b', 'c', 'd'])
  })

  test('information is seen beside as much trouble as there is room for, and pushes none of it out', () => {
    const notices = new Notices(createMemoryBridge({}).bridge)
    for (const id of ['a', 'b', 'c', 'd']) notices.raise(notice(id, 'trouble'))
    notices.raise(notice('copied'))
    notices.raise(notice('saved'))
    expect(notices.list.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'saved'])
    notices.raise(notice('e', 'trouble'))
    expect(notices.list.map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e'])
  })
})

describe('the sample', () => {
  test('is chosen when it arrived, and says why when it did not', async () => {
    const chosen: string[] = []
    const main = createMemoryBridge({
      'sample:send': () => ({ kind: 'arrived', key: { organizationId: 'demo' as never, id: 's1' as never }, afterMs: 40 }),
    })
    const sample = new Sample(main.bridge, (key) => chosen.push(key.id))
    await sample.send()
    expect([sample.progress, chosen]).toEqual([{ kind: 'arrived', afterMs: 40 }, ['s1']])
    main.handlers['sample:send'] = () => ({ kind: 'failed', detail: 'not listening' })
    await sample.send()
    expect([sample.progress, chosen]).toEqual([{ kind: 'failed', detail: 'not listening' }, ['s1']])
  })

  test('is sent once while it is on its way', async () => {
    const main = createMemoryBridge({ 'sample:send': () => new Promise(() => {}) })
    const sample = new Sample(main.bridge, () => {})
    void sample.send()
    void sample.send()
    await settle()
    expect(main.asked).toHaveLength(1)
  })
})

test('the address names the view, and an unknown one is the timeline', () => {
  let address = '#/settings'
  let changed = () => {}
  const memory: Address = {
    read: () => address,
    write: (next) => (address = next),
    listen: (listener) => {
      changed = listener
      return () => {}
    },
  }
  const navigation = new Navigation(memory)
  expect(navigation.view).toBe('settings')
  navigation.go('connections')
  expect(address).toBe('#/connections')
  navigation.go('connections', 'quarantine')
  expect([address, navigation.view, navigation.place]).toEqual(['#/connections/quarantine', 'connections', 'quarantine'])
  navigation.go('connections', 'connect')
  expect([address, navigation.place]).toEqual(['#/connections/connect', 'connect'])
  address = '#/connections/drift'
  changed()
  expect([navigation.view, navigation.place]).toEqual(['connections', 'drift'])
  navigation.go('settings')
  expect(navigation.place).toBeNull()
  address = '#/elsewhere'
  changed()
  expect(navigation.view).toBe('timeline')
})

test('ATT&CK is led to with what the timeline is about, and stays where it is', () => {
  const memory: Address = { read: () => '#/timeline?q=okta&open=o/d', write: () => {}, listen: () => () => {} }
  const navigation = new Navigation(memory)
  navigation.go('settings')
  navigation.go('attack')
  expect(navigation.location).toEqual({ view: 'attack', text: 'okta', range: null, isWhole: false })
  navigation.open({ view: 'attack', text: 'other', range: null, isWhole: true })
  navigation.go('attack')
  expect(navigation.location).toMatchObject({ text: 'other', isWhole: true })
})

test('the clock ticks until it is stopped', () => {
  let now = 1_000
  const clock = new Clock(() => now)
  now = 9_000
  vi.advanceTimersByTime(5_000)
  expect(clock.now).toBe(9_000)
  clock.stop()
  now = 20_000
  vi.advanceTimersByTime(60_000)
  expect(clock.now).toBe(9_000)
})
