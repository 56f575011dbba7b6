import { randomUUID } from 'node:crypto'
import type { Instant } from '../../shared/detection.ts'
import type { Hook, HookDraft, HookId, HookSaved, HookTested } from '../../shared/hooks.ts'
import { createPaced } from '../paced.ts'
import type { Secrets } from '../secrets.ts'
import type { KeptHook } from '../store/hooks.ts'
import type { Consent } from '../ways/consent.ts'
import { hookConsent } from './consent.ts'
import { headersOf, write } from './formats.ts'
import { createHookSecrets } from './hook-secrets.ts'
import { judge } from './judge.ts'
import { createLane, type Lane, type LaneParts } from './lane.ts'
import { post as postForReal, type Post } from './post.ts'
import { readHook } from './read-hook.ts'
import { sampleChange } from './sample.ts'

/** Where rules send what they match, and how each of these stands. */
export type HooksPlace = {
  list(): readonly Hook[]
  consent(draft: HookDraft): Consent
  save(draft: HookDraft): HookSaved
  /** With what waits for it. Rules that sent to it stay, and send nowhere. */
  remove(id: HookId): Promise<HookSaved>
  /** Sends a sample now, also where the hook is off or in a pause. Where it is taken, the pause is over. */
  test(id: HookId): Promise<HookTested>
}
export type Hooks = {
  readonly place: HooksPlace
  /** Decisions were written: something may wait now. Returns at once; nothing is read or sent before the caller is done. */
  wake(): void
  stop(): Promise<void>
}

/** The window is told four times a second at most. */
const tellMs = 250
/** Decisions come in crowds. */
const gatherMs = 100

export function createHooks(
  parts: Pick<LaneParts, 'rows' | 'attack' | 'now' | 'random' | 'schedule'> & {
    readonly secrets: Secrets
    readonly onChanged: (hooks: readonly Hook[]) => void
    /** The rules that named it name none now. */
    readonly onRemoved: () => void
    readonly onFault: (error: unknown) => void
    readonly post?: Post
  },
): Hooks {
  const { rows, attack, now, schedule, onChanged, onRemoved, onFault, post = postForReal } = parts
  const secrets = createHookSecrets(parts.secrets)
  const lanes = new Map<HookId, Lane>()
  const paced = createPaced(() => onChanged(list()), { everyMs: tellMs, schedule })
  let cancelWake: (() => void) | null = null
  let isStopped = false

  function laneOf(id: HookId): Lane {
    const known = lanes.get(id)
    if (known !== undefined) return known
    const lane = createLane(id, { ...parts, post, secretOf: secrets.read, onChanged: paced.tell, onFault })
    lanes.set(id, lane)
    return lane
  }

  function list(): readonly Hook[] {
    return rows.list().map(toHook)
  }

  function toHook({ waiting, sent, failed, lastSentAt, trouble, ...hook }: KeptHook): Hook {
    const next = waiting > 0 && trouble !== null ? laneOf(hook.id).nextAt() : null
    const nextTryAt = next === null ? null : (new Date(next).toISOString() as Instant)
    return { ...hook, state: { waiting, sent, failed, lastSentAt, trouble, nextTryAt } }
  }

  function wake(): void {
    if (isStopped) return
    cancelWake ??= schedule(() => {
      cancelWake = null
      try {
        const hooks = rows.list()
        for (const { id, isOn } of hooks) if (isOn) laneOf(id).wake()
        if (hooks.length > 0) paced.tell()
      } catch (error) {
        onFault(error)
      }
    }, gatherMs)
  }
  // What was left when Tocsin ended.
  wake()

  return {
    wake,

    place: {
      list,
      consent: (draft) => hookConsent(draft, rows.list()),

      save(draft) {
        const hooks = rows.list()
        const read = readHook(draft, hooks)
        if (read.kind === 'refused') return read
        const step = secrets.step(read.draft, hooks.find(({ id }) => id === draft.id) ?? null)
        if (step.kind === 'refused') return step
        let id: HookId
        try {
          // Were one written without the other, a token would be shown to a server that it is not for.
          if (draft.id !== null && step.kind === 'write') secrets.forget(draft.id)
          id = rows.save(read.draft)
          secrets.take(id, step)
        } catch (error) {
          return refused(
            `It could not be written: ${(error as Error).message}. Look at this hook again before you use it, and enter its secret.`,
          )
        }
        laneOf(id).again()
        paced.tell()
        return { kind: 'saved', hooks: list(), secret: step.kind === 'write' && step.isMade ? step.value : null }
      },

      async remove(id) {
        try {
          rows.remove(id)
        } catch (error) {
          return refused(`It could not be removed: ${(error as Error).message}. Everything is as it was; try again.`)
        }
        let left: string | null = null
        try {
          secrets.forget(id)
        } catch (error) {
          left = (error as Error).message
        }
        // A request that is under way is ended.
        await lanes.get(id)?.stop()
        lanes.delete(id)
        onRemoved()
        paced.tell()
        if (left !== null)
          return refused(
            `The hook is removed, with what waited for it, and nothing is sent there any more. Only its secret could not be deleted: ${left}. It stays sealed in the history, and nothing uses it; make a new one at the receiver to be rid of it.`,
          )
        return { kind: 'saved', hooks: list(), secret: null }
      },

      async test(id) {
        if (rows.read(id) === null) return goneHook
        const lane = laneOf(id)
        const tested = await lane.alone((signal) => test(id, signal))
        // What waits behind a failure need not wait for its next try.
        if (tested.kind === 'answered' && isTaken(tested)) lane.again()
        return tested
      },
    },

    async stop() {
      isStopped = true
      cancelWake?.()
      await Promise.all([...lanes.values()].map((lane) => lane.stop()))
      paced.stop()
    },
  }

  async function test(id: HookId, signal: AbortSignal): Promise<HookTested> {
    const hook = rows.read(id)
    if (hook === null) return goneHook
    const secret = secrets.read(hook)
    if (secret.kind === 'none') return failed('Its secret is not here any more. Enter it again. Nothing was sent.')
    if (secret.kind === 'unreadable') return failed(`Its secret cannot be had now. ${secret.detail} Nothing was sent.`)
    const message = write(hook.format, `msg_test_${randomUUID().replaceAll('-', '')}`, sampleChange(now()), attack)
    const headers = headersOf(hook.format, [message], secret.value, now())
    const begun = performance.now()
    const posted = await post({ url: hook.url, headers, body: message.text, signal })
    const afterMs = Math.round(performance.now() - begun)
    if (posted.kind === 'answered' && !isTaken(posted)) return { kind: 'answered', status: posted.status, afterMs }
    const judged = judge(posted, { format: hook.format, host: new URL(hook.url).host, now: now() })
    if (judged.kind !== 'sent' || posted.kind !== 'answered') return failed(judged.kind === 'sent' ? '' : judged.words)
    return { kind: 'answered', status: posted.status, afterMs }
  }
}

function isTaken({ status }: { readonly status: number }): boolean {
  return status >= 200 && status < 300
}

function refused(detail: string): HookSaved {
  return { kind: 'refused', detail }
}

function failed(detail: string): HookTested {
  return { kind: 'failed', detail }
}

const goneHook = failed('This hook was removed meanwhile. Nothing was sent.')
