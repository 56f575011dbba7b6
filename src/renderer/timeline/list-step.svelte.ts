import { untrack } from 'svelte'
import type { AppState } from '../state/app.ts'
import { headingHeight } from './entry.ts'
import type { ListLayout } from './list-layout.svelte.ts'

/** Rows that are asked for before they come into view. */
const ahead = 40
const inViewMs = 120

/**
 * Keeps what is on screen, what is known of the history and where the keyboard stands in step with each other, for as long as the component
 * that calls it is there. `list` is the element that scrolls, once there is one.
 */
export function keepInStep(
  { timeline, cursor, gaps }: Pick<AppState, 'timeline' | 'cursor' | 'gaps'>,
  layout: ListLayout,
  list: () => HTMLElement | undefined,
): void {
  const { view } = layout
  const oldest = $derived(timeline.isEverything ? (timeline.inView?.from ?? null) : null)
  let inViewTimer: ReturnType<typeof setTimeout> | undefined
  /** What the anchor stands on: it keeps its place when rows above it come or go. */
  let anchored: string | null = null

  $effect(() => {
    const element = list()
    if (!element) return
    const measure = (): void => {
      view.height = element.clientHeight
      view.pixelRatio = window.devicePixelRatio
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  })
  $effect(() => () => {
    clearTimeout(inViewTimer)
    timeline.inView = null
  })
  $effect(() => {
    if (oldest !== null) void gaps.reach(oldest)
  })
  $effect(() => {
    const element = list()
    if (element && view.wish !== null) element.scrollTop = view.wish.scrollTop
  })
  $effect(() => {
    const [from, to] = [layout.shown[0]?.index ?? 0, layout.shown.at(-1)?.index ?? 0]
    void timeline.count
    untrack(() => timeline.need(from - ahead, to + ahead))
  })
  $effect(() => {
    const { inView } = layout
    timeline.firstVisible = inView.find(({ top }) => top >= 0)?.index ?? 0
    if (inView.length === 0) return
    // The chart shows it; it need not follow every frame.
    inViewTimer ??= setTimeout(() => {
      inViewTimer = undefined
      const times = layout.inView.flatMap(({ entry }) => (entry ? [entry.detection.detectedAt] : [])).sort()
      const [from, to] = [times[0], times.at(-1)]
      const known = timeline.inView
      if (from && to && (known?.from !== from || known.to !== to)) timeline.inView = { from, to }
    }, inViewMs)
  })
  // Another list begins at its top; the same one keeps what is read where it is.
  let answered = timeline.answered
  $effect(() => {
    const isOther = timeline.answered !== answered
    answered = timeline.answered
    void [timeline.count, timeline.rowAt(0), layout.rowHeight, view.height]
    untrack(() => {
      if (isOther) view.toTop()
      else if (!timeline.isFollowing && anchored !== null && timeline.rowAt(view.anchor.index)?.key !== anchored) {
        const index = timeline.indexOf(anchored)
        if (index >= 0) view.renumber(index)
      }
      view.fit()
    })
  })
  $effect(() => {
    const { isAtTop, anchor } = view
    anchored = timeline.rowAt(anchor.index)?.key ?? null
    untrack(() => timeline.follow(isAtTop))
  })
  // Keeps what the keyboard stands on in view; only a move of the cursor may scroll, not a row that arrives.
  $effect(() => {
    if (cursor.moves === 0) return
    untrack(() => {
      // A key that moved the cursor from nowhere takes the focus along, so that the cursor can be seen.
      if (document.activeElement === document.body) list()?.focus({ preventScroll: true })
      if (cursor.index === timeline.count - 1 && timeline.isComplete) view.toEnd()
      else if (cursor.index >= 0) view.reveal(cursor.index, headingHeight)
    })
  })
  $effect(() => {
    const goal = timeline.goal.row
    if (goal !== null) untrack(() => view.show(goal.index, headingHeight))
  })
}
