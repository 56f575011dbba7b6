/**
 * `crash-program FILE URL STEP [ID …]`: keeps threats of these ids, has a rule send them to the hook of URL, and sends what waits. At STEP the
 * process is gone, as if its power had been cut.
 */
import type { Hook } from '../../shared/hooks.ts'
import { die, openHistory, threat } from '../crash-test-support.ts'
import { schedule } from '../schedule.ts'
import { createSecrets } from '../secrets.ts'
import { createAppHooks } from './hooks.ts'

export type CrashStep = 'waiting' | 'sent' | 'none'

const [, , file = '', url = '', step = 'none', ...ids] = process.argv
const now = Date.now
const store = openHistory(file, now)

let isEnqueued = false
const hooks = createAppHooks({
  rows: {
    ...store.hooks,
    answered(...what) {
      dieAt('sent')
      store.hooks.answered(...what)
    },
  },
  secrets: createSecrets({ rows: store.secrets, keychain: null, env: process.env }),
  resources: '',
  onChanged: endWhenSent,
  onRemoved: () => {},
  onFault: (error) => console.error(error),
  now,
  random: () => 0,
  schedule,
})
const [known] = hooks.place.list()
const saved = known ?? save()
store.keeper.keep(ids.map((id) => threat(id, now())))
const changes = store.outbox.undecided(null, 100).changes
store.outbox.quiet(
  changes.map(({ transition }) => ({ sequence: transition.sequence, at: now(), rule: 'r', hook: saved.id, because: 'rule' })),
)
isEnqueued = true
dieAt('waiting')
hooks.wake()

function endWhenSent([hook]: readonly Hook[]): void {
  if (isEnqueued && hook?.state.waiting === 0) void hooks.stop().then(store.close)
}

function save(): Hook {
  const draft = { id: null, name: 'SIEM', url, format: 'detection', isOn: true, secret: 'env:HOOK_SECRET' } as const
  const answer = hooks.place.save(draft)
  const hook = answer.kind === 'saved' ? answer.hooks[0] : undefined
  if (hook === undefined) throw new Error(JSON.stringify(answer))
  return hook
}

function dieAt(place: CrashStep): void {
  if (step === place) die()
}
