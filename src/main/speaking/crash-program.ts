/**
 * `crash-program FILE SHOWN NOW STEP [ID …]`: keeps threats of these ids and speaks of them, as the app does. Whatever the desktop shows is a line
 * of the file SHOWN. At STEP the process is gone, as if its power had been cut.
 */
import { appendFileSync } from 'node:fs'
import { defaultSettings } from '../../shared/settings.ts'
import { die, openHistory, threat } from '../crash-test-support.ts'
import { schedule } from '../schedule.ts'
import type { Store } from '../store/store.ts'
import { createSpeaking } from './speaking.ts'

export type CrashStep = 'kept' | 'intended' | 'shown' | 'told' | 'none'

const [, , file = '', shownFile = '', startedAt = '0', step = 'none', ...ids] = process.argv
const begun = performance.now()
const now = () => Number(startedAt) + Math.round(performance.now() - begun)
const store = openHistory(file, now)

const outbox: Store['outbox'] = {
  ...store.outbox,
  telling(intent) {
    dieAt('kept')
    const id = store.outbox.telling(intent)
    dieAt('intended')
    return id
  },
  shown(id, nativeId, service) {
    dieAt('shown')
    store.outbox.shown(id, nativeId, service)
    dieAt('told')
  },
}
const speaking = createSpeaking({
  outbox,
  rules: () => ({ rules: [], mutes: [], suppressions: [] }),
  settings: () => defaultSettings,
  onSaid: () => {},
  onDesktop: () => {},
  onTrouble: (error) => console.error(error),
  now,
  schedule,
})
const { stop } = speaking.place.start({
  notifier: {
    show({ id, title, body }) {
      appendFileSync(shownFile, `${id} ${title} · ${body}\n`)
      return Promise.resolve({ kind: 'shown', nativeId: Number(id), service: ':1.1' })
    },
    isInhibited: () => false,
  },
  timelineFocused: () => false,
})
const kept = store.keeper.keep(ids.map((id) => threat(id, now())))
speaking.changed(kept.flatMap((one) => (one.kind === 'kept' && one.change !== null ? [one.change] : [])))
// What the start left to be told is told by then.
setTimeout(() => void stop().then(store.close), 100)

function dieAt(place: CrashStep): void {
  if (step === place) die()
}
