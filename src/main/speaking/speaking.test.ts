import { expect, test } from 'vitest'
import { createRulesPlace } from '../rules/rules-place.ts'
import { askHere } from '../rules/test-support.ts'
import { at, content, start, testStore, trusted } from '../store/test-support.ts'
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
