import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HookId } from '../../shared/hooks.ts'
import { id, setUp, type Wanted } from './notify-test-support.ts'
import { fewOnes, windowsMs } from './windows.ts'
import { staleMs } from './notify.ts'
import type { Shown } from './notifier.ts'
import { mute, rule, ruleSet } from './test-support.ts'

const many = (from: number, to: number, over: Partial<Wanted> = {}): Wanted[] =>
  Array.from({ length: to - from }, (_, index) => ({ ...over, id: `d-${from + index}` }))
const posture = { kind: 'posture', type: 'MissingMFA', confidence: null } as const

describe('an episode', () => {
  test('begins at once, and grows in its place two seconds later', async () => {
    const { receive, shown, pass, said } = setUp()
    receive([{ id: 'a' }])
    expect(shown.map(({ title }) => title)).toEqual(['CredentialStuffingAttempt'])
    receive(many(1, 14))
    await pass(1_999)
    expect(shown).toHaveLength(1)
    await pass(1)
    expect(shown[1]).toMatchObject({ id: id(1), title: '14 × CredentialStuffingAttempt', target: { kind: 'group', notification: 1 } })
    expect(new Set(said().map(([, what]) => what))).toEqual(new Set(['1']))
    expect(said()).toHaveLength(14)
  })

  test('ends with a window in which nothing came: the next notification is another one, and no timer is left', async () => {
    const { receive, shown, pass, pending } = setUp()
    receive([{ id: 'a' }])
    await pass(windowsMs[0])
    expect(pending()).toBe(0)
    receive([{ id: 'b' }])
    expect(shown.map((note) => note.id)).toEqual([1, 2])
    expect(shown[1]?.target).toEqual({ kind: 'detection', key: { organizationId: 'org-1', id: 'b' } })
  })

  test('of a few is told every ten seconds', async () => {
    const { receive, moments, pass } = setUp()
    for (let second = 0; second < 30; second += 5) {
      receive([{ id: `d-${second}` }])
      await pass(1_000)
      if (second === 0) receive([{ id: 'another' }])
      await pass(4_000)
    }
    expect(moments).toEqual([0, 2, 12, 22])
  })

  test('of a flood of 10,000 makes three calls at most, whether it comes at once or over two minutes', async () => {
    for (const publishes of [5, 1_000]) {
      const { receive, shown, pass, moments, store } = setUp()
      const size = 10_000 / publishes
      for (let index = 0; index < publishes; index += 1) {
        receive(many(index * size, (index + 1) * size, { entityId: `user-${index % 7}` }))
        await pass(publishes === 5 ? 10 : 120)
      }
      await pass(3_600_000)
      expect(shown.length, String(publishes)).toBeLessThanOrEqual(3)
      expect(moments).toEqual(publishes === 5 ? [0, 2] : [0, 2, 122])
      expect(shown.at(-1)?.title).toMatch(/^10000 /)
      expect(store.outbox.undecided(null, 1).changes).toEqual([])
    }
  }, 60_000)

  test('of a flood that lasts an hour makes ten calls, each in the place of the one before', async () => {
    const { receive, shown, pass, moments } = setUp()
    for (let second = 0; second < 3_600; second += 2) {
      receive([{ id: `d-${second}` }])
      await pass(1_000)
      receive(second < 20 ? [{ id: `d-${second + 1}` }] : [])
      await pass(1_000)
    }
    await pass(600_000)
    expect(moments).toEqual([0, 2, 12, 132, 732, 1_332, 1_932, 2_532, 3_132, 3_732])
    expect(new Set(shown.map((note) => note.id))).toEqual(new Set([1]))
  }, 60_000)

  test('of which only a trickle is left is told soon again', async () => {
    const { receive, moments, pass } = setUp()
    receive(many(0, 500))
    await pass(1_000)
    receive(many(500, 1_000))
    for (let minute = 0; minute < 4; minute += 1) {
      receive([{ id: `later-${minute}` }])
      await pass(60_000)
    }
    // 2 s, 120 s, and then the shorter one.
    expect(moments.slice(0, 3)).toEqual([0, 2, 122])
    expect((moments[3] ?? 0) - 181).toBeLessThanOrEqual(10)
    expect(fewOnes).toBe(10)
  })

  test('that is not urgent becomes so within two seconds, however long its window is', async () => {
    const { receive, shown, moments, pass } = setUp()
    receive(many(0, 100, { confidence: 0.1 }))
    await pass(1_000)
    receive(many(100, 200, { confidence: 0.1 }))
    await pass(29_000)
    expect(moments).toEqual([0, 2])
    receive([{ id: 'urgent', confidence: 0.99 }])
    await pass(2_000)
    expect(moments).toEqual([0, 2, 32])
    expect(shown.map(({ urgency }) => urgency)).toEqual(['normal', 'normal', 'urgent'])
    receive([{ id: 'urgent too', confidence: 0.99 }])
    await pass(5_000)
    expect(shown).toHaveLength(3)
  })

  test.each([-7_200_000, 7_200_000])('becomes urgent within two seconds also where the clock was set by %i ms meanwhile', async (byMs) => {
    const { receive, shown, pass, setClock, pending } = setUp()
    receive(many(0, 100, { confidence: 0.1 }))
    await pass(1_000)
    receive(many(100, 200, { confidence: 0.1 }))
    await pass(29_000)
    setClock(byMs)
    receive([{ id: 'urgent', confidence: 0.99 }])
    await pass(1_000)
    receive([{ id: 'urgent too', confidence: 0.99 }])
    await pass(1_000)
    expect(shown.map(({ urgency }) => urgency)).toEqual(['normal', 'normal', 'urgent'])
    await pass(3_600_000)
    expect([shown.length, pending()]).toEqual([3, 0])
  })

  test('that was interrupted by sleep is told on waking, and is over where nothing had come', async () => {
    const { receive, pass, notify, shown, moments, pending } = setUp()
    receive([{ id: 'a' }])
    await pass(1_000)
    receive([{ id: 'b' }])
    // The computer slept: the clock went on, and no timer did.
    notify().woke()
    await pass(0)
    expect(shown.map(({ id }) => id)).toEqual([id(1), id(1)])
    expect(moments).toEqual([0, 1])
    notify().woke()
    await pass(0)
    expect(pending()).toBe(0)
    receive([{ id: 'c' }])
    expect(shown.map(({ id }) => id)).toEqual([id(1), id(1), id(2)])
  })

  test('goes on in its notification where the computer wakes while a slow desktop still shows it', async () => {
    const { receive, shown, notify, pass, setAnswer, pending } = setUp()
    receive([{ id: 'a' }])
    await pass(1_000)
    receive([{ id: 'b' }])
    let answer: (() => void) | null = null
    setAnswer(() => new Promise((resolve) => (answer = () => resolve({ kind: 'shown', nativeId: 1, service: ':1.7' }))))
    await pass(1_000)
    receive([{ id: 'c' }])
    await pass(10_000)
    notify().woke()
    await pass(0)
    ;(answer as (() => void) | null)?.()
    await pass(0)
    ;(answer as (() => void) | null)?.()
    await pass(0)
    expect(pending()).toBe(1)
    receive([{ id: 'd' }])
    expect(shown.map(({ id }) => id)).toEqual([id(1), id(1), id(1)])
  })

  test('that the user has closed goes on in another notification, which says only what is new', async () => {
    const { receive, shown, notify, pass } = setUp()
    receive([{ id: 'a' }])
    await pass(100)
    notify().closed(id(1))
    receive([{ id: 'b' }])
    await pass(2_000)
    expect(shown.map((note) => [note.id, note.title])).toEqual([
      [1, 'CredentialStuffingAttempt'],
      [2, 'CredentialStuffingAttempt'],
    ])
  })
})

