import { expect, onTestFinished, test, vi } from 'vitest'
import type { AttackAnswer } from '../../shared/attack.ts'
import type { Digest } from '../../shared/inbox.ts'
import { mostHooks, type Hook } from '../../shared/hooks.ts'
import { healthOf } from '../../shared/health-test-support.ts'
import type { InletId, InletReport } from '../../shared/inlets.ts'
import { linkTo } from '../../shared/link.ts'
import type { PostureOverview } from '../../shared/posture.ts'
import { usualNight, type Mute, type RuleId, type Rules } from '../../shared/rules.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { snoozedUntil } from '../../shared/snooze.ts'
import type { TaskId } from '../../shared/tasks.ts'
import { createAppState } from '../state/app.ts'
import { emptyHook } from '../state/hooks.svelte.ts'
import { emptyRule } from '../state/rule-editor.svelte.ts'
import { createMemoryBridge, detailOf, detectionOf, inletOf, waysOf } from '../state/memory-bridge.ts'
import { commandsAt } from './commands-at.ts'
import { createCommands } from './commands.ts'

const shell = { focusSearch: () => {}, now: () => 0, step: () => {} }
const at: typeof commandsAt = async (path, answers) => {
  const made = await commandsAt(path, answers)
  onTestFinished(() => made.app.stop())
  return made
}

test('every command is listed once, also where a search that is offered was a recent one', async () => {
  const main = createMemoryBridge({ 'settings:read': () => ({ ...defaultSettings, recentSearches: ['is:unread', 'okta'] }) })
  const app = createAppState(main.bridge, { read: () => '', write: () => {}, listen: () => () => {} }, () => 0)
  await vi.waitFor(() => expect(app.searches.recent).toEqual(['is:unread', 'okta']))
  const ids = createCommands(app, shell).map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  expect(ids.filter((id) => id.startsWith('search '))[0]).toBe('search is:unread')
  app.stop()
})

test('a link is copied only where it would be opened, and else the user hears why', async () => {
  const copied: string[] = []
  const main = createMemoryBridge({ 'clipboard:write': (text) => (copied.push(text), null) })
  const app = createAppState(main.bridge, { read: () => '', write: () => {}, listen: () => () => {} }, () => 0)
  const copyOf = async (text: string) => {
    copied.length = 0
    app.navigation.open({ view: 'timeline', text, range: null, open: null })
    createCommands(app, shell)
      .find(({ id }) => id === 'link')
      ?.run()
    await vi.waitFor(() => expect(app.notices.list.length).toBe(1))
    const [{ title, text: words } = { title: '', text: '' }] = app.notices.list
    app.notices.dismiss('copied')
    return { copied: copied.map((link) => linkTo(link).kind), title, words }
  }
  expect(await copyOf('type:MissingMFA')).toEqual({ copied: ['link'], title: 'Copied a link to this view', words: '' })
  const long = await copyOf('ü'.repeat(900))
  expect(long).toMatchObject({ copied: [], title: 'No link was copied', words: expect.stringMatching(/4,000 characters.+Shorten/) })
  const control = await copyOf('entity:"a\nb"')
  expect(control).toMatchObject({
    copied: [],
    title: 'No link was copied',
    words: expect.stringMatching(/control character.+Save the view/),
  })
  app.stop()
})

