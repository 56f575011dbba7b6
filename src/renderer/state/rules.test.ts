import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Notice } from '../../shared/ipc.ts'
import type { DryRun, DryRunSide, Mute, MuteId, Rule, RuleDraft, RuleId, Rules, Suppression, SuppressionId } from '../../shared/rules.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'
import { RuleArranger } from './rule-arranger.svelte.ts'
import { emptyRule, RuleEditor } from './rule-editor.svelte.ts'
import { RulesState } from './rules.svelte.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2031, 4, 17, 12) }))
afterEach(() => void vi.useRealTimers())

const ruleOf = (id: number, more: Partial<Rule> = {}): Rule => ({ ...emptyRule, id: id as RuleId, name: `rule ${id}`, ...more })
const rulesOf = (rules: readonly Rule[], more: Partial<Rules> = {}): Rules => ({
  rules,
  mutes: [],
  suppressions: [],
  broken: [],
  brokenSuppressions: [],
  ...more,
})
const no = { kind: 'refused', detail: 'The disk is full.', at: null, length: 0 } as const
const inAnHour = '2031-05-17T13:00:00.000Z' as Instant
const muteOf = (id: number, more: Partial<Mute> = {}): Mute => ({
  id: id as MuteId,
  of: { kind: 'all' },
  since: '2031-05-17T11:00:00.000Z' as Instant,
  until: null,
  ...more,
})

/** A main that keeps what it is told, as the real one does. */
function setUp(start: Rules, handlers: Parameters<typeof createMemoryBridge>[0] = {}) {
  let kept = start
  let nextId = 100
  let gone: readonly Rule[] = []
  let unmuted: readonly Mute[] = []
  const told: Notice[] = []
  const saved = (rules: Rules, id: number | null = null) => {
    kept = rules
    return { kind: 'saved', rules, id } as const
  }
  const memory = createMemoryBridge({
    'rules:list': () => kept,
    'rule:save'(draft) {
      const id = (draft.id ?? nextId++) as RuleId
      const rule = { ...draft, id }
      const isNew = draft.id === null
      return saved({ ...kept, rules: isNew ? [...kept.rules, rule] : kept.rules.map((one) => (one.id === id ? rule : one)) }, id)
    },
    'rules:arrange'({ rules, removed }) {
      const known = [...kept.rules, ...gone]
      const named = rules.flatMap(({ id, isOn }) => known.filter((one) => one.id === id).map((one) => ({ ...one, isOn })))
      gone = kept.rules.filter(({ id }) => removed.includes(id))
      const others = kept.rules.filter(({ id }) => !removed.includes(id) && !named.some((one) => one.id === id))
      return saved({ ...kept, rules: [...named, ...others] })
    },
    'rule:remove': (id) => saved({ ...kept, rules: kept.rules.filter((one) => one.id !== id) }),
    'mute:add': ({ of, until }) => saved({ ...kept, mutes: [...kept.mutes, muteOf(nextId++, { of, until })] }),
    'mute:remove'(id) {
      unmuted = kept.mutes.filter((one) => one.id === id)
      return saved({ ...kept, mutes: kept.mutes.filter((one) => one.id !== id) })
    },
    'mute:restore': (id) => saved({ ...kept, mutes: [...kept.mutes, ...unmuted.filter((one) => one.id === id)] }),
    ...handlers,
  })
  const state = new RulesState(memory.bridge, {
    tell: (notice) => told.push(notice),
    now: () => Date.now(),
    offered: () => {},
    turn: () => 1,
  })
  return {
    ...memory,
    told,
    state,
    arranger: new RuleArranger(memory.bridge, state),
    names: () => state.value.rules.map(({ name }) => name),
  }
}

test('what is pushed while the list is on its way wins over it', async () => {
  const slow = later<Rules>()
  const { state, push } = setUp(rulesOf([]), { 'rules:list': () => slow.promise })
  push('rules:changed', rulesOf([ruleOf(2)]))
  slow.resolve(rulesOf([ruleOf(1)]))
  await vi.advanceTimersByTimeAsync(0)
  expect(state.value.rules.map(({ id }) => id)).toEqual([2])
})

