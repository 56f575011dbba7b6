/**
 * `crash-program FILE URL STEP [ID …]`: keeps threats of these ids, has a rule send them to the hook of URL, and sends what waits. At STEP the
 * process is gone, as if its power had been cut.
 */
import { createHash } from 'node:crypto'
import type { DetectionContent, DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { Hook } from '../../shared/hooks.ts'
import type { Checked } from '../ingest/delivery.ts'
import { schedule } from '../schedule.ts'
import { createSecrets } from '../secrets.ts'
import { openStore } from '../store/store.ts'
import { createAppHooks } from './hooks.ts'

export type CrashStep = 'waiting' | 'sent' | 'none'

const [, , file = '', url = '', step = 'none', ...ids] = process.argv
const now = Date.now
const opened = openStore({ file, contentOf: () => null, now })
if (opened.kind !== 'opened') throw new Error(opened.detail)
const { store } = opened

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
store.keeper.keep(ids.map(received))
const changes = store.outbox.undecided(null, 100)
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
  if (step === place) process.kill(process.pid, 'SIGKILL')
}

function received(id: string): Checked {
  const at = new Date(now()).toISOString() as Instant
  const detection: DetectionContent = {
    id: id as DetectionId,
    kind: 'threat',
    type: 'CredentialStuffingAttempt',
    status: 'detected',
    detectedAt: at,
    entityId: id,
    entityType: 'okta_user',
    sourceType: null,
    connectionId: null,
    confidence: 0.9,
    trackingStatus: null,
    tactics: [],
    techniques: [],
    frameworks: [],
    metadata: {},
    extra: {},
  }
  return {
    delivery: { body: Buffer.from(id), headers: {}, inlet: 'receiver', receivedAt: at },
    token: {
      organizationId: 'org-1' as OrganizationId,
      keyId: 'kid',
      jti: id,
      signingInputHash: createHash('sha256').update(id).digest(),
      issuedAt: at,
      expiresAt: at,
      triggerName: 'threat_detection',
    },
    standing: { kind: 'trusted', trust: 'verified', content: { kind: 'detection', detection } },
  }
}
