import type { AppState } from '../state/app.ts'
import { mostMarked } from '../state/marks.svelte.ts'
import { readListKey } from './list-keys.ts'
import type { ListLayout } from './list-layout.svelte.ts'

/** What clicks and keys on the list do: open, mark, and move the cursor. */
export function createListInput(
  { timeline, cursor, marks, notices }: Pick<AppState, 'timeline' | 'cursor' | 'marks' | 'notices'>,
  layout: ListLayout,
): { readonly onclick: (event: MouseEvent) => void; readonly onkeydown: (event: KeyboardEvent) => void } {
  function positionAt(target: EventTarget | null): number | null {
    const entry = target instanceof Element ? target.closest('[data-position]') : null
    return entry instanceof HTMLElement ? Number(entry.dataset.position) : null
  }

  /** A range may be longer than can be marked. */
  async function extended(marking: Promise<void>): Promise<void> {
    await marking
    if (!marks.isFull) return
    const title = `The first ${mostMarked.toLocaleString('en')} are selected`
    notices.raise({ id: 'marks-full', tone: 'info', title, text: 'Select all takes everything.' })
  }

  function onclick(event: MouseEvent): void {
    const position = positionAt(event.target)
    if (position === null) return
    const isCheck = event.target instanceof Element && event.target.closest('[data-check]') !== null
    if (event.shiftKey) void extended(cursor.extendTo(position))
    else if (isCheck || event.ctrlKey || event.metaKey) cursor.toggleAt(position)
    else cursor.openAt(position)
  }

  function onkeydown(event: KeyboardEvent): void {
    const key = readListKey(event, { page: Math.max(1, Math.floor(layout.view.height / layout.rowHeight) - 1) })
    if (key === null) return
    event.preventDefault()
    // The shell takes the arrows from everywhere else.
    event.stopPropagation()
    if (key.kind === 'all') marks.all()
    else if (key.kind === 'mark') {
      if (cursor.index >= 0) cursor.toggleAt(cursor.index)
    } else if (key.kind === 'ends') {
      const to = key.to === 'first' ? 0 : timeline.count - 1
      void (key.extends ? extended(cursor.extendTo(to)) : cursor.moveTo(to))
    } else void (key.extends ? extended(cursor.extend(key.by)) : cursor.step(key.by))
  }

  return { onclick, onkeydown }
}