test('a list that cannot be read says so, and is read when asked again', async () => {
  const { state, handlers } = setUp(rulesOf([]), {
    'rules:list': () => {
      throw new Error('no')
    },
  })
  await vi.advanceTimersByTimeAsync(0)
  expect([state.isKnown, state.trouble]).toEqual([false, 'no'])
  handlers['rules:list'] = () => rulesOf([ruleOf(1)])
  await state.read()
  expect([state.isKnown, state.trouble]).toEqual([true, null])
})

test('what is moved, removed and turned is tried together, holds once it is saved, and goes back as one', async () => {
  const { state, names, told, arranger, asked } = setUp(rulesOf([ruleOf(1), ruleOf(2), ruleOf(3)]), { 'rules:try': () => no })
  await vi.advanceTimersByTimeAsync(0)
  expect([arranger.move(ruleOf(3), 0), arranger.isChanged]).toEqual([true, true])
  arranger.remove(ruleOf(2))
  arranger.turn(ruleOf(1), false)
  await vi.advanceTimersByTimeAsync(300)
  const { rules, about } = asked.at(-1)?.argument as { rules: readonly Rule[]; about: number | null }
  expect([asked.at(-1)?.name, about, rules.map(({ id, isOn }) => [id, isOn])]).toEqual([
    'rules:try',
    null,
    [
      [3, true],
      [1, false],
    ],
  ])
  expect([names(), state.offer, asked.filter(({ name }) => name === 'rules:try').length]).toEqual([['rule 1', 'rule 2', 'rule 3'], null, 1])
  expect(await arranger.save()).toBe(true)
  expect([names(), arranger.isChanged]).toEqual([['rule 3', 'rule 1'], false])
  expect(state.offer?.said).toBe('Removed “rule 2”, turned “rule 1” off, changed the order of the rules')
  await state.undoLast()
  expect([names(), state.value.rules.every(({ isOn }) => isOn), state.offer]).toEqual([['rule 1', 'rule 2', 'rule 3'], true, null])
  expect(told.at(-1)?.title).toBe('Undone: Removed “rule 2”, turned “rule 1” off, changed the order of the rules')
})

test('what is put back by hand, or discarded, leaves nothing to save and nothing to try', async () => {
  const { arranger, asked } = setUp(rulesOf([ruleOf(1), ruleOf(2)]), { 'rules:try': () => no })
  await vi.advanceTimersByTimeAsync(0)
  arranger.move(ruleOf(1), 1)
  arranger.move(ruleOf(1), 0)
  expect(arranger.isChanged).toBe(false)
  arranger.remove(ruleOf(1))
  arranger.discard()
  await vi.advanceTimersByTimeAsync(1_000)
  expect([arranger.isChanged, arranger.list.map(({ id }) => id), asked.map(({ name }) => name)]).toEqual([false, [1, 2], ['rules:list']])
})

test('what others change meanwhile stays: a new rule comes last, one that went is gone, and one is as it was edited', async () => {
  const { arranger, push } = setUp(rulesOf([ruleOf(1), ruleOf(2), ruleOf(3)]), { 'rules:try': () => no })
  await vi.advanceTimersByTimeAsync(0)
  arranger.move(ruleOf(3), 0)
  push('rules:changed', rulesOf([ruleOf(1, { name: 'edited' }), ruleOf(3), ruleOf(4)]))
  expect(arranger.list.map(({ name }) => name)).toEqual(['rule 3', 'edited', 'rule 4'])
})

test('nothing is moved beyond the ends', async () => {
  const { state, arranger } = setUp(rulesOf([ruleOf(1), ruleOf(2)]))
  await vi.advanceTimersByTimeAsync(0)
  expect([arranger.move(ruleOf(1), -1), arranger.move(ruleOf(2), 2), arranger.isChanged, state.value.rules.length]).toEqual([
    false,
    false,
    false,
    2,
  ])
})