describe('what is held', () => {
  test.each([
    [{ enabled: false }, 'off'],
    [{ rules: ruleSet({ mutes: [mute()] }) }, 'muted'],
  ] as const)('is kept quiet where the user decides so meanwhile: %j', async (over, because) => {
    const { receive, shown, pass, said, setCircumstances } = setUp()
    receive([{ id: 'a' }])
    receive([{ id: 'b' }])
    setCircumstances(over)
    await pass(60_000)
    expect(shown).toHaveLength(1)
    expect(said()).toEqual([
      ['a', '1'],
      ['b', because],
    ])
  })

  test('keeps the rule that was first to match it, by what it said of itself when it came', async () => {
    const { receive, pass, lines, setCircumstances } = setUp()
    const rules = ruleSet({ rules: [rule({ name: 'by metadata', query: 'metadata.region:eu', action: 'notify' })] })
    setCircumstances({ rules })
    receive([{ id: 'a', metadata: { region: 'eu' } }])
    receive([{ id: 'b', metadata: { region: 'eu' } }])
    await pass(2_000)
    expect(lines().map(({ rule }) => rule)).toEqual(['by metadata', 'by metadata'])
  })

  test('a posture issue of a type that was told by a clock that was ahead is told once more, and not again at each start', async () => {
    const { receive, restart, setClock, pass, said } = setUp()
    setClock(86_400_000)
    receive([{ id: 'ahead', ...posture }])
    await pass(60_000)
    setClock(-86_400_000)
    receive([{ id: 'right', ...posture }])
    await pass(60_000)
    restart()
    receive([{ id: 'again', ...posture }])
    await pass(60_000)
    expect(said().map(([id, what]) => [id, what])).toEqual([
      ['ahead', '1'],
      ['right', '2'],
      ['again', 'repeated'],
    ])
  })

  test('a posture issue of a type is told once, and told again where it was not shown', async () => {
    const { receive, pass, said, setAnswer } = setUp()
    setAnswer(() => Promise.resolve({ kind: 'not-shown', detail: 'no desktop' }))
    receive([{ id: 'a', ...posture }])
    await pass(5_000)
    setAnswer(() => Promise.resolve({ kind: 'shown', nativeId: null, service: null }))
    receive([{ id: 'b', ...posture }])
    receive([{ id: 'c', ...posture }])
    await pass(5_000)
    expect(said().sort()).toEqual([
      ['a', 'not-shown'],
      ['b', '2'],
      ['c', 'repeated'],
    ])
  })
})

