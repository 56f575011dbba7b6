import { areaOf, timeOf, xOf, type Area, type Layout } from './layout.ts'
import { lanesOf, windowOf } from './overlay.ts'
import { leastMs, pan, type Span } from './span.ts'

export type Point = { readonly x: number; readonly y: number }
/** What the pointer moves on. */
export type Field = { readonly layout: Layout; readonly span: Span; readonly whole: Span }

export type Gesture =
  /** Not moved yet: it may become a click. */
  | { readonly kind: 'press'; readonly area: Area; readonly startX: number; readonly at: number }
  | { readonly kind: 'brush'; readonly area: Area; readonly from: number; readonly to: number }
  | { readonly kind: 'window'; readonly edge: Edge; readonly grabbed: number; readonly start: Span; readonly now: Span }
type Edge = 'from' | 'to' | 'both'

const slackPixels = 4
const edgePixels = 6

/** What of the minimap's window is under a point; null beside it. */
export function edgeAt({ x }: Point, { layout, span, whole }: Field): Edge | null {
  const [from, to] = windowOf(span, whole, layout.minimap)
  const [toFrom, toTo] = [Math.abs(x - from), Math.abs(x - to)]
  if (Math.min(toFrom, toTo) <= edgePixels) return toFrom < toTo ? 'from' : 'to'
  const isEverything = span.from <= whole.from && span.to >= whole.to
  return x > from && x < to && !isEverything ? 'both' : null
}

export function begin(point: Point, field: Field): Gesture {
  const area = areaOf(point.y, field.layout)
  if (area === 'lanes') return { kind: 'press', area, startX: point.x, at: timeOf(point.x, field.span, lanesOf(field.layout)) }
  const at = timeOf(point.x, field.whole, field.layout.minimap)
  const edge = edgeAt(point, field)
  if (edge === null) return { kind: 'press', area, startX: point.x, at }
  return { kind: 'window', edge, grabbed: at, start: field.span, now: field.span }
}

export function move(gesture: Gesture, { x }: Point, { layout, span, whole }: Field): Gesture {
  if (gesture.kind === 'window') {
    const by = timeOf(x, whole, layout.minimap) - gesture.grabbed
    return { ...gesture, now: moved(gesture.start, gesture.edge, by, whole) }
  }
  if (gesture.kind === 'press' && Math.abs(x - gesture.startX) < slackPixels) return gesture
  const to = gesture.area === 'lanes' ? timeOf(x, span, lanesOf(layout)) : timeOf(x, whole, layout.minimap)
  return { kind: 'brush', area: gesture.area, from: gesture.kind === 'press' ? gesture.at : gesture.from, to }
}

function moved(start: Span, edge: Edge, by: number, whole: Span): Span {
  if (edge === 'both') return pan(start, by, whole)
  if (edge === 'from') return { from: Math.max(whole.from, Math.min(start.from + by, start.to - leastMs)), to: start.to }
  return { from: start.from, to: Math.min(whole.to, Math.max(start.to + by, start.from + leastMs)) }
}

/** The stretch of time that a brush has covered, whichever way it went. */
export function brushed(gesture: Gesture): Span | null {
  if (gesture.kind !== 'brush') return null
  return { from: Math.min(gesture.from, gesture.to), to: Math.max(gesture.from, gesture.to) }
}

/** How the pointer looks. */
export function pointerOver(point: Point, field: Field): 'crosshair' | 'ew-resize' | 'grab' {
  if (areaOf(point.y, field.layout) === 'lanes') return 'crosshair'
  const edge = edgeAt(point, field)
  return edge === null ? 'crosshair' : edge === 'both' ? 'grab' : 'ew-resize'
}

/** The moment under a point of the lanes; null beside them. */
export function momentAt({ x, y }: Point, { layout, span }: Field): number | null {
  const box = lanesOf(layout)
  if (areaOf(y, layout) !== 'lanes' || x < box.x || x > box.x + box.width) return null
  return timeOf(x, span, box)
}

/** How much time a pixel of the lanes is. */
export function msPerPixel({ layout, span }: Field): number {
  return (span.to - span.from) / (xOf(span.to, span, layout.threat) - xOf(span.from, span, layout.threat))
}
