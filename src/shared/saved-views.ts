/** A view the user gave a name: an address of the app, such as `timeline?q=kind%3Athreat`. */
export type SavedView = { readonly id: number; readonly name: string; readonly address: string; readonly isPinned: boolean }
export type SavedViewDraft = { readonly id: number | null; readonly name: string; readonly address: string; readonly isPinned: boolean }
export type ViewSaved =
  { readonly kind: 'saved'; readonly views: readonly SavedView[] } | { readonly kind: 'refused'; readonly detail: string }
/** How many detections its search finds now; null for a view that is no search. `isCapped`: that many or more. */
export type ViewCount = { readonly id: number; readonly count: number | null; readonly isCapped: boolean }

export const mostSavedViews = 100
export const longestViewName = 80