test('with what is marked everything is done by name that its bar does', async () => {
  const { app, run, names, asked } = await at('timeline')
  expect(names()).not.toContain('acknowledge')
  run('select all')
  const of = { kind: 'view', text: '', range: null, asOf: { sequence: 3, late: 0 } }
  for (const [id, change] of [
    ['acknowledge', { state: 'acknowledged' }],
    ['done', { state: 'done' }],
    ['done true-positive', { state: 'done', verdict: { verdict: 'true-positive', reason: '' } }],
    ['done false-positive', { state: 'done', verdict: { verdict: 'false-positive', reason: '' } }],
    ['done expected', { state: 'done', verdict: { verdict: 'expected', reason: '' } }],
    ['snooze hour', { snoozedUntil: snoozedUntil('hour', 0) }],
    ['snooze tomorrow', { snoozedUntil: snoozedUntil('tomorrow', 0) }],
    ['snooze monday', { snoozedUntil: snoozedUntil('monday', 0) }],
    ['wake', { snoozedUntil: null }],
    ['unread', { isRead: false, state: 'new' }],
  ] as const) {
    run(id)
    await vi.waitFor(() => expect(asked('triage:write').at(-1)).toEqual({ of, change }))
    await vi.waitFor(() => expect([app.triage.isWriting, app.marks.count]).toEqual([false, 0]))
    run('select all')
  }
  run('label')
  expect(app.dialogs.open).toBe('label')
  run('select none')
  expect(app.marks.count).toBe(0)
  await app.cursor.moveTo(1)
  run('mark')
  run('copy rows')
  await vi.waitFor(() => expect(asked('clipboard:write')).toEqual([expect.stringContaining('d2')]))
  expect(names()).toContain('undo')
})

test('with what is open everything is done by name that its pane does', async () => {
  const about = { metadata: { ip: '10.0.0.1' }, entityId: 'ci-deploy', triage: { ...detectionOf(2).triage, verdict: 'expected' as const } }
  const { app, run, names, asked, address } = await at('timeline', {
    'detection:open': () => ({ ...detailOf(2, about), verdictReason: 'a drill' }),
  })
  await app.selection.open(detectionOf(2))
  expect(names()).not.toContain('verdict expected')
  const of = { kind: 'keys', keys: [{ organizationId: 'org', id: 'd2' }] }
  run('verdict false-positive')
  await vi.waitFor(() => expect(app.triage.isWriting).toBe(false))
  run('verdict none')
  expect(asked('triage:write')).toEqual([
    { of, change: { verdict: { verdict: 'false-positive', reason: 'a drill' } } },
    { of, change: { verdict: null } },
  ])
  for (const id of ['evidence', 'copy detection', 'copy metadata', 'suppress like', 'mute type', 'close']) expect(names()).toContain(id)
  run('evidence')
  run('keep')
  await vi.waitFor(() => expect(app.selection.detail?.isKept).toBe(true))
  run('keep')
  await vi.waitFor(() => expect(asked('detection:keep')).toMatchObject([{ keep: true }, { keep: false }]))
  expect(asked('evidence:save')).toEqual([{ organizationId: 'org', id: 'd2' }])
  run('copy detection')
  await vi.waitFor(() => expect(asked('clipboard:write')).toHaveLength(1))
  run('suppress like')
  expect([app.dialogs.open, app.hushing.query]).toEqual(['suppress', 'type:CredentialStuffingAttempt entity:ci-deploy'])
  run('entity')
  expect(address()).toBe('entities/ci-deploy')
  app.navigation.go('timeline')
  run('rule like')
  expect([address(), app.ruleEditor.draft.query]).toEqual(['rules/new', 'type:CredentialStuffingAttempt entity:ci-deploy'])
})

test('the keyboard is moved by name as by its keys', async () => {
  const { app, run, names, asked } = await at('timeline')
  expect(names()).not.toContain('open')
  run('oldest')
  await vi.waitFor(() => expect(app.cursor.index).toBe(2))
  run('previous')
  await vi.waitFor(() => expect(app.cursor.index).toBe(1))
  run('newest')
  await vi.waitFor(() => expect(app.cursor.index).toBe(0))
  run('next')
  await vi.waitFor(() => expect(app.cursor.index).toBe(1))
  run('open')
  await vi.waitFor(() => expect(asked('detection:open')).toEqual([{ organizationId: 'org', id: 'd2' }]))
})

