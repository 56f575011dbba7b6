import { EventEmitter } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DetectionId, OrganizationId } from '../../../shared/detection.ts'
import type { NotificationId } from '../../../shared/inbox.ts'
import type { NotificationContent } from '../../../shared/settings.ts'
import type { Note, NoteAction, Target } from '../../notify/notifier.ts'
import { connectToBus } from './bus-address.ts'
import { composeNotifier, type DesktopNotifier } from './composed-notifier.ts'
import { answerMs, mostOutstanding, type Known } from './desktop-service.ts'
import type { NativeNotification } from './electron-notes.ts'
import { lackOfBus, openTestBus, startStandIn, type StandIn, type StandInOptions, type TestBus } from './session-bus-test-support.ts'

const lack = lackOfBus()
if (lack !== null) console.warn(`Notifications over D-Bus are not tested here: ${lack}`)

const one = 1 as NotificationId
const detection: Target = { kind: 'detection', key: { organizationId: 'org' as OrganizationId, id: 'd1' as DetectionId } }
function noteOf(more: Partial<Note> = {}): Note {
  return {
    id: one,
    title: 'CredentialStuffingAttempt',
    body: 'okta_user 00u1',
    hidden: { title: 'Tocsin', body: '1 new detection' },
    urgency: 'normal',
    hasSound: false,
    target: detection,
    actions: ['acknowledge', 'snooze'],
    ...more,
  }
}

/** Electron's notification, as far as it is used, and what it was made with. */
class ElectronNotification extends EventEmitter implements NativeNotification {
  static made: ElectronNotification[] = []
  readonly options: object
  isClosed = false
  constructor(options: object) {
    super()
    this.options = options
    ElectronNotification.made.push(this)
  }
  show(): void {
    this.emit('show')
  }
  close(): void {
    this.isClosed = true
  }
}

type Set = {
  readonly notifier: DesktopNotifier
  readonly chosen: Target[]
  readonly acted: [NotificationId, NoteAction][]
  readonly closed: NotificationId[]
  /** What was put off for so long, or less but for at least `fromMs`, happens now. */
  elapse(toMs: number, fromMs?: number): void
  content: NotificationContent
  known: (nativeId: number, service: string) => Known | null
  /** What earlier runs left with whatever service. */
  earlier: readonly number[]
  readonly moved: (readonly [NotificationId, number])[]
  /** As the system says it, not the session bus. */
  lock(): void
}

const running: { stop(): unknown }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop()
  ElectronNotification.made = []
})

function setUp(address: string | undefined, more: { platform?: string; isSupported?: boolean } = {}): Set {
  const { platform = 'linux', isSupported = false } = more
  let isLocked = false
  const later = new Map<symbol, { task: () => void; afterMs: number }>()
  const made: Set = {
    notifier: undefined as never,
    chosen: [],
    acted: [],
    closed: [],
    content: 'full',
    known: () => null,
    earlier: [],
    moved: [],
    lock: () => {},
    elapse(toMs, fromMs = 0) {
      for (const [key, { task, afterMs }] of [...later])
        if (afterMs >= fromMs && afterMs <= toMs) {
          later.delete(key)
          task()
        }
    },
  }
  const notifier = composeNotifier({
    content: () => made.content,
    knownAs: (nativeId, service) => made.known(nativeId, service),
    earlierNumbers: () => made.earlier,
    onMoved: (id, nativeId) => void made.moved.push([id, nativeId]),
    onChosen: (target) => made.chosen.push(target),
    onAction: (id, action) => made.acted.push([id, action]),
    onClosed: (id) => made.closed.push(id),
    connect: platform === 'linux' ? () => (address === undefined ? null : connectToBus(address, undefined)) : null,
    electron: { platform, isSupported: () => isSupported, make: (options) => new ElectronNotification(options) },
    watchScreen(onLocked) {
      made.lock = () => {
        isLocked = true
        onLocked()
      }
      return { isLocked: () => isLocked, stop: () => {} }
    },
    schedule(task, afterMs) {
      const key = Symbol()
      later.set(key, { task, afterMs })
      return () => later.delete(key)
    },
  })
  running.push(notifier)
  return Object.assign(made, { notifier })
}

