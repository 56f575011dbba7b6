import type { Said, Silence } from '../../shared/inbox.ts'

/** Why nothing was said, in words that go on from "Kept quiet: ". */
export const silenceWords: Readonly<Record<Silence, string>> = {
  off: 'notifications are turned off in the settings',
  imported: 'it was imported, not received',
  focused: 'the timeline was in front of you',
  unchanged: 'its status did not change',
  resolved: 'it was resolved',
  continuing: 'the same posture issue was told before and goes on',
  burst: 'more came at once than one notification could count',
  backlog: 'it had waited while Tocsin was not connected, and could not be told in time',
}

/** What became of one change, in a sentence. */
export function saidWords(said: Said): string {
  if (said.kind === 'told') return said.urgency === 'urgent' ? 'Told as urgent' : 'Told'
  return `Kept quiet: ${silenceWords[said.because]}`
}
