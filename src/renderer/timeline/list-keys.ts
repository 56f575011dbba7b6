/** What a key does to the list that has the focus. */
export type ListKey =
  | { readonly kind: 'by'; readonly by: number; readonly extends: boolean }
  | { readonly kind: 'ends'; readonly to: 'first' | 'last'; readonly extends: boolean }
  | { readonly kind: 'all' }
  | { readonly kind: 'mark' }

type Pressed = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>

/** `page` is how many rows a page of it is. Letters are the shell's, wherever the focus is. */
export function readListKey(event: Pressed, { page }: { readonly page: number }): ListKey | null {
  if (event.altKey) return null
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() === 'a' && !event.shiftKey ? { kind: 'all' } : null
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }
  const by = steps[event.key]
  if (by !== undefined) return { kind: 'by', by, extends: event.shiftKey }
  if (event.key === 'Home' || event.key === 'End')
    return { kind: 'ends', to: event.key === 'Home' ? 'first' : 'last', extends: event.shiftKey }
  return event.key === ' ' ? { kind: 'mark' } : null
}
