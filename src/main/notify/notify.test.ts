import { describe, expect, test } from 'vitest'
import type { Detection, DetectionId, Instant, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Change } from '../ingest/delivery.ts'
import { compose, type Note } from './compose.ts'
import { silences, type Silence } from '../../shared/inbox.ts'
import { decide, type NotifyContext } from './decide.ts'
import type { Decided } from './holding.ts'
import { createGathering } from './gather.ts'
import { createNotify, windowsMs } from './notify.ts'

const at = '2025-03-01T14:02:11.000Z' as Instant
const listening: NotifyContext = { enabled: true, timelineFocused: false }

function detection(over: Partial<Detection> = {}): Detection {
  return {
    id: 'd-1' as DetectionId,
    organizationId: 'org-1' as OrganizationId,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    trust: 'verified',
    detectedAt: at,
    changedAt: at,
    receivedAt: at,
    resolvedAt: null,
    entityId: '00u1abc',
    entityType: 'okta_user',
    sourceType: 'okta_org',
    connectionId: null,
    confidence: 0.93,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
    triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
    demo: false,
    imported: false,
    ...over,
  }
}

function change(over: Partial<Detection> = {}, from: string | null = null): Change {
  const changed = detection(over)
  return {
    detection: changed,
    transition: { sequence: 1 as Sequence, at, receivedAt: at, from, to: changed.status, changes: [] },
  }
}

function numbered(index: number, over: Partial<Detection> = {}): Change {
  return change({ id: `d-${index}` as DetectionId, ...over })
}

function one(over: Partial<Detection> = {}): Note {
  const gathering = createGathering()
  gathering.add(detection(over), 'normal')
  return compose(gathering.take()!)
}

describe('decide', () => {
  test('shows a new threat, and urgently when it is trusted and confident', () => {
    expect(decide(change(), listening)).toEqual({ show: true, urgency: 'urgent' })
    expect(decide(change({ confidence: 0.8 }), listening)).toEqual({ show: true, urgency: 'urgent' })
    expect(decide(change({ trust: 'late' }), listening)).toEqual({ show: true, urgency: 'urgent' })
    expect(decide(change({ confidence: 0.79 }), listening)).toEqual({ show: true, urgency: 'normal' })
    expect(decide(change({ confidence: null }), listening)).toEqual({ show: true, urgency: 'normal' })
    expect(decide(change({ trust: 'unsigned' }), listening)).toEqual({ show: true, urgency: 'normal' })
  })

  test('shows a threat that goes on, and a posture issue only when it is new or back', () => {
    expect(decide(change({ status: 'ongoing' }, 'detected'), listening).show, 'threat').toBe(true)
    expect(decide(change({ kind: 'posture' }), listening)).toEqual({ show: true, urgency: 'normal' })
    expect(decide(change({ kind: 'posture', status: 'ongoing' }, 'detected'), listening)).toEqual({ show: false, because: 'continuing' })
    expect(decide(change({ kind: 'posture', status: 'ongoing' }, 'resolved'), listening)).toEqual({ show: true, urgency: 'normal' })
  })

  test('shows a status it has never heard of', () => {
    expect(decide(change({ status: 'reopened' }, 'ongoing'), listening).show).toBe(true)
  })

  test('is silent for a named reason', () => {
    const found = [
      decide(change(), { enabled: false, timelineFocused: false }),
      decide({ ...change(), isImported: true }, listening),
      decide(change(), { enabled: true, timelineFocused: true }),
      decide(change({ status: 'ongoing' }, 'ongoing'), listening),
      decide(change({ status: 'resolved' }, 'ongoing'), listening),
      decide(change({ kind: 'posture', status: 'ongoing' }, 'detected'), listening),
    ]
    // What a flood or a backlog could not name is known only once its note is told.
    const decided = silences.filter((because) => because !== 'burst' && because !== 'backlog')
    expect(found).toEqual(decided.map((because) => ({ show: false, because })))
  })

  test('a demonstration notifies like any other', () => {
    expect(decide(change({ demo: true }), listening).show).toBe(true)
  })
})

