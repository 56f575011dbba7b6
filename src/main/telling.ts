import type { CoreEvents } from './core-events.ts'
import { createAppHooks } from './hooks/hooks.ts'
import type { HooksPlace } from './hooks/hooks-place.ts'
import { createInbox, type InboxPlace } from './inbox/inbox-place.ts'
import type { Schedule } from './ingest/refresher.ts'
import type { DesktopHealth } from '../shared/health.ts'
import type { Publisher } from './publish.ts'
import type { Reader } from './reader/reader.ts'
import { createRulesPlace, type RulesPlace } from './rules/rules-place.ts'
import type { Secrets } from './secrets.ts'
import { createSpeaking, type SpeakingPlace } from './speaking/speaking.ts'
import type { Store } from './store/store.ts'

/** Whether, how and where the user is told: the rules that decide, notifications, hooks, and the inbox that remembers all of it. */
export type Telling = {
  readonly rules: RulesPlace
  readonly hooks: HooksPlace
  readonly speaking: SpeakingPlace
  readonly inbox: InboxPlace
  /** What lines of the inbox say of detections may have changed. */
  touched(): void
  /** The computer was asleep. */
  woke(): void
  stop(): Promise<void>
}

export function createTelling(parts: {
  readonly store: Pick<Store, 'rules' | 'hooks' | 'outbox' | 'settings'>
  readonly ask: Reader['ask']
  readonly secrets: Secrets
  /** The folder of the files that the running app opens. */
  readonly resources: string
  readonly publisher: Publisher<CoreEvents>
  readonly onDesktop: (health: DesktopHealth) => void
  readonly log: { error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
}): Telling {
  const { store, ask, secrets, resources, publisher, log, now, random, schedule } = parts
  const { publish, subscribe } = publisher
  const inbox = createInbox({ ask, settings: store.settings, onChanged: () => publish('inbox', null), now, schedule })
  const rules = createRulesPlace({ rows: store.rules, ask, onChanged: (changed) => publish('rules', changed), now })
  const hooks = createAppHooks({
    rows: store.hooks,
    secrets,
    resources,
    onChanged: (list) => publish('hooks', list),
    onRemoved: () => publish('rules', rules.list()),
    onFault: (error) => log.error('a hook could not be sent to', error),
    now,
    random,
    schedule,
  })
  const speaking = createSpeaking({
    outbox: store.outbox,
    rules: store.rules.read,
    settings: store.settings.read,
    onSaid() {
      inbox.touched()
      hooks.wake()
    },
    onDesktop(health) {
      if (health.kind === 'silent') log.error(`notifications do not reach this desktop: ${health.detail}`)
      parts.onDesktop(health)
    },
    onTrouble: (error) => log.error('what was said could not be written down', error),
    now,
    schedule,
  })
  subscribe({ changes: speaking.changed, rules: speaking.rulesChanged, settings: speaking.settingsChanged })

  return {
    rules,
    hooks: hooks.place,
    speaking: speaking.place,
    inbox: inbox.place,
    touched: inbox.touched,
    woke: speaking.woke,
    async stop() {
      await speaking.stop()
      await hooks.stop()
      inbox.stop()
    },
  }
}