test('what is down is tried again, and what is under way is ended', async () => {
  const id = 'relay:aaaaaaaa' as InletId
  const setUp = { kind: 'relay' } as unknown as InletReport['setUp']
  const task = { id: 'a' as TaskId, kind: 'export', title: 'Export a', done: 0, total: null, state: { kind: 'running' } } as const
  const { main, app, run, names, asked } = await at('timeline', {
    'ways:read': () => waysOf([inletOf(id, { setUp })]),
    'tasks:list': () => [task],
    'task:cancel': () => null,
  })
  expect(names().filter((one) => /^(listen|reconnect)/.test(one))).toEqual([])
  const ways = [{ id, name: 'relay', state: 'down', because: 'asleep' }] as const
  main.push('health:changed', healthOf({ receiver: { kind: 'stopped' }, ways }))
  await vi.waitFor(() => expect(names()).toEqual(expect.arrayContaining(['listen', 'reconnect', 'cancel a'])))
  run('listen')
  run('reconnect')
  run('cancel a')
  expect([asked('receiver:restart'), asked('inlet:reconnect'), asked('task:cancel')]).toEqual([[null], [id], ['a']])
  main.push('task:changed', { ...task, state: { kind: 'done', detail: 'All of it.' } })
  run('dismiss a')
  expect(app.tasks.list).toEqual([])
})

test('changes of the rules are saved or discarded by name, and only where they are seen', async () => {
  const rule = { ...emptyRule, id: 7 as RuleId, name: 'nightly' }
  const rules: Rules = { rules: [rule], mutes: [], suppressions: [], broken: [], brokenSuppressions: [] }
  const { app, run, names, asked } = await at('timeline', {
    'rules:list': () => rules,
    'rules:arrange': () => ({ kind: 'saved', rules, id: null }),
  })
  await vi.waitFor(() => expect(app.ruleArranger.list).toEqual([rule]))
  app.ruleArranger.turn(rule, !rule.isOn)
  expect(names()).not.toContain('save rules')
  run('go rules')
  run('save rules')
  await vi.waitFor(() => expect(app.ruleArranger.isChanged).toBe(false))
  expect(asked('rules:arrange')).toMatchObject([{ rules: [{ id: 7, isOn: !rule.isOn }], removed: [] }])
  app.ruleArranger.turn(rule, !rule.isOn)
  run('discard rules')
  expect(names()).not.toContain('discard rules')
})

test('a view is left with what it has to give: reports, a layer, its mark as seen', async () => {
  const posture = await at('posture')
  expect(posture.names()).not.toContain('report pdf')
  posture.app.posture.value = { framework: null } as unknown as PostureOverview
  posture.run('report html')
  await vi.waitFor(() => expect(posture.app.posture.isSaving).toBeNull())
  posture.run('report pdf')
  expect(posture.asked('report:save')).toMatchObject([{ format: 'html' }, { format: 'pdf' }])

  const attack = await at('attack?q=kind%3Athreat')
  attack.app.attack.value = { kind: 'attack' } as unknown as AttackAnswer & { kind: 'attack' }
  attack.app.timeline.show({ text: 'kind:threat', range: null })
  await vi.waitFor(() => expect(attack.app.timeline.text).toBe('kind:threat'))
  attack.run('navigator')
  expect(attack.asked('export:start')).toEqual([{ of: { kind: 'view', text: 'kind:threat', range: null }, format: 'navigator' }])
  attack.run('all techniques')
  expect(attack.address()).toBe('attack?q=kind%3Athreat&techniques=all')

  const away = { since: detectionOf(1).changedAt, until: detectionOf(2).changedAt } as unknown as Digest
  const digest = await at('digest', { 'digest:read': () => away, 'digest:seen': () => ({ undo: null }) })
  await digest.app.digest.read(null)
  digest.run('seen')
  await vi.waitFor(() => expect(digest.names()).not.toContain('seen'))
  expect(digest.asked('digest:seen')).toEqual([{ until: away.until }])
})

