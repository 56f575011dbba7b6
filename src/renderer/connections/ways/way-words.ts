import { assertNever } from '../../../shared/assert-never.ts'
import type { GapReason, InletKind, InletReport, TestedStep, TestStep } from '../../../shared/inlets.ts'
import type { TestRun } from '../../state/ways.svelte.ts'
import type { IconName } from '../../ui/Icon.svelte'

export const kindWords: Readonly<Record<InletKind, string>> = {
  receiver: 'Receiver',
  unsigned: 'Unsigned way in',
  relay: 'Tocsin relay',
  jetstream: 'NATS JetStream',
  gosmee: 'gosmee',
  smee: 'smee.io',
}

/** What a kind must say of itself wherever it is shown; null where there is nothing to warn of. */
export function warningOf(kind: InletKind): string | null {
  if (kind === 'smee') return 'development only: may lose events, cannot carry signed bodies'
  return kind === 'unsigned' ? 'proves nothing: nobody signs what comes this way' : null
}

export type StateWords = { readonly icon: IconName; readonly word: string; readonly detail: string; readonly isBad: boolean }

/** How a way in stands: a shape, a word, and what to make of it. `relative` says when a moment is. */
export function stateWords(
  { state, kind, address }: Pick<InletReport, 'state' | 'kind' | 'address'>,
  relative: (at: string) => string,
): StateWords {
  switch (state.kind) {
    case 'off':
      return { icon: 'ring', word: 'off', detail: '', isBad: false }
    case 'connecting':
      return { icon: 'dashed', word: kind === 'receiver' || kind === 'unsigned' ? 'starting' : 'connecting', detail: '', isBad: false }
    case 'live': {
      const backlog = state.backlog ?? 0
      const detail =
        backlog > 0
          ? `A backlog of ${backlog.toLocaleString('en')} is coming in.`
          : kind === 'receiver' && address === null
            ? 'On this computer only: nothing public leads here.'
            : ''
      return { icon: 'dot', word: 'listening', detail, isBad: false }
    }
    case 'waiting': {
      const again = state.retryAt === null ? '' : ` Next try ${soonWords(relative(state.retryAt))}.`
      return {
        icon: state.because === 'refused' ? 'alert' : 'barred',
        word: state.because === 'refused' ? 'not let in' : 'not listening',
        detail: `${state.detail}${again}`,
        isBad: true,
      }
    }
    default:
      return assertNever(state)
  }
}

/** What lies ahead by less than a few seconds is not “just now”. */
export function soonWords(relative: string): string {
  return relative === 'just now' ? 'in a moment' : relative
}

/** The counts that are not zero, since this start of the app. */
export function countersWords({ counters }: Pick<InletReport, 'counters'>): string {
  const { received, kept, backlog, duplicate, quarantined, refused, failed, turnedAway } = counters
  const count = (value: number, words: string): string | null => (value === 0 ? null : `${value.toLocaleString('en')} ${words}`)
  const parts = [
    count(received, 'received'),
    count(kept, 'kept'),
    count(backlog, 'from a backlog'),
    count(duplicate, duplicate === 1 ? 'duplicate' : 'duplicates'),
    count(quarantined, 'in quarantine'),
    count(refused, 'refused'),
    count(turnedAway, 'turned away'),
    count(failed, 'could not be kept'),
  ].filter((part) => part !== null)
  return parts.length === 0 ? 'nothing received since this start' : parts.join(' · ')
}

export function latencyWords(latencyMs: number | null): string | null {
  if (latencyMs === null) return null
  return latencyMs < 1_000 ? `${Math.round(latencyMs).toLocaleString('en')} ms` : `${(latencyMs / 1_000).toFixed(1)} s`
}

/** What of SlashID's sending is kept while a way in is down: said where it is. */
export function keptMeanwhile(kind: InletKind): string {
  switch (kind) {
    case 'relay':
      return 'What is sent meanwhile waits at the relay for up to 7 days.'
    case 'jetstream':
      return 'What is sent meanwhile waits in the stream.'
    case 'gosmee':
      return 'What is sent meanwhile waits only where its server has Redis.'
    case 'smee':
      return 'What is sent meanwhile is lost.'
    case 'receiver':
    case 'unsigned':
      return 'What is sent meanwhile does not arrive, and may never be sent again.'
    default:
      return assertNever(kind)
  }
}

/** What happens next, or what to do. */
export function nextStepWords(because: GapReason): string {
  switch (because) {
    case 'offline':
      return 'It connects by itself once the network is back.'
    case 'asleep':
    case 'app-closed':
    case 'relay-down':
      return 'It is tried again by itself.'
    case 'tunnel-down':
      return 'Connections says what became of the tunnel.'
    case 'receiver-down':
      return 'Free the port, then try again.'
    case 'refused':
      return 'Check its credentials under Connections, then reconnect.'
    default:
      return assertNever(because)
  }
}

/** A step of the test, as what it shows when it passes. */
export const stepWords: Readonly<Record<TestStep, string>> = {
  resolved: 'The name is found',
  connected: 'It connects',
  accepted: 'The delivery is accepted',
  'bytes-intact': 'Every byte survives',
  'signature-intact': 'The signature holds',
  arrived: 'It arrives here',
}

export const stepStates: Readonly<Record<TestedStep['kind'], { readonly icon: IconName; readonly word: string }>> = {
  passed: { icon: 'check', word: 'passed' },
  failed: { icon: 'alert', word: 'failed' },
  'not-reached': { icon: 'dashed', word: 'not reached' },
}

/** The result in a sentence, for the live region. */
export function testWords(run: TestRun, name: string): string {
  switch (run.kind) {
    case 'testing':
      return `A signed sample is on its way through ${name}…`
    case 'failed':
      return `The test was not done. ${run.detail}`
    case 'tested': {
      const at = run.tested.steps.findIndex((step) => step.kind === 'failed')
      const failed = run.tested.steps[at]
      if (failed) return `The test stopped at “${stepWords[failed.step]}”.${at === 0 ? '' : ' What comes before it works.'}`
      const last = run.tested.steps.findLast((step) => step.kind === 'passed')
      const after = last?.kind === 'passed' ? ` after ${latencyWords(last.afterMs) ?? ''}` : ''
      return run.tested.isWhole ? `The sample arrived whole${after}.` : 'The test did not get through, and no step says why.'
    }
    default:
      return assertNever(run)
  }
}
