/** What the thread that writes the log back is begun with, what it is asked, and what it tells. */
export type LogThreadData = { readonly file: string }
export type LogAsked = 'write-back' | 'close'
export type LogTold =
  | { readonly kind: 'done' }
  /** Another connection was at it all the while, which says nothing of the disk. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly detail: string }