describe('compose', () => {
  test('one detection is named with what matters of it', () => {
    expect(one()).toEqual({
      title: 'CredentialStuffingAttempt',
      body: 'okta_user 00u1abc · okta_org · confidence 0.93',
      urgency: 'normal',
      key: { organizationId: 'org-1', id: 'd-1' },
    })
  })

  test('what the sender left out leaves no hole', () => {
    expect(one({ entityId: null, entityType: null, confidence: null }).body).toBe('okta_org')
    expect(one({ entityId: null, entityType: null, sourceType: null, confidence: null }).body).toBe('')
  })

  test('a status other than detected and a trust other than verified are said', () => {
    expect(one({ status: 'ongoing', trust: 'late' }).body).toBe('okta_user 00u1abc · okta_org · confidence 0.93 · ongoing · late')
  })

  test('a long entity leaves room for the rest', () => {
    const { body } = one({ entityId: 'x'.repeat(500) })
    expect(body.length).toBeLessThan(200)
    expect(body).toMatch(/… · okta_org · confidence 0\.93$/)
  })

  test('a demonstration says so first', () => {
    expect(one({ demo: true }).title).toBe('Demo: CredentialStuffingAttempt')
  })

  test('many detections are counted by kind and the most confident threat is named', () => {
    const gathering = createGathering()
    for (let index = 0; index < 9; index += 1)
      gathering.add(detection({ id: `t${index}` as DetectionId, confidence: index / 10 }), 'normal')
    for (let index = 0; index < 5; index += 1)
      gathering.add(detection({ id: `p${index}` as DetectionId, kind: 'posture', type: 'MissingMFA', confidence: 1 }), 'normal')
    expect(compose(gathering.take()!)).toEqual({
      title: '14 detections: 9 threats, 5 posture issues',
      body: 'CredentialStuffingAttempt · okta_user 00u1abc · okta_org · confidence 0.80',
      urgency: 'normal',
      key: null,
    })
  })

  test('one of a kind is singular and none of a kind is left out', () => {
    const gathering = createGathering()
    gathering.add(detection({ id: 'a' as DetectionId }), 'normal')
    gathering.add(detection({ id: 'b' as DetectionId, kind: 'posture' }), 'normal')
    expect(compose(gathering.take()!).title).toBe('2 detections: 1 threat, 1 posture issue')
    gathering.add(detection({ id: 'a' as DetectionId }), 'normal')
    gathering.add(detection({ id: 'b' as DetectionId }), 'normal')
    expect(compose(gathering.take()!).title).toBe('2 detections: 2 threats')
  })

  test('a demonstration among real detections marks only its own line', () => {
    const gathering = createGathering()
    gathering.add(detection({ id: 'a' as DetectionId, demo: true, confidence: 1 }), 'normal')
    gathering.add(detection({ id: 'b' as DetectionId, confidence: 0.5 }), 'normal')
    const note = compose(gathering.take()!)
    expect(note.title).toBe('2 detections: 2 threats')
    expect(note.body).toMatch(/^Demo: CredentialStuffingAttempt/)
  })
})

describe('what nobody signed', () => {
  test('says so before anything that its sender chose', () => {
    expect(one({ trust: 'unsigned' })).toMatchObject({ title: 'Unsigned: CredentialStuffingAttempt', urgency: 'normal' })
    expect(one({ trust: 'unsigned', demo: true }).title).toBe('Demo: Unsigned: CredentialStuffingAttempt')
  })

  test('is counted among many, and never stands for what was signed', () => {
    const gathering = createGathering()
    gathering.add(detection({ id: 'a' as DetectionId, trust: 'unsigned', confidence: 1 }), 'normal')
    gathering.add(detection({ id: 'b' as DetectionId, kind: 'posture', type: 'MissingMFA', confidence: 0.1 }), 'normal')
    const mixed = compose(gathering.take()!)
    expect(mixed.title).toBe('2 detections: 1 threat, 1 posture issue, 1 of them unsigned')
    expect(mixed.body).toMatch(/^MissingMFA/)
    gathering.add(detection({ id: 'a' as DetectionId, trust: 'unsigned' }), 'normal')
    gathering.add(detection({ id: 'b' as DetectionId, trust: 'unsigned' }), 'normal')
    expect(compose(gathering.take()!)).toMatchObject({
      title: '2 detections: 2 threats, 2 of them unsigned',
      body: expect.stringMatching(/^Unsigned: /),
    })
  })
})