describe('a backlog', () => {
  test('of 10,000 is one note when all of it is in, and what happens now is told meanwhile', async () => {
    const { receive, shown, pass, pending } = setUp()
    for (let index = 0; index < 100; index += 1) {
      receive(many(index * 100, index * 100 + 100), { isBacklog: true })
      await pass(50)
    }
    expect(shown).toEqual([])
    receive([{ id: 'now', type: 'FederationBypass' }])
    expect(shown.map(({ title }) => title)).toEqual(['FederationBypass'])
    await pass(60_000)
    expect(shown.map(({ title }) => title)).toEqual(['FederationBypass', 'While away: 10000 × CredentialStuffingAttempt'])
    expect(new Set(shown.map((note) => note.id)).size).toBe(2)
    expect(pending()).toBe(0)
  }, 30_000)

  test('that never ends is told every half minute', async () => {
    const { receive, shown, pass } = setUp()
    for (let second = 0; second < 65; second += 1) {
      receive([{ id: `d-${second}` }], { isBacklog: true })
      await pass(1_000)
    }
    expect(shown.map(({ title }) => title.slice(0, 13))).toEqual(['While away: 3', 'While away: 3'])
  })
})

describe('a desktop', () => {
  test('that blocks gets one call at a time, and what comes meanwhile is gathered, nothing twice', async () => {
    const { receive, shown, pass, said, setAnswer } = setUp()
    const answers: ((shown: Shown) => void)[] = []
    setAnswer(() => new Promise((resolve) => answers.push(resolve)))
    receive([{ id: 'a' }])
    for (let index = 0; index < 9; index += 1) {
      receive([{ id: `d-${index}` }])
      await pass(1_000)
    }
    expect(shown).toHaveLength(1)
    expect(said()).toEqual([['a', '1?']])
    answers[0]?.({ kind: 'shown', nativeId: 1, service: ':1.7' })
    await pass(0)
    expect(shown).toHaveLength(2)
    answers[1]?.({ kind: 'shown', nativeId: 1, service: ':1.7' })
    await pass(60_000)
    expect(shown).toHaveLength(2)
    expect(said()).toHaveLength(10)
    expect(new Set(said().map(([, what]) => what))).toEqual(new Set(['1']))
  })

  test('that cannot show it: what was told before was told, the rest says so, and the next one is another notification', async () => {
    const { receive, shown, pass, said, setAnswer } = setUp()
    receive([{ id: 'a' }])
    receive([{ id: 'b' }])
    setAnswer(() => Promise.resolve({ kind: 'not-shown', detail: 'gone' }))
    await pass(2_000)
    receive([{ id: 'c' }])
    setAnswer(() => Promise.reject(new Error('a bug')))
    await pass(10_000)
    setAnswer(() => Promise.resolve({ kind: 'shown', nativeId: 9, service: ':1.8' }))
    receive([{ id: 'd' }])
    await pass(10_000)
    expect(said()).toEqual([
      ['a', '1'],
      ['b', 'not-shown'],
      ['c', 'not-shown'],
      ['d', '3'],
    ])
    expect(shown.at(-1)).toMatchObject({ id: 3, target: { kind: 'detection' } })
  })
})