describe.skipIf(lack !== null)('on a session bus', () => {
  let bus: TestBus
  beforeEach(async () => {
    bus = await openTestBus()
    running.push({ stop: bus.close })
  })
  async function service(options: StandInOptions = {}): Promise<StandIn> {
    const made = await startStandIn(bus.address, options)
    running.push(made)
    return made
  }

  test('a note arrives with its words, its urgency and its buttons', async () => {
    const desktop = await service()
    const { notifier } = setUp(bus.address)
    const shown = await notifier.show(noteOf())
    expect(shown).toEqual({ kind: 'shown', nativeId: 1, service: expect.stringMatching(/^:1\.\d+@[0-9a-f]{32}$/) as string })
    expect(await desktop.called(1)).toEqual([
      {
        app: 'Tocsin',
        replaces: 0,
        icon: '',
        title: 'CredentialStuffingAttempt',
        body: 'okta_user 00u1',
        actions: ['default', 'Open', 'acknowledge', 'Acknowledge', 'snooze', 'Snooze for 1 hour'],
        hints: { urgency: 1, 'desktop-entry': 'tocsin', category: 'x-tocsin.detection', 'suppress-sound': true },
        timeout: -1,
        id: 1,
      },
    ])
  })

  test('an urgent one with a sound says so, and stays until it is seen', async () => {
    const desktop = await service()
    const { notifier } = setUp(bus.address)
    await notifier.show(noteOf({ urgency: 'urgent', hasSound: true }))
    const [{ hints, timeout } = { hints: {}, timeout: null }] = await desktop.called(1)
    expect([hints, timeout]).toEqual([
      { urgency: 2, 'desktop-entry': 'tocsin', category: 'x-tocsin.detection', 'sound-name': 'message-new-instant' },
      0,
    ])
  })

  test('markup is escaped where the service parses it, in the body only, and left alone where it does not', async () => {
    const hostile = noteOf({ title: '<b>A</b> \u202e', body: '<a href="x">&\nb</a>\u0000' })
    const parses = await service()
    await setUp(bus.address).notifier.show(hostile)
    expect((await parses.called(1))[0]).toMatchObject({
      title: '<b>A</b> \ufffd',
      body: '&lt;a href=&quot;x&quot;&gt;&amp; b&lt;/a&gt;\ufffd',
    })
    await parses.stop()
    const doesNot = await service({ capabilities: ['body'] })
    await setUp(bus.address).notifier.show(hostile)
    expect((await doesNot.called(1))[0]).toMatchObject({ title: '<b>A</b> \ufffd', body: '<a href="x">& b</a>\ufffd' })
    await doesNot.settled()
    expect(doesNot.calls()[0]?.actions, 'a service that tells of no clicks gets no buttons').toEqual([])
  })

  test('the same notification takes the place of the earlier one, as long as that is there', async () => {
    const desktop = await service()
    const { notifier, closed } = setUp(bus.address)
    await notifier.show(noteOf())
    await notifier.show(noteOf({ title: 'Two' }))
    await notifier.show(noteOf({ id: 2 as NotificationId }))
    await desktop.emit('NotificationClosed', 'uu', [1, 2])
    await vi.waitFor(() => expect(closed).toEqual([1]))
    await notifier.show(noteOf({ title: 'Three' }))
    expect((await desktop.called(4)).map(({ replaces, id }) => [replaces, id])).toEqual([
      [0, 1],
      [1, 1],
      [0, 2],
      [0, 3],
    ])
  })

  test('two of one notification at once still take one place', async () => {
    const desktop = await service()
    const { notifier } = setUp(bus.address)
    await Promise.all([notifier.show(noteOf()), notifier.show(noteOf({ title: 'Two' }))])
    expect((await desktop.called(2)).map(({ replaces, title }) => [replaces, title])).toEqual([
      [0, 'CredentialStuffingAttempt'],
      [1, 'Two'],
    ])
  })

  test('a click opens what its notification is about, told as closed before or after', async () => {
    const desktop = await service()
    const { notifier, chosen } = setUp(bus.address)
    const group: Target = { kind: 'group', notification: 2 as NotificationId }
    await notifier.show(noteOf())
    await notifier.show(noteOf({ id: 2 as NotificationId, target: group }))
    await notifier.show(noteOf({ id: null, target: { kind: 'timeline' } }))
    await desktop.emit('NotificationClosed', 'uu', [1, 2])
    for (const id of [1, 2, 3, 4]) await desktop.click(id)
    await vi.waitFor(() => expect(chosen).toEqual([detection, group, { kind: 'timeline' }]))
  })

  test('its buttons tell what they are for, and words of nobody do nothing', async () => {
    const desktop = await service()
    const { notifier, acted, chosen } = setUp(bus.address)
    await notifier.show(noteOf())
    for (const action of ['acknowledge', 'nonsense', 'inline-reply', 'snooze']) await desktop.click(1, action)
    await desktop.emit('ActivationToken', 'us', [1, 'token'])
    await vi.waitFor(() =>
      expect(acted).toEqual([
        [1, 'acknowledge'],
        [1, 'snooze'],
      ]),
    )
    expect(chosen).toEqual([])
  })

  test('a click that comes right behind the answer is heard', async () => {
    await service({ clicksAtOnce: true })
    const { notifier, chosen } = setUp(bus.address)
    for (let shown = 1; shown <= 10; shown++) {
      await notifier.show(noteOf({ id: shown as NotificationId }))
      await vi.waitFor(() => expect(chosen).toHaveLength(shown))
    }
  })

  test('a click on what an earlier run showed is looked up by its number and its service', async () => {
    const desktop = await service()
    const earlier = setUp(bus.address)
    const shown = await earlier.notifier.show(noteOf())
    await earlier.notifier.stop()
    const { chosen, acted, notifier } = Object.assign(setUp(bus.address), {
      known: (nativeId: number, of: string) =>
        shown.kind === 'shown' && nativeId === shown.nativeId && of === shown.service ? { id: one, target: detection } : null,
    })
    // Any answer by the same way means that it listens.
    await notifier.show(noteOf({ id: null, target: { kind: 'timeline' } }))
    await desktop.click(1)
    await desktop.click(1, 'acknowledge')
    await desktop.click(99)
    await vi.waitFor(() => expect([chosen, acted]).toEqual([[detection], [[1, 'acknowledge']]]))
  })

  test('a signal of anybody but the service is not believed', async () => {
    const desktop = await service()
    const { notifier, chosen } = setUp(bus.address)
    await notifier.show(noteOf())
    const stranger = await service({ saver: { name: 'com.example.Stranger', path: '/org/freedesktop/Notifications', isActive: false } })
    // Sent to each name that the bus may have given us, since a broadcast would not even be handed over.
    for (let number = 0; number < 8; number++)
      await stranger.emit('org.freedesktop.Notifications.ActionInvoked', 'us', [1, 'default'], `:1.${number}`)
    await desktop.click(1)
    await vi.waitFor(() => expect(chosen).toHaveLength(1))
  })

  test('one is taken away when it is asked for, and only while it is there', async () => {
    const desktop = await service()
    const { notifier, closed } = setUp(bus.address)
    await notifier.show(noteOf())
    notifier.close(one)
    notifier.close(one)
    notifier.close(7 as NotificationId)
    await vi.waitFor(() => expect(desktop.closed()).toEqual([1]))
    await vi.waitFor(() => expect(closed).toEqual([1]))
  })

  test('whether the user may be disturbed is known from the start, and kept up to date', async () => {
    const desktop = await service({ inhibited: true })
    const { notifier } = setUp(bus.address)
    await notifier.looked()
    expect(notifier.isInhibited()).toBe(true)
    await desktop.setProperty('Inhibited', false)
    await vi.waitFor(() => expect(notifier.isInhibited()).toBe(false))
    await desktop.setProperty('Inhibited', true)
    await vi.waitFor(() => expect(notifier.isInhibited()).toBe(true))
    await desktop.stop()
    await vi.waitFor(() => expect(notifier.isInhibited()).toBe(false))
  })

  test('nobody waits for long for a service that does not say whether the user may be disturbed', async () => {
    const desktop = await service({ inhibited: true })
    desktop.freeze()
    const { notifier, elapse } = setUp(bus.address)
    elapse(1_000)
    await notifier.looked()
    expect(notifier.isInhibited()).toBe(false)
  })

  test('a service that says nothing of it lets us speak', async () => {
    await service()
    const { notifier } = setUp(bus.address)
    expect((await notifier.show(noteOf())).kind).toBe('shown')
    expect(notifier.isInhibited()).toBe(false)
  })

  test('what is hidden shows neither content nor buttons', async () => {
    const desktop = await service()
    const made = setUp(bus.address)
    made.content = 'hidden'
    await made.notifier.show(noteOf({ urgency: 'urgent' }))
    expect((await desktop.called(1))[0]).toMatchObject({
      title: 'Tocsin',
      body: '1 new detection',
      actions: ['default', 'Open'],
      hints: { urgency: 2 },
    })
  })

  test.each([
    ['org.freedesktop.ScreenSaver', '/org/freedesktop/ScreenSaver'],
    ['org.gnome.ScreenSaver', '/org/gnome/ScreenSaver'],
  ])('content is hidden while %s says that the screen is locked', async (name, path) => {
    const desktop = await service()
    const saver = await service({ saver: { name, path, isActive: true } })
    const made = setUp(bus.address)
    made.content = 'hidden-when-locked'
    let last = 0
    /** Each is another one, since what is on the screen when it locks is shown again. */
    const titleOf = async () => {
      const shown = await made.notifier.show(noteOf({ id: ++last as NotificationId }))
      const number = shown.kind === 'shown' ? shown.nativeId : null
      return vi.waitUntil(() => desktop.calls().find(({ id }) => id === number)?.title)
    }
    expect(await titleOf()).toBe('Tocsin')
    expect(made.notifier.isScreenLocked()).toBe(true)
    await saver.emit('ActiveChanged', 'b', [false])
    await vi.waitFor(async () => expect(await titleOf()).toBe('CredentialStuffingAttempt'))
    expect(made.notifier.isScreenLocked()).toBe(false)
    await saver.emit('ActiveChanged', 'b', [true])
    await vi.waitFor(async () => expect(await titleOf()).toBe('Tocsin'))
    made.content = 'full'
    expect(await titleOf()).toBe('CredentialStuffingAttempt')
    made.content = 'hidden-when-locked'
    await saver.stop()
    await vi.waitFor(async () => expect(await titleOf()).toBe('CredentialStuffingAttempt'))
  })

  test('what is on the screen when it locks is shown again in its place without content, buttons or sound', async () => {
    const desktop = await service()
    const saver = await service({ saver: { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver', isActive: false } })
    const { notifier, chosen, closed } = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await notifier.show(noteOf({ id: null, title: 'About Tocsin', target: { kind: 'timeline' } }))
    await vi.waitFor(() => expect(notifier.isScreenLocked()).toBe(false))
    for (const number of [1, 2, 3]) await notifier.show(noteOf({ id: number as NotificationId, hasSound: true, urgency: 'urgent' }))
    await desktop.emit('NotificationClosed', 'uu', [3, 2])
    await vi.waitFor(() => expect(closed).toEqual([2]))
    await saver.emit('ActiveChanged', 'b', [true])
    const again = (await desktop.called(6)).slice(4)
    expect(again.map(({ replaces, title, body, actions }) => [replaces, title, body, actions])).toEqual([
      [4, 'Tocsin', '1 new detection', ['default', 'Open']],
      [2, 'Tocsin', '1 new detection', ['default', 'Open']],
    ])
    expect(again.map(({ hints }) => hints)).toMatchObject(Array(2).fill({ urgency: 2, 'suppress-sound': true }))
    await desktop.click(2)
    await vi.waitFor(() => expect(chosen).toEqual([detection]))
    for (const isLocked of [false, true]) {
      await saver.emit('ActiveChanged', 'b', [isLocked])
      await vi.waitFor(() => expect(notifier.isScreenLocked()).toBe(isLocked))
    }
    await notifier.show(noteOf({ id: 4 as NotificationId }))
    await desktop.settled()
    expect(desktop.calls(), 'what is hidden is hidden once').toHaveLength(7)
  })

  test('a desktop that shows it again by another number is told of, so that a click after the next start finds it', async () => {
    await service({ renumbers: true })
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    for (const number of [1, 2]) await made.notifier.show(noteOf({ id: number as NotificationId }))
    made.lock()
    await vi.waitFor(() => expect(made.moved.map((one) => one.join(' is '))).toEqual(['2 is 3', '1 is 4']))
  })

  test('what earlier runs left on the screen is taken away when it locks, once, and only where content is hidden', async () => {
    const desktop = await service()
    const made = Object.assign(setUp(bus.address), { earlier: [7, 8] })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    made.lock()
    await made.notifier.show(noteOf())
    await desktop.settled()
    expect(desktop.closed()).toEqual([])
    made.content = 'hidden-when-locked'
    made.lock()
    await vi.waitFor(() => expect([...desktop.closed()].sort()).toEqual([7, 8]))
    made.lock()
    await made.notifier.show(noteOf({ id: 2 as NotificationId }))
    await desktop.settled()
    expect(desktop.closed()).toHaveLength(2)
  })

  test('a screen that is locked already when Tocsin starts is cleared as well', async () => {
    const desktop = await service()
    await service({ saver: { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver', isActive: true } })
    Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const, earlier: [7] })
    await vi.waitFor(() => expect(desktop.closed()).toEqual([7]))
  })

  test('what shows its content is hidden when Tocsin ends, so that a click finds it after the next start', async () => {
    const desktop = await service()
    const open = setUp(bus.address)
    await open.notifier.show(noteOf())
    await open.notifier.stop()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    await made.notifier.show(noteOf())
    await made.notifier.stop()
    await desktop.settled()
    expect(desktop.calls().map(({ replaces, title }) => [replaces, title])).toEqual([
      [0, 'CredentialStuffingAttempt'],
      [0, 'CredentialStuffingAttempt'],
      [2, 'Tocsin'],
    ])
    expect([made.moved, desktop.closed()]).toEqual([[[1, 2]], []])
  })

  test('what is on the screen when it locks stays as it is where content may be shown', async () => {
    const desktop = await service()
    const saver = await service({ saver: { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver', isActive: false } })
    const { notifier } = setUp(bus.address)
    await notifier.show(noteOf())
    await saver.emit('ActiveChanged', 'b', [true])
    await vi.waitFor(() => expect(notifier.isScreenLocked()).toBe(true))
    await notifier.show(noteOf({ id: 2 as NotificationId }))
    await desktop.settled()
    expect(desktop.calls()).toHaveLength(2)
  })

  test('of many that are on the screen when it locks the oldest are taken away', async () => {
    const desktop = await service()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    for (let number = 1; number <= 23; number++) await made.notifier.show(noteOf({ id: number as NotificationId }))
    made.lock()
    const again = (await desktop.called(43)).slice(23)
    expect(again.map(({ replaces, title }) => [replaces, title])).toEqual(Array.from({ length: 20 }, (_, index) => [23 - index, 'Tocsin']))
    await vi.waitFor(() => expect([...desktop.closed()].sort()).toEqual([1, 2, 3]))
  })

  test('what stays on the screen since the desktop refused its successor is hidden when it locks', async () => {
    const desktop = await service()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    await made.notifier.show(noteOf())
    desktop.freeze()
    const refused = made.notifier.show(noteOf({ title: 'Its successor' }))
    await new Promise((done) => setImmediate(done))
    made.elapse(answerMs, answerMs)
    expect((await refused).kind).toBe('not-shown')
    desktop.thaw()
    made.lock()
    await vi.waitFor(() => expect(desktop.calls().at(-1)).toMatchObject({ replaces: 1, title: 'Tocsin' }))
  })

  test.each(['after', 'before'])('what a slow desktop shows after it was given up is hidden, %s the screen locks', async (when) => {
    const desktop = await service()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    await made.notifier.show(noteOf({ id: 9 as NotificationId }))
    desktop.freeze()
    const late = made.notifier.show(noteOf({ title: 'Late' }))
    await new Promise((done) => setImmediate(done))
    made.elapse(answerMs, answerMs)
    expect((await late).kind).toBe('not-shown')
    if (when === 'before') made.lock()
    desktop.thaw()
    await vi.waitFor(() => expect(made.moved).toContainEqual([1, 2]))
    if (when === 'after') made.lock()
    await vi.waitFor(() => expect(desktop.calls().filter(({ id, title }) => id === 2 && title === 'Tocsin')).toHaveLength(1))
  })

  test('what went with the service that showed it is not shown again when the screen locks', async () => {
    const first = await service()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await vi.waitFor(() => expect(made.notifier.isScreenLocked()).toBe(false))
    await made.notifier.show(noteOf())
    await first.stop()
    const second = await service()
    await made.notifier.show(noteOf({ id: 2 as NotificationId }))
    made.lock()
    await vi.waitFor(() => expect(second.calls().at(-1)).toMatchObject({ title: 'Tocsin' }))
    await made.notifier.show(noteOf({ id: 3 as NotificationId }))
    await second.settled()
    expect(second.calls().map(({ replaces }) => replaces)).toEqual([0, 1, 0])
  })

  test('what is on its way while the screen locks is hidden as soon as it is shown', async () => {
    const desktop = await service()
    const made = Object.assign(setUp(bus.address), { content: 'hidden-when-locked' as const })
    await made.notifier.show(noteOf({ id: 9 as NotificationId }))
    desktop.freeze()
    const shown = made.notifier.show(noteOf({ id: 8 as NotificationId, title: 'On its way' }))
    await new Promise((done) => setImmediate(done))
    made.lock()
    desktop.thaw()
    await shown
    await desktop.called(4)
    await desktop.settled()
    expect(desktop.calls().filter(({ id, title }) => id === 2 && title === 'Tocsin')).toMatchObject([{ replaces: 2 }])
  })

  test('a service that never answers is given up in words, is asked no more than a few times, and nothing is told twice', async () => {
    const desktop = await service()
    const { notifier, elapse, chosen } = setUp(bus.address, { isSupported: true })
    await notifier.show(noteOf())
    desktop.freeze()
    const pending = [2, 3, 4].map((id) => notifier.show(noteOf({ id: id as NotificationId, title: `Note ${id}` })))
    // After a turn of the loop all three are on their way.
    await new Promise((done) => setImmediate(done))
    elapse(answerMs)
    for (const shown of await Promise.all(pending))
      expect(shown).toMatchObject({ kind: 'not-shown', detail: expect.stringContaining('10 seconds') as string })
    const more = await Promise.all([5, 6].map((id) => notifier.show(noteOf({ id: id as NotificationId }))))
    for (const shown of more)
      expect(shown).toMatchObject({ kind: 'not-shown', detail: expect.stringContaining(`last ${mostOutstanding}`) as string })
    expect(ElectronNotification.made, 'what may yet be shown is not shown by another way').toEqual([])
    desktop.thaw()
    expect((await desktop.called(4)).map(({ title }) => title)).toEqual(['CredentialStuffingAttempt', 'Note 2', 'Note 3', 'Note 4'])
    // It came late, and a click on it is as good as any.
    await vi.waitFor(async () => expect((await notifier.show(noteOf({ id: 7 as NotificationId }))).kind).toBe('shown'))
    await desktop.click(3)
    await vi.waitFor(() => expect(chosen).toEqual([detection]))
    await desktop.settled()
    expect(desktop.calls()).toHaveLength(5)
  })

  test('one that does not even answer what it can do is handed nothing', async () => {
    const desktop = await service()
    desktop.freeze()
    const { notifier, elapse } = setUp(bus.address)
    const shown = notifier.show(noteOf())
    elapse(answerMs, answerMs)
    expect((await shown).kind).toBe('not-shown')
    desktop.thaw()
    await vi.waitFor(async () => expect((await notifier.show(noteOf({ title: 'Two' }))).kind).toBe('shown'))
    expect((await desktop.called(1)).map(({ title }) => title)).toEqual(['Two'])
  })

  test('a service that dies before it answers is said to have gone, and is not asked again', async () => {
    await service({ diesAt: 'The last' })
    const { notifier } = setUp(bus.address, { isSupported: true })
    expect(await notifier.show(noteOf({ title: 'The last' }))).toMatchObject({
      kind: 'not-shown',
      detail: expect.stringContaining('mock-notify 1.0) went away') as string,
    })
    expect(ElectronNotification.made).toEqual([])
  })

  test('a service that starts again is spoken to anew, and numbers of the one before mean nothing', async () => {
    const first = await service()
    const { notifier, chosen } = setUp(bus.address)
    const before = await notifier.show(noteOf())
    await first.stop()
    const second = await service({ capabilities: ['body', 'actions'] })
    await second.emit('ActionInvoked', 'us', [1, 'default'])
    const after = await notifier.show(noteOf({ id: 5 as NotificationId, title: 'After', target: { kind: 'timeline' }, body: '<' }))
    expect(await second.called(1)).toMatchObject([{ title: 'After', replaces: 0, body: '<' }])
    expect(before.kind === 'shown' && after.kind === 'shown' && before.service !== after.service).toBe(true)
    await second.click(1)
    await vi.waitFor(() => expect(chosen).toEqual([{ kind: 'timeline' }]))
  })

  test('what a screen saver does not say for two seconds counts for nothing', async () => {
    const desktop = await service()
    const saver = await service({ saver: { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver', isActive: true } })
    saver.freeze()
    const made = setUp(bus.address)
    made.content = 'hidden-when-locked'
    await made.notifier.show(noteOf())
    made.elapse(2_000)
    await made.notifier.show(noteOf())
    expect((await desktop.called(2)).map(({ title }) => title)).toEqual(['Tocsin', 'CredentialStuffingAttempt'])
  })

  test('a note after the bus came again connects at once', async () => {
    const first = await service()
    const { notifier } = setUp(bus.address)
    await notifier.show(noteOf())
    await first.stop()
    await bus.stop()
    await bus.start()
    const second = await service()
    await vi.waitFor(async () => expect((await notifier.show(noteOf())).kind).toBe('shown'))
    expect(await second.called(1)).toMatchObject([{ replaces: 0 }])
  })

  test('a bus that goes and comes again is connected to in a while', async () => {
    const first = await service()
    const { notifier, elapse, chosen } = setUp(bus.address)
    await notifier.show(noteOf())
    await first.stop()
    await bus.stop()
    await bus.start()
    const second = await service({ inhibited: true })
    await vi.waitFor(() => {
      elapse(60_000)
      expect(notifier.isInhibited()).toBe(true)
    })
    expect((await notifier.show(noteOf())).kind).toBe('shown')
    await second.click(1)
    await vi.waitFor(() => expect(chosen).toEqual([detection]))
  })

  test('without a service Electron shows it, and where it cannot either that is said', async () => {
    const can = setUp(bus.address, { isSupported: true })
    expect(await can.notifier.show(noteOf({ hasSound: true }))).toEqual({ kind: 'shown', nativeId: null, service: null })
    expect(ElectronNotification.made.map(({ options }) => options)).toEqual([
      { title: 'CredentialStuffingAttempt', body: 'okta_user 00u1', silent: false, urgency: 'normal' },
    ])
    ElectronNotification.made[0]?.emit('click')
    expect(can.chosen).toEqual([detection])
    const cannot = setUp(bus.address)
    expect(await cannot.notifier.show(noteOf())).toMatchObject({
      kind: 'not-shown',
      detail: expect.stringContaining('no notification service') as string,
    })
  })
})

test.each([undefined, '', 'nonsense', 'unix:path=/nonexistent/bus', 'tcp:host=127.0.0.1,port=1'])(
  'without a bus (%s) Electron shows it',
  async (address) => {
    const { notifier } = setUp(address, { isSupported: true })
    expect(await notifier.show(noteOf())).toEqual({ kind: 'shown', nativeId: null, service: null })
  },
)

test('a bus that takes connections and says nothing is no bus', async () => {
  const server = createServer((socket) => socket.resume())
  const path = `\0tocsin-silent-${process.pid}`
  await new Promise<void>((done) => server.listen(path, done))
  running.push({ stop: () => new Promise((done) => server.close(done)) })
  const { notifier, elapse } = setUp(`unix:abstract=${path.slice(1)}`, { isSupported: true })
  const shown = notifier.show(noteOf())
  elapse(3_000)
  expect((await shown).kind).toBe('shown')
})

describe('by way of Electron', () => {
  test('the same notification takes the place of the earlier one by closing it', async () => {
    const { notifier } = setUp(undefined, { platform: 'win32', isSupported: true })
    await notifier.show(noteOf())
    await notifier.show(noteOf({ id: 2 as NotificationId }))
    await notifier.show(noteOf({ urgency: 'urgent' }))
    expect(ElectronNotification.made.map(({ isClosed }) => isClosed)).toEqual([true, false, false])
    expect(ElectronNotification.made[2]?.options).toMatchObject({ urgency: 'critical', silent: true })
  })

  test.each(['darwin', 'win32'])('buttons are there on macOS and Windows, and told (%s)', async (platform) => {
    const { notifier, acted } = setUp(undefined, { platform, isSupported: true })
    await notifier.show(noteOf())
    const [made] = ElectronNotification.made
    expect(made?.options).toMatchObject({
      actions: [
        { type: 'button', text: 'Acknowledge' },
        { type: 'button', text: 'Snooze for 1 hour' },
      ],
    })
    made?.emit('action', {}, 1)
    made?.emit('action', {}, 7)
    expect(acted).toEqual([[1, 'snooze']])
  })

  test('content is hidden while the system says that the screen is locked, and it says so itself', async () => {
    const made = setUp(undefined, { platform: 'win32', isSupported: true })
    made.content = 'hidden-when-locked'
    made.lock()
    await made.notifier.show(noteOf())
    expect(ElectronNotification.made[0]?.options).toMatchObject({ title: 'Tocsin', body: '1 new detection' })
    expect(made.notifier.isScreenLocked()).toBe(true)
  })

  test('what is on the screen when it locks is closed, and shown again without its content', async () => {
    const made = setUp(undefined, { platform: 'darwin', isSupported: true })
    made.content = 'hidden-when-locked'
    await made.notifier.show(noteOf({ hasSound: true }))
    made.lock()
    await vi.waitFor(() => expect(ElectronNotification.made).toHaveLength(2))
    expect(ElectronNotification.made.map(({ isClosed }) => isClosed)).toEqual([true, false])
    expect(ElectronNotification.made[1]?.options).toMatchObject({ title: 'Tocsin', body: '1 new detection', silent: true })
    ElectronNotification.made[1]?.emit('click')
    expect(made.chosen).toEqual([detection])
  })

  test('one that was clicked is gone, and is not shown again when the screen locks', async () => {
    const made = setUp(undefined, { platform: 'darwin', isSupported: true })
    made.content = 'hidden-when-locked'
    await made.notifier.show(noteOf())
    ElectronNotification.made[0]?.emit('click')
    expect(made.closed).toEqual([1])
    made.lock()
    await made.notifier.show(noteOf({ id: 2 as NotificationId }))
    expect(ElectronNotification.made).toHaveLength(2)
  })

  test('one whose button was pressed is gone as well', async () => {
    const made = setUp(undefined, { platform: 'darwin', isSupported: true })
    await made.notifier.show(noteOf())
    ElectronNotification.made[0]?.emit('action', {}, 0)
    made.notifier.close(one)
    expect(made.closed).toEqual([1])
  })

  test('one that Windows moved to the notification centre can be clicked there, and is hidden when the screen locks', async () => {
    const made = setUp(undefined, { platform: 'win32', isSupported: true })
    made.content = 'hidden-when-locked'
    await made.notifier.show(noteOf())
    ElectronNotification.made[0]?.emit('close', { reason: 'timedOut' })
    expect(made.closed).toEqual([])
    made.lock()
    await vi.waitFor(() => expect(ElectronNotification.made).toHaveLength(2))
    expect(ElectronNotification.made.map(({ isClosed }) => isClosed)).toEqual([true, false])
    ElectronNotification.made[1]?.emit('close', { reason: 'timedOut' })
    ElectronNotification.made[1]?.emit('click')
    expect(made.chosen).toEqual([detection])
    expect(made.closed).toEqual([1])
  })

  test.each([{ reason: 'userCanceled' }, { reason: 'applicationHidden' }, {}])('one that was closed (%o) is gone', async (details) => {
    const made = setUp(undefined, { platform: 'win32', isSupported: true })
    made.content = 'hidden-when-locked'
    await made.notifier.show(noteOf())
    ElectronNotification.made[0]?.emit('close', details)
    expect(made.closed).toEqual([1])
    made.lock()
    await made.notifier.show(noteOf({ id: 2 as NotificationId }))
    expect(ElectronNotification.made).toHaveLength(2)
  })

  test('of many that are there when the screen locks none keeps its content', async () => {
    const made = setUp(undefined, { platform: 'darwin', isSupported: true })
    made.content = 'hidden-when-locked'
    for (let number = 1; number <= 60; number++) await made.notifier.show(noteOf({ id: number as NotificationId }))
    made.lock()
    await vi.waitFor(() => expect(ElectronNotification.made).toHaveLength(80))
    expect(ElectronNotification.made.slice(0, 60).filter(({ isClosed }) => !isClosed)).toEqual([])
  })

  test('a failure, or no word at all, is said', async () => {
    const { notifier, elapse } = setUp(undefined, { platform: 'win32', isSupported: true })
    const show = vi.spyOn(ElectronNotification.prototype, 'show')
    try {
      show.mockImplementationOnce(function (this: ElectronNotification) {
        this.emit('failed')
      })
      expect((await notifier.show(noteOf())).kind).toBe('not-shown')
      show.mockImplementationOnce(() => {})
      const silent = notifier.show(noteOf())
      await new Promise((done) => setImmediate(done))
      elapse(answerMs)
      expect((await silent).kind).toBe('not-shown')
    } finally {
      show.mockRestore()
    }
  })
})
