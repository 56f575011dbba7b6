import type { Instant } from './detection.ts'

/** What is written to the other side: the detection as `query --json` prints it, an event for Splunk's HTTP Event Collector, or a document in Elastic's common schema. */
export const hookFormats = ['detection', 'splunk-hec', 'ecs'] as const
export type HookFormat = (typeof hookFormats)[number]

declare const hookId: unique symbol
export type HookId = number & { readonly [hookId]: true }

/**
 * Where rules send what they match. `detection` and `ecs` are signed as Standard Webhooks have it (`whsec_…`); `splunk-hec` carries the token
 * that its collector was given. Its secret is written, never read; one that Tocsin made is shown once.
 */
export type Hook = {
  readonly id: HookId
  readonly name: string
  /** https, or http to a literal loopback address. */
  readonly url: string
  readonly format: HookFormat
  readonly isOn: boolean
  readonly state: HookState
}
export type HookState = {
  /** Messages that wait to be sent, or to be sent again. */
  readonly waiting: number
  readonly sent: number
  /** Given up after the last try; they stay in the history all the same. */
  readonly failed: number
  readonly lastSentAt: Instant | null
  /** In words, with what happens next; null where the newest try went well. */
  readonly trouble: string | null
  readonly nextTryAt: Instant | null
}
/** `secret` null keeps the one there is, or has Tocsin make one. */
export type HookDraft = {
  readonly id: HookId | null
  readonly name: string
  readonly url: string
  readonly format: HookFormat
  readonly isOn: boolean
  readonly secret: string | null
}
/** `secret` is what Tocsin made, to be given to the receiver: it is not shown again. */
export type HookSaved =
  | { readonly kind: 'saved'; readonly hooks: readonly Hook[]; readonly secret: string | null }
  | { readonly kind: 'refused'; readonly detail: string }
/** A sample of the demo organization, sent once at once. */
export type HookTested =
  { readonly kind: 'answered'; readonly status: number; readonly afterMs: number } | { readonly kind: 'failed'; readonly detail: string }

export const mostHooks = 20
export const longestHookName = 80
/** Messages of one hook that may wait. */
export const mostWaiting = 10_000
