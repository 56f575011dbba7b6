/** What a key asks of the focused chart. */
export type ChartCommand =
  | { readonly kind: 'move'; readonly by: number; readonly extends: boolean }
  | { readonly kind: 'end'; readonly to: 'first' | 'last'; readonly extends: boolean }
  | { readonly kind: 'pan'; readonly by: 1 | -1 }
  | { readonly kind: 'enter' | 'list' | 'in' | 'out' | 'reset' | 'cancel' }

type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

const plain: Readonly<Record<string, ChartCommand>> = {
  Enter: { kind: 'enter' },
  ' ': { kind: 'list' },
  '+': { kind: 'in' },
  '=': { kind: 'in' },
  '-': { kind: 'out' },
  _: { kind: 'out' },
  '0': { kind: 'reset' },
  Escape: { kind: 'cancel' },
  PageUp: { kind: 'pan', by: -1 },
  PageDown: { kind: 'pan', by: 1 },
}

export function readChartKey({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): ChartCommand | null {
  // Those are the window's: its zoom, and back and forward.
  if (ctrlKey || metaKey || altKey) return null
  if (key === 'ArrowLeft' || key === 'ArrowRight') return { kind: 'move', by: key === 'ArrowLeft' ? -1 : 1, extends: shiftKey }
  if (key === 'Home' || key === 'End') return { kind: 'end', to: key === 'Home' ? 'first' : 'last', extends: shiftKey }
  return Object.hasOwn(plain, key) ? (plain[key] ?? null) : null
}