test('the way back is offered for ten seconds, and no longer once something else was changed', async () => {
  const { state } = setUp(rulesOf([ruleOf(1), ruleOf(2)]))
  await vi.advanceTimersByTimeAsync(0)
  const remove = (id: number) =>
    state.arrange(
      state.value.rules.filter((rule) => rule.id !== id),
      [ruleOf(id)],
    )
  await remove(1)
  await vi.advanceTimersByTimeAsync(9_999)
  expect(state.offer).not.toBeNull()
  await vi.advanceTimersByTimeAsync(1)
  expect(state.offer).toBeNull()
  await remove(2)
  expect(state.offer).not.toBeNull()
  await state.save({ ...emptyRule, name: 'other' })
  expect(state.offer).toBeNull()
})

test('what is offered no more can still be taken back, until something else was changed', async () => {
  const { state, asked } = setUp(rulesOf([ruleOf(1), ruleOf(2)]))
  await vi.advanceTimersByTimeAsync(0)
  const turnOff = () => state.arrange([ruleOf(1, { isOn: false }), ruleOf(2)], [])
  await turnOff()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([state.offer, state.undoable?.said]).toEqual([null, 'Turned “rule 1” off'])
  const before = asked.length
  await state.undoLast()
  expect([asked.length - before, state.undoable]).toEqual([1, null])
  await turnOff()
  await state.save({ ...emptyRule, name: 'other' })
  expect(state.undoable).toBeNull()
})

test('why nothing could be saved is told, nothing is offered, and what was wanted stays', async () => {
  const { state, told, arranger } = setUp(rulesOf([ruleOf(1)]), { 'rules:arrange': () => no, 'rules:try': () => no })
  await vi.advanceTimersByTimeAsync(0)
  arranger.turn(ruleOf(1), false)
  expect(await arranger.save()).toBe(false)
  expect(told.map(({ title, text }) => [title, text])).toEqual([['The rules stay as they were', 'The disk is full.']])
  expect([state.offer, arranger.isChanged]).toEqual([null, true])
})

test('turning a rule off is tried as what it is; one that is off already is tried at work', async () => {
  const asked: (readonly boolean[])[] = []
  const { bridge, state } = setUp(rulesOf([ruleOf(1), ruleOf(2, { isOn: false })]), {
    'rules:try'({ rules }) {
      asked.push(rules.map(({ isOn }) => isOn))
      return { kind: 'refused', detail: '', at: null, length: 0 }
    },
  })
  await vi.advanceTimersByTimeAsync(0)
  const editor = new RuleEditor(bridge, state)
  editor.open(1 as RuleId)
  editor.change({ isOn: false })
  await vi.advanceTimersByTimeAsync(300)
  editor.open(2 as RuleId)
  await vi.advanceTimersByTimeAsync(300)
  editor.begin({ ...emptyRule, isOn: false })
  await vi.advanceTimersByTimeAsync(300)
  expect(asked).toEqual([
    [false, false],
    [true, true],
    [true, false, true],
  ])
})

test('one that cannot be read is removed for good, and nothing is offered', async () => {
  const { state } = setUp(rulesOf([ruleOf(1)], { broken: [{ id: 9 as RuleId, detail: 'It cannot be read.' }] }))
  await vi.advanceTimersByTimeAsync(0)
  await state.arrange([], [ruleOf(1)])
  await state.removeUnreadable(9 as RuleId)
  expect(state.offer).toBeNull()
})

test('all is muted for as long as its mute lasts, and again by undo', async () => {
  const { state } = setUp(
    rulesOf([], { mutes: [muteOf(1, { until: inAnHour }), muteOf(2, { of: { kind: 'field', field: 'type', value: 'MissingMFA' } })] }),
  )
  await vi.advanceTimersByTimeAsync(0)
  expect(state.silenceAt(Date.now())?.id).toBe(1)
  expect([state.silenceAt(Date.parse(inAnHour)), state.mutesAt(Date.parse(inAnHour)).length]).toEqual([null, 1])
  await state.unmute(muteOf(1, { until: inAnHour }), 'Tocsin speaks again')
  expect(state.silenceAt(Date.now())).toBeNull()
  await state.undoLast()
  expect(state.silenceAt(Date.now())).toMatchObject({ id: 1, until: inAnHour })
})