describe('a full disk', () => {
  test('keeps nobody from being told, and what was said is written when there is room again', async () => {
    const { receive, shown, pass, said, left, troubles, setDisk, store } = setUp()
    setDisk(true)
    receive([{ id: 'a' }])
    receive([{ id: 'b', status: 'resolved' }])
    await pass(2_000)
    expect(shown.map((note) => [note.id, note.title])).toEqual([[null, 'CredentialStuffingAttempt']])
    expect(said()).toEqual([])
    expect(troubles.length).toBeGreaterThan(0)
    setDisk(false)
    await pass(20_000)
    expect(said()).toEqual([
      ['a', '1'],
      ['b', 'resolved'],
    ])
    expect(left()).toEqual([])
    expect(store.outbox.byNative(1, ':1.7')).toBe(1)
  })

  test('in the middle of an update leaves the notification in its place', async () => {
    const { receive, shown, pass, said, setDisk } = setUp()
    receive([{ id: 'a' }])
    receive([{ id: 'b' }])
    await pass(100)
    setDisk(true)
    await pass(1_900)
    setDisk(false)
    await pass(20_000)
    expect(shown.map((note) => note.id)).toEqual([1, 1])
    expect(said()).toEqual([
      ['a', '1'],
      ['b', '1'],
    ])
  })
})

describe('after a start', () => {
  test('what was kept and not told is told once, in one note, and what is stale is not', async () => {
    const { keep, restart, shown, pass, said, left } = setUp()
    keep([{ id: 'stale' }, { id: 'stale and resolved', status: 'resolved' }])
    await pass(staleMs)
    await pass(1)
    keep(many(0, 1_200))
    restart()
    await pass(0)
    expect(shown).toEqual([])
    await pass(1_000)
    expect(shown.map(({ title }) => title)).toEqual(['1200 × CredentialStuffingAttempt'])
    expect(left()).toEqual([])
    restart()
    await pass(60_000)
    expect(shown).toHaveLength(1)
    expect(said().length).toBe(200)
  }, 20_000)

  test('it is said why nothing is told of what is too old, by its own reason where there is one', async () => {
    const { keep, restart, shown, pass, said } = setUp()
    keep([{ id: 'stale' }, { id: 'stale and resolved', status: 'resolved' }])
    await pass(staleMs + 1)
    restart()
    await pass(1_000)
    expect(shown).toEqual([])
    expect(said()).toEqual([
      ['stale', 'stale'],
      ['stale and resolved', 'resolved'],
    ])
  })

  test('what is damaged is said to be so once, and holds up neither the start nor what came after it', async () => {
    const { keep, restart, shown, pass, said, left, store, spoil } = setUp()
    keep(many(0, 500))
    keep([{ id: 'damaged' }, { id: 'damaged too' }, { id: 'good' }])
    spoil("UPDATE transitions SET changes = '{' WHERE sequence IN (1, 501)")
    spoil("UPDATE detections SET metadata = '{' WHERE id = 'damaged too'")
    restart()
    await pass(60_000)
    expect(shown.map(({ title }) => title)).toEqual(['500 × CredentialStuffingAttempt'])
    expect(
      said()
        .filter(([, because]) => because === 'unreadable')
        .map(([id]) => id),
    ).toEqual(['d-0', 'damaged', 'damaged too'])
    expect([left(), store.outbox.undecided(null, 10).unreadable]).toEqual([[], []])
    const lines = said()
    restart()
    await pass(60_000)
    expect(said()).toEqual(lines)
  }, 20_000)

  test.each([0, 1])(
    'where it cannot be read after %i pieces, it is said, and what comes now is told all the same',
    async (reads) => {
      const { keep, restart, receive, shown, pass, left, troubles, setReads } = setUp()
      keep(many(0, 700))
      setReads(reads)
      restart()
      receive([{ id: 'new' }])
      await pass(60_000)
      expect(troubles).toHaveLength(1)
      expect(shown.at(-1)?.title).toMatch(reads === 0 ? /^CredentialStuffingAttempt$/ : /^501 × /)
      expect(left().length).toBe(700 - 500 * reads)
    },
    20_000,
  )

  test('what comes while it is still read is told after it, once', async () => {
    const { keep, restart, receive, shown, pass, said } = setUp()
    keep(many(0, 700))
    restart()
    receive([{ id: 'meanwhile', type: 'FederationBypass' }])
    await pass(60_000)
    expect(shown).toHaveLength(2)
    expect(shown[0]?.title).toBe('700 × CredentialStuffingAttempt')
    expect(said().at(-1)).toEqual(['meanwhile', '1'])
  })

  test('what was held at the stop is told, and what the desktop was just showing is not told again', async () => {
    const { receive, restart, notify, shown, pass, said, left, setAnswer } = setUp()
    setAnswer(() => new Promise(() => {}))
    receive([{ id: 'a' }])
    receive([{ id: 'b' }, { id: 'resolved', status: 'resolved' }])
    const stopped = notify().stop()
    await pass(1_000)
    await stopped
    expect(left()).toEqual(['b'])
    await pass(60_000)
    expect(shown).toHaveLength(1)
    setAnswer(() => Promise.resolve({ kind: 'shown', nativeId: 2, service: ':1.7' }))
    restart()
    await pass(60_000)
    expect(shown.map((note) => note.id)).toEqual([1, 2])
    expect(said()).toEqual([
      ['a', '1?'],
      ['resolved', 'resolved'],
      ['b', '2'],
    ])
  })
})