describe('gathering', () => {
  test('counts a detection once however often it changes, and says its latest state', () => {
    const gathering = createGathering()
    gathering.add(detection(), 'urgent')
    gathering.add(detection({ status: 'ongoing' }), 'normal')
    const gathered = gathering.take()!
    expect(gathered).toMatchObject({ threats: 1, postures: 0, urgency: 'urgent', top: { status: 'ongoing' } })
    expect(gathering.take()).toBeNull()
  })

  test('the same id in another organization is another detection', () => {
    const gathering = createGathering()
    gathering.add(detection(), 'normal')
    gathering.add(detection({ organizationId: 'org-2' as OrganizationId }), 'normal')
    expect(gathering.take()).toMatchObject({ threats: 2 })
  })

  test('beyond its limit the count is a lower bound and says so', () => {
    const gathering = createGathering(3)
    for (let index = 0; index < 10; index += 1) gathering.add(detection({ id: `d${index}` as DetectionId }), 'normal')
    expect(compose(gathering.take()!).title).toBe('more than 3 detections: 3 threats')
  })
})

describe('notify', () => {
  function setUp() {
    const shown: Note[] = []
    const decided: Decided[] = []
    let now = 0
    let timers: { readonly at: number; readonly run: () => void }[] = []
    let context = listening
    const notify = createNotify({
      notifier: { show: (note) => shown.push(note) },
      context: () => context,
      onDecided: (some) => decided.push(...some),
      schedule(run, afterMs) {
        const timer = { at: now + afterMs, run }
        timers.push(timer)
        return () => {
          timers = timers.filter((other) => other !== timer)
        }
      },
    })
    function pass(ms: number): void {
      const until = now + ms
      for (;;) {
        const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        now = next.at
        next.run()
      }
      now = until
    }
    return { notify, shown, decided, pass, pending: () => timers.length, setContext: (next: NotifyContext) => (context = next) }
  }

  test('the first is shown at once, those within two seconds in one note', () => {
    const { notify, shown, pass } = setUp()
    notify.changed([numbered(1)])
    expect(shown.map((note) => note.title)).toEqual(['CredentialStuffingAttempt'])
    for (let index = 2; index <= 15; index += 1) notify.changed([numbered(index)])
    pass(1_999)
    expect(shown).toHaveLength(1)
    pass(1)
    expect(shown.map((note) => note.title)).toEqual(['CredentialStuffingAttempt', '14 detections: 14 threats'])
  })

  test('changes published together are one note at once', () => {
    const { notify, shown } = setUp()
    notify.changed([numbered(1), numbered(2)])
    expect(shown.map((note) => note.title)).toEqual(['2 detections: 2 threats'])
  })

  test('a flood of 10,000 over two minutes is told in five notes, with windows that stretch', () => {
    const { notify, shown, pass } = setUp()
    const moments: number[] = []
    for (let index = 0; index < 10_000; index += 1) {
      notify.changed([numbered(index)])
      if (shown.length > moments.length) moments.push(index * 12)
      pass(12)
      if (shown.length > moments.length) moments.push((index + 1) * 12)
    }
    expect(moments.map((ms) => Math.round(ms / 1_000))).toEqual([0, 2, 12, 72])
    pass(60_000)
    expect(shown).toHaveLength(5)
    expect(windowsMs).toEqual([2_000, 10_000, 60_000])
  })

  test('a quiet window ends the flood: the next one is shown at once again and no timer is left', () => {
    const { notify, shown, pass, pending } = setUp()
    notify.changed([numbered(1)])
    notify.changed([numbered(2)])
    pass(2_000)
    pass(10_000)
    expect(pending()).toBe(0)
    notify.changed([numbered(3)])
    expect(shown).toHaveLength(3)
    notify.changed([numbered(4)])
    pass(2_000)
    expect(shown).toHaveLength(4)
  })

  test('a backlog of 10,000 is one note when all of it is in, and what happens now is told meanwhile', () => {
    const { notify, shown, pass, pending } = setUp()
    for (let index = 0; index < 100; index += 1) {
      notify.changed(Array.from({ length: 100 }, (_, one) => ({ ...numbered(index * 100 + one), isBacklog: true })))
      pass(50)
    }
    expect(shown).toEqual([])
    notify.changed([numbered(20_000, { type: 'FederationBypass' })])
    expect(shown.map((note) => note.title)).toEqual(['FederationBypass'])
    pass(4_000)
    expect(shown.map((note) => note.title)).toEqual(['FederationBypass', 'While away: 10000 detections: 10000 threats'])
    pass(60_000)
    expect([shown.length, pending()]).toEqual([2, 0])
  })

  test('a backlog that never ends is told every half minute', () => {
    const { notify, shown, pass } = setUp()
    for (let second = 0; second < 65; second += 1) {
      notify.changed([{ ...numbered(second), isBacklog: true }])
      pass(1_000)
    }
    expect(shown.map((note) => note.title.slice(0, 13))).toEqual(['While away: 3', 'While away: 3'])
  })

  test('what is silenced opens no window', () => {
    const { notify, shown, pending } = setUp()
    notify.changed([change({ status: 'resolved' }, 'ongoing')])
    expect(shown).toEqual([])
    expect(pending()).toBe(0)
  })

  test.each([
    { enabled: false, timelineFocused: false },
    { enabled: true, timelineFocused: true },
  ])('what was gathered is dropped when the context turns to $enabled, $timelineFocused', (later) => {
    const { notify, shown, pass, setContext } = setUp()
    notify.changed([numbered(1)])
    notify.changed([numbered(2)])
    setContext(later)
    pass(60_000)
    expect(shown).toHaveLength(1)
  })

  test('nothing is shown after stop, gathered or new', async () => {
    const { notify, shown, pass, pending } = setUp()
    notify.changed([numbered(1)])
    notify.changed([numbered(2)])
    await notify.stop()
    expect(pending()).toBe(0)
    notify.changed([numbered(3)])
    pass(60_000)
    expect(shown).toHaveLength(1)
  })

  function sequenced(index: number, over: Partial<Detection> = {}, from: string | null = null): Change {
    const made = change({ id: `d-${index}` as DetectionId, ...over }, from)
    return { ...made, transition: { ...made.transition, sequence: index as Sequence } }
  }
  const told = (sequence: number, urgency = 'urgent') => ({ sequence, said: { kind: 'told', urgency } })
  const quiet = (sequence: number, because: Silence) => ({ sequence, said: { kind: 'quiet', because } })

  test('says once of each change what became of it, when it is known', () => {
    const { notify, decided, pass, setContext } = setUp()
    notify.changed([sequenced(1), sequenced(2, { status: 'resolved' }, 'ongoing')])
    expect(decided).toEqual([quiet(2, 'resolved'), told(1)])
    notify.changed([sequenced(3, { confidence: 0.1 })])
    notify.changed([sequenced(4)])
    expect(decided).toHaveLength(2)
    pass(2_000)
    expect(decided.slice(2)).toEqual([told(3, 'normal'), told(4)])
    notify.changed([sequenced(5)])
    setContext({ enabled: true, timelineFocused: true })
    notify.changed([sequenced(6)])
    pass(60_000)
    expect(decided.slice(4)).toEqual([quiet(6, 'focused'), quiet(5, 'focused')])
    setContext({ enabled: false, timelineFocused: false })
    notify.changed([{ ...sequenced(7), isBacklog: true }])
    expect(decided.slice(6)).toEqual([quiet(7, 'off')])
  })

  test('has nothing to say of what was told before and is the same', () => {
    const { notify, decided } = setUp()
    notify.changed([sequenced(1, { status: 'ongoing' }, 'ongoing')])
    expect(decided).toEqual([])
  })

  test('a backlog is told when all of it is in, each change of it once', () => {
    const { notify, decided, pass } = setUp()
    notify.changed([
      { ...sequenced(1), isBacklog: true },
      { ...sequenced(2, { confidence: null }), isBacklog: true },
    ])
    expect(decided).toEqual([])
    pass(4_000)
    expect(decided).toEqual([told(1), told(2, 'normal')])
  })

  test('what no note can name, and what is held when the app quits, is a burst or a backlog', async () => {
    const { notify, decided } = setUp()
    notify.changed([sequenced(1)])
    for (let index = 2; index <= 10_003; index += 1) notify.changed([sequenced(index)])
    notify.changed([{ ...sequenced(10_004), isBacklog: true }])
    expect(decided).toEqual([told(1), quiet(10_002, 'burst'), quiet(10_003, 'burst')])
    await notify.stop()
    expect(decided).toHaveLength(10_004)
    expect(new Set(decided.map(({ sequence }) => sequence)).size).toBe(10_004)
    expect(decided.at(-2)).toEqual(quiet(10_001, 'burst'))
    expect(decided.at(-1)).toEqual(quiet(10_004, 'backlog'))
  })
})
