import type { HistoryHead } from './history-file.ts'

/** What the process that cares for history files says, a line of JSON each; all but the first two are the last one. */
export type CareLine =
  | { readonly kind: 'head'; readonly head: HistoryHead }
  /** So many of so many: tables that were judged, or pages that were copied. */
  | { readonly kind: 'part'; readonly done: number; readonly of: number }
  | { readonly kind: 'sound'; readonly head: HistoryHead }
  | { readonly kind: 'damaged'; readonly findings: readonly string[]; readonly head: HistoryHead | null }
  | { readonly kind: 'copied'; readonly head: HistoryHead; readonly bytes: number }
  | { readonly kind: 'mended' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
