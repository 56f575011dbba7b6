import type { DetectionKey } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import { postureEveryMs, type Rules } from '../../shared/rules.ts'
import type { Instant } from '../../shared/detection.ts'
import type { DesktopHealth } from '../../shared/health.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Change } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { createLedger } from '../notify/ledger.ts'
import type { Notifier, Shown, Target } from '../notify/notifier.ts'
import { createNotify, type Notify } from '../notify/notify.ts'
import { createPostureMemory } from '../notify/posture-memory.ts'
import { compileRules, type RuleSet } from '../notify/rule-set.ts'
import type { Outbox } from '../store/outbox.ts'

/** Says what is worth it, once there is something to say it with. */
export type SpeakingPlace = {
  /**
   * To be called once. What came before it, and what was left when Tocsin ended, is decided about now. What comes after the stop is told after
   * the next start: it has to be over before the notifier is.
   */
  start(desktop: { readonly notifier: Notifier; readonly timelineFocused: () => boolean }): { stop(): Promise<void> }
  /** A notification is gone from the desktop. */
  closed(id: NotificationId): void
  /** What a notification of an earlier run is about, by its number and whoever numbered it; null where it is not ours. */
  knownAs(nativeId: number, service: string | null): { readonly id: NotificationId; readonly target: Target } | null
  /** A notification is known to the desktop by another number now. */
  moved(id: NotificationId, nativeId: number, service: string): void
  /** By what numbers this service may still show what earlier runs told. */
  earlierNumbers(service: string): readonly number[]
  /** What one notification told of: the newest, so many as one act may be about. */
  keysOf(id: NotificationId): readonly DetectionKey[]
}
export type Speaking = {
  readonly place: SpeakingPlace
  changed(changes: readonly Change[]): void
  /** The user has changed what decides. */
  rulesChanged(): void
  settingsChanged(settings: Settings): void
  /** The computer was asleep. */
  woke(): void
  stop(): Promise<void>
}

export function createSpeaking(parts: {
  readonly outbox: Outbox
  /** All that is kept, also what is over: the clock may be ahead for a while. */
  readonly rules: () => Pick<Rules, 'rules' | 'mutes' | 'suppressions'>
  readonly settings: () => Settings
  /** There is more to read of what was said. */
  readonly onSaid: () => void
  /** Whether what is said reaches the user; told when that changes. */
  readonly onDesktop: (health: DesktopHealth) => void
  readonly onTrouble: (error: unknown) => void
  readonly now: () => number
  readonly schedule: Schedule
}): Speaking {
  const { outbox, onSaid, onDesktop, onTrouble, now, schedule } = parts
  let settings = parts.settings()
  let rules: RuleSet = compileRules(parts.rules(), now()).set
  let notify: Notify | null = null
  let desktop: DesktopHealth = { kind: 'reached' }
  let isStopped = false

  function reached(shown: Shown | null): void {
    // What a desktop is still busy with when Tocsin ends says nothing of it.
    if (isStopped) return
    const before = desktop
    if (shown?.kind === 'not-shown') {
      const since = before.kind === 'silent' ? before.since : (new Date(now()).toISOString() as Instant)
      desktop = { kind: 'silent', since, detail: shown.detail }
    } else desktop = { kind: 'reached' }
    if (desktop.kind !== before.kind) onDesktop(desktop)
  }

  async function stop(): Promise<void> {
    await notify?.stop()
    isStopped = true
  }

  return {
    place: {
      start({ notifier, timelineFocused }) {
        try {
          outbox.interrupted()
        } catch (error) {
          // A full disk: the next start says that it was interrupted.
          onTrouble(error)
        }
        notify = createNotify({
          notifier: {
            async show(note) {
              const shown = await notifier.show(note)
              reached(settings.notify ? shown : null)
              return shown
            },
          },
          outbox,
          ledger: createLedger({ outbox, onWritten: onSaid, onTrouble, schedule }),
          postures: createPostureMemory(outbox.postureToldSince(now() - postureEveryMs, now())),
          circumstances: () => ({
            enabled: settings.notify,
            quietHours: settings.quietHours,
            isInhibited: notifier.isInhibited(),
            timelineFocused: timelineFocused(),
            rules,
          }),
          onTrouble,
          now,
          schedule,
        })
        notify.recover()
        return { stop }
      },
      closed: (id) => notify?.closed(id),
      knownAs(nativeId, service) {
        const id = outbox.byNative(nativeId, service)
        if (id === null) return null
        const [key, ...others] = outbox.keysOf(id)
        const target: Target = key !== undefined && others.length === 0 ? { kind: 'detection', key } : { kind: 'group', notification: id }
        return { id, target }
      },
      moved(id, nativeId, service) {
        try {
          outbox.moved(id, nativeId, service)
        } catch (error) {
          // A full disk: a click on it after the next start finds nothing, and it is in the inbox all the same.
          onTrouble(error)
        }
      },
      earlierNumbers: outbox.earlierNumbers,
      keysOf: outbox.keysOf,
    },
    // Before the start it stays in the outbox, from where it is read then.
    changed: (changes) => notify?.changed(changes),
    rulesChanged: () => void (rules = compileRules(parts.rules(), now()).set),
    settingsChanged(next) {
      settings = next
      // Nobody waits for what was turned off.
      if (!settings.notify) reached(null)
    },
    woke: () => notify?.woke(),
    stop,
  }
}