test('every place is gone to by name, and every choice of the settings made', async () => {
  const { run, steps, address, asked, app } = await at('timeline')
  for (const [id, to] of [
    ['inbox quiet', 'inbox?show=quiet'],
    ['digest week', 'digest?since=week'],
    ['organization', 'connections'],
    ['go mutes', 'rules/mutes'],
    ['go suppressions', 'rules/suppressions'],
    ['go quarantine', 'connections/quarantine'],
    ['hook', 'rules'],
  ] as const) {
    run(id)
    expect(address(), id).toBe(to)
  }
  expect([app.organizations.isAdding, app.hooks.draft]).toEqual([true, expect.anything()])
  run('back')
  run('forward')
  expect(steps).toEqual([-1, 1])
  run('column trust')
  run('content hidden')
  run('quiet hours')
  run('login')
  await vi.waitFor(() =>
    expect(asked('settings:write')).toEqual([
      { columns: ['entity', 'source', 'attack', 'confidence', 'status'] },
      { notificationContent: 'hidden' },
      { quietHours: usualNight },
      { startAtLogin: true },
    ]),
  )
  app.settings.write = () => Promise.resolve({ kind: 'refused', detail: 'The disk is full.' })
  run('density')
  await vi.waitFor(() => expect(app.notices.list).toMatchObject([{ title: 'The setting was not changed', text: 'The disk is full.' }]))
})

test('undo takes back what is offered to be, also where a mute was ended from another view', async () => {
  const mute = { id: 1, of: { kind: 'all' }, since: detectionOf(1).changedAt, until: null } as unknown as Mute
  const rulesOf = (mutes: readonly Mute[]) => ({ rules: [], mutes, suppressions: [], broken: [], brokenSuppressions: [] })
  const { app, run, asked } = await at('timeline', {
    'rules:list': () => rulesOf([mute]),
    'mute:remove': () => ({ kind: 'saved', id: null, rules: rulesOf([]) }),
    'mute:restore': () => ({ kind: 'saved', id: null, rules: rulesOf([mute]) }),
    'triage:undo': () => ({ kind: 'undone', count: 1 }),
  })
  await app.cursor.moveTo(1)
  await app.triage.act('acknowledge')
  app.triage.dismiss()
  run('unmute')
  await vi.waitFor(() => expect(app.rules.offer).not.toBeNull())
  run('undo')
  await vi.waitFor(() => expect(asked('mute:restore')).toEqual([1]))
  expect(asked('triage:undo')).toEqual([])
  await vi.waitFor(() => expect(app.rules.isWriting).toBe(false))
  run('undo')
  await vi.waitFor(() => expect(asked('triage:undo')).toEqual([1]))
})

test('a mute that is offered to be taken back no more is still taken back before what was done earlier, and after what was done later', async () => {
  const rulesOf = (mutes: readonly Mute[]) => ({ rules: [], mutes, suppressions: [], broken: [], brokenSuppressions: [] })
  const { app, run, asked } = await at('timeline', {
    'mute:add': () => ({ kind: 'saved', id: 5, rules: rulesOf([]) }),
    'mute:take-back': () => ({ kind: 'saved', id: null, rules: rulesOf([]) }),
    'triage:undo': () => ({ kind: 'undone', count: 1 }),
  })
  const undone = () => [asked('mute:take-back').length, asked('triage:undo').length]
  await app.cursor.moveTo(1)
  await app.triage.act('acknowledge')
  await app.rules.mute({ of: { kind: 'all' }, until: null }, { said: 'Muted: all of Tocsin', text: '' })
  await app.triage.act('done')
  app.triage.dismiss()
  app.rules.dismiss()
  run('undo')
  await vi.waitFor(() => expect(app.notices.list.map(({ title }) => title)).toContain('Undone: 1 detection done'))
  expect(undone()).toEqual([0, 1])
  run('undo')
  await vi.waitFor(() => expect(app.notices.list.map(({ title }) => title)).toContain('Undone: Muted: all of Tocsin'))
  expect(undone()).toEqual([1, 1])
  run('undo')
  await vi.waitFor(() => expect(undone()).toEqual([1, 2]))
})

