import { expect, test } from 'vitest'
import type { DesktopHealth } from '../../shared/health.ts'
import { createRulesPlace } from '../rules/rules-place.ts'
import { askHere } from '../rules/test-support.ts'
import { at, content, start, testStore, trusted } from '../store/test-support.ts'
import type { Notifier, Shown } from '../notify/notifier.ts'
import { createTestClock } from '../test-clock.ts'
import { settled } from '../notify/notify-test-support.ts'
import { createSpeaking } from './speaking.ts'

test('a mute that was over only while the clock was ahead holds again once it is right, also where the rules changed meanwhile', async () => {
  const clock = createTestClock(start)
  const store = testStore({ now: clock.now })
  const shown: string[] = []
  const speaking = createSpeaking({
    outbox: store.outbox,
    rules: store.rules.read,
    settings: store.settings.read,
    onSaid: () => {},
    onDesktop: () => expect.unreachable(),
    onTrouble: (error) => expect.unreachable(String(error)),
    now: clock.now,
    schedule: clock.schedule,
  })
  const rules = createRulesPlace({ rows: store.rules, ask: askHere(store), onChanged: speaking.rulesChanged, now: clock.now })
  rules.mutes.add({ of: { kind: 'all' }, until: at(3_600) })
  const notifier = {
    show(note: { readonly title: string }) {
      shown.push(note.title)
      return Promise.resolve({ kind: 'shown', nativeId: 1, service: null } as const)
    },
    isInhibited: () => false,
  }
  const started = speaking.place.start({ notifier, timelineFocused: () => false })
  const receive = async (id: string): Promise<void> => {
    const kept = store.keeper.keep([trusted(content({ id }), { signed: id })])
    speaking.changed(kept.flatMap((one) => (one.kind === 'kept' && one.change !== null ? [one.change] : [])))
    await clock.passSettled(5_000, settled)
  }

  await receive('while it holds')
  expect(shown).toHaveLength(0)
  clock.set(86_400_000)
  rules.suppressions.lift(1 as never)
  await receive('while the clock is ahead')
  expect(shown).toHaveLength(1)
  clock.set(-86_400_000)
  await receive('when it is right')
  expect(shown).toHaveLength(1)
  const stopped = started.stop()
  await clock.passSettled(2_000, settled)
  await stopped
})

test('that the desktop shows nothing is told once, with since when, until it does or nobody waits for it', async () => {
  const clock = createTestClock(start)
  const store = testStore({ now: clock.now })
  const told: DesktopHealth[] = []
  const speaking = createSpeaking({
    outbox: store.outbox,
    rules: store.rules.read,
    settings: store.settings.read,
    onSaid: () => {},
    onDesktop: (health) => told.push(health),
    onTrouble: (error) => expect.unreachable(String(error)),
    now: clock.now,
    schedule: clock.schedule,
  })
  let answer: Shown = { kind: 'not-shown', detail: 'The desktop is frozen.' }
  const notifier: { show: Notifier['show']; isInhibited(): boolean } = { show: () => Promise.resolve(answer), isInhibited: () => false }
  const started = speaking.place.start({ notifier, timelineFocused: () => false })
  const receive = async (id: string): Promise<void> => {
    const kept = store.keeper.keep([trusted(content({ id }), { signed: id })])
    speaking.changed(kept.flatMap((one) => (one.kind === 'kept' && one.change !== null ? [one.change] : [])))
    await clock.passSettled(5_000, settled)
  }
  await receive('first')
  await receive('second')
  expect(told).toEqual([{ kind: 'silent', since: new Date(start).toISOString(), detail: 'The desktop is frozen.' }])
  answer = { kind: 'shown', nativeId: 1, service: null }
  await receive('third')
  expect(told.slice(1)).toEqual([{ kind: 'reached' }])
  answer = { kind: 'not-shown', detail: 'The desktop is frozen.' }
  await receive('fourth')
  speaking.settingsChanged({ ...store.settings.read(), notify: false })
  expect(told.slice(2).map(({ kind }) => kind)).toEqual(['silent', 'reached'])
  speaking.settingsChanged({ ...store.settings.read(), notify: true })
  let give: ((shown: Shown) => void) | null = null
  notifier.show = () => new Promise((resolve) => (give = resolve))
  await receive('on its way as they are turned off')
  speaking.settingsChanged({ ...store.settings.read(), notify: false })
  ;(give as ((shown: Shown) => void) | null)?.(answer)
  await settled()
  speaking.settingsChanged({ ...store.settings.read(), notify: true })
  await clock.passSettled(600_000, settled)
  await receive('on its way as Tocsin ends')
  const stopped = started.stop()
  await clock.passSettled(2_000, settled)
  await stopped
  ;(give as ((shown: Shown) => void) | null)?.(answer)
  await settled()
  expect(told).toHaveLength(4)
})
