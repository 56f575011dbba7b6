import type { InboxFilter, Said, Silence } from '../../shared/inbox.ts'
import type { Location } from '../state/location.ts'
import { startOf } from '../state/location.ts'

/** Why nothing was said, in words that go on from "Kept quiet: ". */
export const silenceWords: Readonly<Record<Silence, string>> = {
  off: 'notifications are turned off in the settings',
  imported: 'it was imported, not received',
  duplicate: 'its status did not change, and it is no more urgent than within the last hour',
  resolved: 'it was resolved',
  continuing: 'the same posture issue was told before and goes on',
  suppressed: 'it is suppressed as known noise',
  muted: 'all of Tocsin was muted',
  'muted-entity': 'its entity was muted',
  'muted-type': 'its type was muted',
  'muted-source': 'its source was muted',
  rule: 'a rule keeps it quiet',
  digest: 'a rule keeps it for the digest',
  snoozed: 'it was snoozed',
  'quiet-hours': 'it came in quiet hours, and was not urgent',
  'do-not-disturb': 'the desktop was set not to disturb',
  focused: 'the timeline was in front of you',
  repeated: 'another posture issue of its type was told within the hour',
  burst: 'more came at once than one notification could count',
  backlog: 'it had waited while Tocsin was not connected, and could not be told in time',
  stale: 'Tocsin was not running when it came, and it was too old to be told afterwards',
  'not-shown': 'the desktop did not say that it shows the notification',
  unreadable: 'Tocsin ended before it could be told, and what was kept of it is damaged',
}

/** What the inbox shows of all of it. */
export const filterWords: Readonly<Record<InboxFilter, string>> = { all: 'Everything', told: 'Told', quiet: 'Kept quiet' }

/** What became of one change, in a sentence. */
export function saidWords(said: Said): string {
  if (said.kind === 'quiet') return `Kept quiet: ${silenceWords[said.because]}`
  const told = said.urgency === 'urgent' ? 'Told as urgent' : 'Told'
  return said.isCertain ? told : `${told}, but perhaps not seen`
}

/** What a person can do about a silence: a place of the app, or what only they can do; null where it is as it should be. */
export type NextStep = { readonly words: string; readonly to: Location | null }
const step = (words: string, to: Location | null = null): NextStep => ({ words, to })
const mutes = step('See what is muted', { view: 'rules', part: 'mutes' })

export function nextStep(because: Silence): NextStep | null {
  switch (because) {
    case 'off':
      return step('Turn notifications on in the settings', startOf.settings)
    case 'suppressed':
      return step('See what is suppressed, and lift it', { view: 'rules', part: 'suppressions' })
    case 'muted':
    case 'muted-entity':
    case 'muted-type':
    case 'muted-source':
      return mutes
    case 'rule':
    case 'digest':
      return step('See the rules', startOf.rules)
    case 'quiet-hours':
      return step('See the quiet hours', startOf.settings)
    case 'snoozed':
      return step('Wake it under “Triage” above.')
    case 'do-not-disturb':
      return step('It is in the inbox. The desktop’s own switch ends it; what is urgent is told all the same.')
    case 'burst':
    case 'backlog':
    case 'stale':
      return step('See what happened while you were away', startOf.digest)
    case 'not-shown':
      return step('See whether the desktop has a notification service that runs; it is in the inbox.')
    case 'unreadable':
      return step('Have the whole history checked: “tocsin doctor” says what is damaged and what can be done.')
    case 'imported':
    case 'duplicate':
    case 'resolved':
    case 'continuing':
    case 'focused':
    case 'repeated':
      return null
  }
}
