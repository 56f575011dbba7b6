import { assertNever } from './assert-never.ts'
import type { Instant } from './detection.ts'
import type { ProofHealth } from './health.ts'

export type Words = { readonly title: string; readonly text: string }

/** What happened to the history, what is safe and what to do; null where nothing did. `time` is how the reader writes a moment. */
export function proofWords(proof: ProofHealth, time: (at: Instant) => string): Words | null {
  switch (proof.kind) {
    case 'ok':
      return null
    case 'lost': {
      const { lost, kept, marked } = proof
      const many = lost === 1 ? 'A delivery is' : `${lost.toLocaleString('en')} deliveries are`
      const end =
        kept === null ? 'The history is empty' : `The history ends at delivery ${kept.sequence.toLocaleString('en')} of ${time(kept.at)}`
      return {
        title: `${many} missing from the history`,
        text: `${end}, but had reached delivery ${marked.sequence.toLocaleString('en')} by ${time(marked.at)}. Its newest part was lost, or an older copy took its place. What is here is unharmed, and new deliveries are kept. Restore a backup made after that time if there is one; otherwise look up the detections of that time at SlashID.`,
      }
    }
    case 'rewritten':
      return {
        title: 'The history is not the one that was here before',
        text: `At delivery ${proof.marked.sequence.toLocaleString('en')}, reached by ${time(proof.marked.at)}, it now holds another one: it was changed, or is a copy that went its own way. New deliveries are kept. Run “tocsin verify” to see what still holds, and restore a backup if you have not replaced the history yourself.`,
      }
    case 'other-history':
      return {
        title: 'Another history is in the place of the last one',
        text: `The last one had reached delivery ${proof.marked.sequence.toLocaleString('en')} by ${time(proof.marked.at)}. New deliveries are kept in the one that is here now. If you have not replaced it yourself, look for the file history.sqlite in your backups.`,
      }
    case 'no-mark':
      return {
        title: `The mark that says how far the history had come is ${proof.because}`,
        text: 'So it cannot be told whether its newest deliveries were lost. What is here is unharmed, new deliveries are kept, and the app makes a new mark when it starts. Run “tocsin verify” to check the rest.',
      }
    case 'not-marking':
      return {
        title: 'How far the history has come cannot be marked',
        text: `Since ${time(proof.since)}: ${proof.detail}. Deliveries are kept, but a loss of the newest could go unnoticed. Check the free space and the permissions of the profile folder; it is tried again by itself.`,
      }
    default:
      return assertNever(proof)
  }
}