describe('a confidence that goes back and forth', () => {
  const minutes = async (passed: ReturnType<typeof setUp>['pass'], many: number) => passed(many * 60_000)

  test('is told as urgent once, and again where it was lower for an hour', async () => {
    const { receive, shown, pass, said } = setUp()
    receive([{ id: 'a', confidence: 0.9 }])
    for (let turn = 0; turn < 5; turn += 1) {
      await minutes(pass, 10)
      receive([{ id: 'a', confidence: 0.7 }])
      await minutes(pass, 10)
      receive([{ id: 'a', confidence: 0.9 }])
    }
    await minutes(pass, 10)
    expect(shown).toHaveLength(1)
    receive([{ id: 'a', confidence: 0.7 }])
    await minutes(pass, 60)
    receive([{ id: 'a', confidence: 0.9 }])
    await minutes(pass, 1)
    expect(shown).toHaveLength(2)
    expect(shown.map(({ urgency }) => urgency)).toEqual(['urgent', 'urgent'])
    expect(said().filter(([, what]) => what === 'duplicate')).toHaveLength(11)
  })

  test('is told as urgent once also since it came back in the same moment in which it was resolved', async () => {
    const { receive, shown, pass } = setUp()
    const issue = (confidence: number, status: string) => ({ id: 'a', confidence, status })
    receive([issue(0.9, 'ongoing')])
    await minutes(pass, 10)
    // That it was resolved is written a moment after it was told again.
    receive([issue(0.9, 'resolved'), issue(0.9, 'ongoing')])
    await minutes(pass, 10)
    receive([issue(0.7, 'ongoing')])
    await minutes(pass, 10)
    receive([issue(0.9, 'ongoing')])
    await minutes(pass, 10)
    expect(shown).toHaveLength(2)
  })

  test('is told again after a start only where it would have been told before it', async () => {
    const { receive, restart, shown, pass } = setUp()
    receive([{ id: 'a', confidence: 0.9 }])
    await minutes(pass, 10)
    receive([{ id: 'a', confidence: 0.7 }])
    await minutes(pass, 10)
    restart()
    receive([{ id: 'a', confidence: 0.9 }])
    await minutes(pass, 10)
    expect(shown).toHaveLength(1)
  })

  test('is told rather than kept quiet where what was said before cannot be read', async () => {
    const { receive, shown, pass, spoil } = setUp()
    receive([{ id: 'a', confidence: 0.9 }])
    await minutes(pass, 10)
    receive([{ id: 'a', confidence: 0.7 }])
    await minutes(pass, 10)
    spoil('DROP TABLE notification_log')
    receive([{ id: 'a', confidence: 0.9 }])
    await minutes(pass, 1)
    expect(shown).toHaveLength(2)
  })
})

test('a hook gets what its rule matched, whether it was told or not', async () => {
  const { receive, pass, hooked, setCircumstances } = setUp()
  const hookId = 7 as HookId
  setCircumstances({
    rules: ruleSet({ rules: [rule({ action: 'silence', hookId, query: 'type:A*' }), rule({ hookId, query: 'type:B*' })] }),
  })
  receive([
    { id: 'a', type: 'Aa' },
    { id: 'b', type: 'Bb' },
    { id: 'c', type: 'Cc', status: 'resolved' },
  ])
  await pass(5_000)
  expect(hooked).toEqual([
    [7, 'normal'],
    [7, 'rule'],
    [null, 'resolved'],
  ])
})