test('muting and suppressing can be taken back: the mute as if it had never been, the suppression as one that was lifted', async () => {
  const after = rulesOf([])
  const saved = (id: number | null) => ({ kind: 'saved', rules: after, id }) as const
  const { state, asked, told } = setUp(rulesOf([]), {
    'mute:add': () => saved(5),
    'mute:take-back': () => saved(null),
    'suppression:add': () => saved(6),
    'suppression:lift': () => no,
  })
  await vi.advanceTimersByTimeAsync(0)
  const words = { said: 'Muted: all of Tocsin', text: 'Until 13:00.' }
  await state.mute({ of: { kind: 'all' }, until: inAnHour }, words)
  expect(state.offer).toMatchObject(words)
  await state.undoLast()
  expect([asked.at(-1), told.at(-1)?.title]).toEqual([{ name: 'mute:take-back', argument: 5 }, 'Undone: Muted: all of Tocsin'])
  await state.suppress({ query: 'type:Noise', reason: 'a scanner', expiresAt: inAnHour }, { said: 'Suppressed known noise', text: '' })
  await state.undoLast()
  expect([asked.at(-1), told.at(-1)]).toEqual([
    { name: 'suppression:lift', argument: 6 },
    { id: 'rules', tone: 'trouble', title: 'It could not be undone', text: 'The disk is full.' },
  ])
})

test('a mute that is refused is for whoever asked to show, and nothing is offered', async () => {
  const { state, told } = setUp(rulesOf([]), { 'mute:add': () => no })
  await vi.advanceTimersByTimeAsync(0)
  expect(await state.mute({ of: { kind: 'all' }, until: null }, { said: 'Muted', text: '' })).toEqual(no)
  expect([state.offer, told]).toEqual([null, []])
})

test('what was muted since the clock of the page ticked last is muted already, and not before the clock that was ahead', async () => {
  const since = new Date().toISOString() as Instant
  const { state } = setUp(rulesOf([], { mutes: [muteOf(1, { since, until: inAnHour })] }))
  await vi.advanceTimersByTimeAsync(0)
  const ticked = Date.now() - 4_000
  expect(state.silenceAt(ticked)?.id).toBe(1)
  vi.setSystemTime(Date.now() - 1_800_000)
  expect(state.silenceAt(Date.now())).toBeNull()
})

test('a suppression that was lifted is the same one again by undo', async () => {
  const one: Suppression = {
    id: 1 as SuppressionId,
    query: 'type:Noise',
    reason: 'a scanner',
    since: inAnHour,
    expiresAt: '2031-06-17T12:00:00.000Z' as Instant,
    liftedAt: null,
  }
  const after = rulesOf([])
  const { state, asked } = setUp(rulesOf([], { suppressions: [one] }), {
    'suppression:lift': () => ({ kind: 'saved', rules: after, id: null }),
    'suppression:restore': () => ({ kind: 'saved', rules: after, id: null }),
  })
  await vi.advanceTimersByTimeAsync(0)
  expect([
    state.holds(one),
    state.holds({ ...one, liftedAt: inAnHour }),
    state.holds({ ...one, expiresAt: '2031-05-17T12:00:00.000Z' as Instant }),
  ]).toEqual([true, false, false])
  await state.lift(one)
  await state.undoLast()
  expect(asked.at(-1)).toEqual({ name: 'suppression:restore', argument: one.id })
})

