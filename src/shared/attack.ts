import type { Instant } from './detection.ts'
import type { SearchRefused } from './ipc.ts'

/** Tactics in the order of the kill chain, and the techniques of each, as MITRE ATT&CK (Enterprise) has them. */
export type AttackMatrix = {
  readonly version: string
  readonly notice: string
  readonly tactics: readonly AttackTactic[]
  /** Techniques that are no more, by the id they had: `now` is the id of what took their place; null where nothing did. */
  readonly past: readonly { readonly id: string; readonly name: string; readonly now: string | null }[]
}
export type AttackTactic = { readonly id: string; readonly name: string; readonly techniques: readonly AttackTechnique[] }
export type AttackTechnique = {
  readonly id: string
  readonly name: string
  readonly parts: readonly { readonly id: string; readonly name: string }[]
}

/** What a word of a sender means in ATT&CK. `unknown` is shown as it is. */
export type AttackName =
  | {
      readonly kind: 'known'
      readonly id: string
      readonly name: string
      /** The id it had before, where the word is an old one. */ readonly was: string | null
    }
  | { readonly kind: 'unknown' }

export type AttackCounts = {
  /** By id of the technique or its part, of detections that name it, whichever way. */
  readonly techniques: Readonly<Record<string, number>>
  /** By id of the technique, of detections that name it or any part of it, each once. */
  readonly wholes: Readonly<Record<string, number>>
  /** false where it is not known which were named together: then a detection may be counted once for each of its parts. */
  readonly areWholesExact: boolean
  /** By id of the tactic. */
  readonly tactics: Readonly<Record<string, number>>
  /** By id of a tactic or technique, the words by which senders named it, at most 20 each: a search for them finds what was counted. */
  readonly words: Readonly<Record<string, readonly string[]>>
  /** Words that name nothing in ATT&CK, most first, at most 50. */
  readonly unknown: readonly { readonly word: string; readonly count: number }[]
  readonly counted: number
  /** Detections that name neither a tactic nor a technique. */
  readonly unmapped: number
  readonly isExact: boolean
  readonly countedTo: Instant | null
}
export type AttackAnswer = ({ readonly kind: 'attack' } & AttackCounts) | SearchRefused