describe('what is held for minutes', () => {
  const hookId = 7 as HookId
  const toHook = { rules: ruleSet({ rules: [rule({ hookId, query: 'type:B*' })] }) }

  test('goes to its hook at once, and not again when it is told', async () => {
    const { receive, pass, hooked, setCircumstances, moments } = setUp()
    setCircumstances(toHook)
    receive(many(0, 20))
    await pass(1_000)
    receive(many(20, 40))
    await pass(10_000)
    receive([{ id: 'b', type: 'Bb' }])
    await pass(500)
    expect([hooked.filter(([hook]) => hook !== null), moments]).toEqual([[[7, 'ahead']], [0, 2]])
    await pass(180_000)
    expect(moments).toEqual([0, 2, 122])
    expect(hooked.filter(([hook]) => hook !== null)).toEqual([[7, 'ahead']])
  })

  test('goes to its hook with its line where that is written first', async () => {
    const { receive, pass, hooked, setCircumstances, notify } = setUp()
    setCircumstances(toHook)
    receive([{ id: 'a' }])
    await pass(1_000)
    receive([{ id: 'b', type: 'Bb' }])
    notify().woke()
    await pass(5_000)
    expect(hooked.filter(([hook]) => hook !== null)).toEqual([[7, 'normal']])
  })

  test('goes to its hook after the start where Tocsin ended before, and after a full disk', async () => {
    const { receive, pass, hooked, setCircumstances, restart, setDisk } = setUp()
    setCircumstances(toHook)
    receive([{ id: 'a' }])
    await pass(1_000)
    setDisk(true)
    receive([{ id: 'b', type: 'Bb' }])
    await pass(500)
    setDisk(false)
    expect(hooked.filter(([hook]) => hook !== null)).toEqual([])
    restart()
    await pass(60_000)
    expect(hooked.filter(([hook]) => hook !== null)).toEqual([[7, 'normal']])
  })
})

test('of each change it is said once what became of it, and it is in one notification at most, whatever happens meanwhile', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('receive' as const), size: fc.nat(12), isPosture: fc.boolean(), isBacklog: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(10, 1_000, 2_000, 15_000, 130_000) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('disk' as const), full: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('focus' as const), isFocused: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('desktop' as const), works: fc.boolean(), answersAfterMs: fc.constantFrom(0, 5_000) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'woke' as const }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const here = setUp()
      let kept = 0
      let isFull = false
      for (const one of steps) {
        if (one.kind === 'receive') {
          const next = many(kept, kept + one.size, one.isPosture ? posture : {})
          kept += one.size
          here.receive(next, { isBacklog: one.isBacklog })
        } else if (one.kind === 'pass') await here.pass(one.ms)
        else if (one.kind === 'restart') {
          // With a full disk nothing says that it was told: that it is told again is better than that it is never told.
          if (!isFull) {
            await here.pass(10_000)
            here.restart()
          }
        } else if (one.kind === 'disk') here.setDisk((isFull = one.full))
        else if (one.kind === 'focus') here.setCircumstances({ timelineFocused: one.isFocused })
        else if (one.kind === 'woke') here.notify().woke()
        else
          here.setAnswer(async () => {
            if (one.answersAfterMs > 0) await here.after(one.answersAfterMs)
            return one.works ? { kind: 'shown', nativeId: 1, service: 's' } : { kind: 'not-shown', detail: '' }
          })
      }
      here.setDisk(false)
      await here.pass(3_600_000)
      const ids = here.said().map(([key]) => key)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.length).toBe(Math.min(200, kept))
      expect(here.left()).toEqual([])
      if (!steps.some((one) => one.kind === 'disk' && one.full)) expect(here.troubles).toEqual([])
    }),
    { numRuns: 60 },
  )
}, 60_000)

test('changes of one moment are told alike in whatever order they come', async () => {
  const wanted: readonly Wanted[] = [
    ...many(0, 5),
    ...many(5, 8, { entityId: '00u2', confidence: 0.97 }),
    { id: 'p', ...posture },
    { id: 'r', status: 'resolved' },
  ]
  const texts = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...wanted], { minLength: wanted.length }), async (shuffled) => {
      const { receive, shown, said, pass } = setUp()
      receive(shuffled)
      await pass(60_000)
      texts.add(JSON.stringify([shown.map(({ title, body, urgency }) => [title, body, urgency]), said().sort()]))
    }),
    { numRuns: 10 },
  )
  expect(texts.size).toBe(1)
})