describe('the editor', () => {
  const side: DryRunSide = { urgent: 0, notify: 0, notifications: 0, quiet: [] }
  const runOf = (looked: number): DryRun => ({
    ...{ kind: 'dry-run', days: [], now: side, then: side, examples: [], changed: 0, looked, isWhole: true },
    ...{ matched: 0, taken: 0, matchesEverything: false },
  })
  function editorOf(rules: readonly Rule[], handlers: Parameters<typeof createMemoryBridge>[0] = {}) {
    const main = setUp(rulesOf(rules), { 'rules:try': () => runOf(1), ...handlers })
    const tried = () =>
      main.asked
        .filter(({ name }) => name === 'rules:try')
        .map(({ argument }) => argument as { rules: readonly RuleDraft[]; about: number })
    return { ...main, tried, editor: new RuleEditor(main.bridge, main.state) }
  }

  test('tries a rule once typing pauses, in its place among the others, as if it were on', async () => {
    const { editor, tried } = editorOf([ruleOf(1), ruleOf(2, { isOn: false }), ruleOf(3)])
    await vi.advanceTimersByTimeAsync(0)
    editor.open(2 as RuleId)
    for (const query of ['k', 'ki', 'kind:threat']) {
      editor.change({ query })
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(300)
    expect(tried().map(({ rules, about }) => [about, rules.length, rules[1]?.query, rules[1]?.isOn])).toEqual([[1, 3, 'kind:threat', true]])
    editor.change({ name: 'a name tells nothing' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(tried()).toHaveLength(1)
  })

  test('tries a new one as the last of them', async () => {
    const { editor, tried } = editorOf([ruleOf(1)])
    await vi.advanceTimersByTimeAsync(0)
    editor.open(null)
    await vi.advanceTimersByTimeAsync(300)
    expect(tried().map(({ rules, about }) => [about, rules.map(({ id }) => id)])).toEqual([[1, [1, null]]])
  })

  test('an answer to what was typed before does not replace the newer one', async () => {
    const slow = later<DryRun>()
    const { editor } = editorOf([], {
      'rules:try': ({ rules }) => (rules[0]?.query === 'slow' ? slow.promise : runOf(2)),
    })
    await vi.advanceTimersByTimeAsync(0)
    editor.open(null)
    editor.change({ query: 'slow' })
    await vi.advanceTimersByTimeAsync(300)
    editor.change({ query: 'quick' })
    await vi.advanceTimersByTimeAsync(300)
    slow.resolve(runOf(1))
    await vi.advanceTimersByTimeAsync(0)
    expect([editor.trial.answer?.looked, editor.trial.isAnswered]).toEqual([2, true])
  })

  test('what is wrong with the query stands at its characters, until it is typed over', async () => {
    const { editor } = editorOf([], {
      'rules:try': ({ rules }) =>
        rules[0]?.query === 'colour:red' ? { kind: 'refused', detail: 'There is no field colour.', at: 0, length: 6 } : runOf(1),
    })
    await vi.advanceTimersByTimeAsync(0)
    editor.open(null)
    editor.change({ query: 'colour:red' })
    await vi.advanceTimersByTimeAsync(300)
    expect(editor.queryRefused).toEqual({ text: 'colour:red', at: 0, length: 6, detail: 'There is no field colour.' })
    editor.change({ query: 'kind:threat' })
    await vi.advanceTimersByTimeAsync(300)
    expect([editor.queryRefused, editor.trial.isAnswered]).toEqual([null, true])
  })

  test('why it was not saved stays with the draft; once it is saved the next one begins empty', async () => {
    const { editor, handlers } = editorOf([])
    await vi.advanceTimersByTimeAsync(0)
    const save = handlers['rule:save']
    handlers['rule:save'] = () => ({ kind: 'refused', detail: 'There is a rule named Mine already.', at: null, length: 0 })
    editor.open(null)
    editor.change({ name: 'Mine' })
    expect([await editor.save(), editor.otherRefused, editor.draft.name]).toEqual([false, 'There is a rule named Mine already.', 'Mine'])
    editor.open(null)
    expect(editor.draft.name).toBe('Mine')
    if (save) handlers['rule:save'] = save
    expect(await editor.save()).toBe(true)
    editor.open(null)
    expect([editor.draft, editor.otherRefused]).toEqual([emptyRule, null])
  })

  test('says when there was no answer at all', async () => {
    const { editor } = editorOf([], {
      'rules:try': () => {
        throw new Error('The history is busy.')
      },
    })
    await vi.advanceTimersByTimeAsync(0)
    editor.open(null)
    await vi.advanceTimersByTimeAsync(300)
    expect([editor.trial.trouble, editor.trial.isAnswered]).toEqual(['The history is busy.', false])
  })
})

test('a rule that was turned off in the list while it was being changed stays off', async () => {
  const { state, bridge } = setUp(rulesOf([ruleOf(1)]))
  await vi.advanceTimersByTimeAsync(0)
  const editor = new RuleEditor(bridge, state)
  editor.open(1 as RuleId)
  editor.change({ name: 'Renamed' })
  await state.arrange([{ ...ruleOf(1), isOn: false }], [])
  editor.open(1 as RuleId)
  expect(editor.draft).toMatchObject({ name: 'Renamed', isOn: false })
})