test('undo takes back the newest of what is offered, wherever it is asked for', async () => {
  const mute = { id: 1, of: { kind: 'all' }, since: detectionOf(1).changedAt, until: null } as unknown as Mute
  const rulesOf = (mutes: readonly Mute[]) => ({ rules: [], mutes, suppressions: [], broken: [], brokenSuppressions: [] })
  const { app, run, asked } = await at('timeline', {
    'settings:read': () => ({ ...defaultSettings, recentSearches: ['okta'] }),
    'rules:list': () => rulesOf([mute]),
    'mute:remove': () => ({ kind: 'saved', id: null, rules: rulesOf([]) }),
    'mute:restore': () => ({ kind: 'saved', id: null, rules: rulesOf([mute]) }),
    'triage:undo': () => ({ kind: 'undone', count: 1 }),
  })
  await app.cursor.moveTo(1)
  await app.triage.act('acknowledge')
  run('unmute')
  await vi.waitFor(() => expect(app.rules.offer).not.toBeNull())
  run('undo')
  await vi.waitFor(() => expect(asked('mute:restore')).toEqual([1]))
  expect(asked('triage:undo')).toEqual([])

  await vi.waitFor(() => expect(app.rules.isWriting).toBe(false))
  run('go rules')
  run('forget')
  await vi.waitFor(() => expect(app.triage.offer?.said).toBe('Forgot the recent searches'))
  run('undo')
  await vi.waitFor(() => expect(asked('settings:write').at(-1)).toEqual({ recentSearches: ['okta'] }))
})

test('a search and a range that are chosen in another view are the ones that the timeline is opened with', async () => {
  const { app, run, address } = await at('timeline')
  run('go settings')
  run('search is:unread')
  expect([address(), app.timeline.typed]).toEqual(['timeline?q=is%3Aunread', 'is:unread'])
  run('go settings')
  run('range 1')
  expect(address()).toBe('timeline?q=is%3Aunread&from=1969-12-31T00%3A00%3A00.000Z&to=1970-01-01T00%3A00%3A00.000Z')
  run('go settings')
  run('range all')
  expect(address()).toBe('timeline?q=is%3Aunread')
  run('go settings')
  run('clear')
  expect(address()).toBe('timeline')
})

test('a hook is offered to be added as long as there may be more, and what is written of one stays', async () => {
  const hooks = Array.from({ length: mostHooks }, (_, n) => ({ ...emptyHook, id: n + 1, name: `hook ${n}` })) as unknown as readonly Hook[]
  let few: readonly Hook[] = hooks.slice(1)
  const { main, app, run, names } = await at('timeline', { 'hooks:list': () => few })
  await vi.waitFor(() => expect(app.hooks.list).toHaveLength(mostHooks - 1))
  run('hook')
  app.hooks.change({ name: 'siem' })
  run('hook')
  expect([app.hooks.draft?.name, app.hooks.isAsked]).toEqual(['siem', true])
  few = hooks
  main.push('hooks:changed', few)
  expect(names()).not.toContain('hook')
})

test('recent searches that are forgotten can be had back, and are not said to be where they are not', async () => {
  let kept: readonly string[] = ['okta', 'is:unread']
  let isFull = false
  const { app, run, names } = await at('timeline', {
    'settings:read': () => ({ ...defaultSettings, recentSearches: kept }),
    'settings:write': (change) => {
      if (isFull) return { kind: 'refused', detail: 'The disk is full.' }
      kept = change.recentSearches ?? kept
      return { kind: 'written', settings: { ...defaultSettings, recentSearches: kept } }
    },
  })
  run('forget')
  await vi.waitFor(() => expect([kept, app.triage.offer?.said]).toEqual([[], 'Forgot the recent searches']))
  run('undo')
  await vi.waitFor(() => expect(kept).toEqual(['okta', 'is:unread']))
  isFull = true
  await vi.waitFor(() => expect(names()).toContain('forget'))
  run('forget')
  await vi.waitFor(() => expect(app.notices.list.at(-1)).toMatchObject({ tone: 'trouble', text: 'The disk is full.' }))
  expect(kept).toEqual(['okta', 'is:unread'])
})
