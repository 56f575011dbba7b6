import type { ChartBar } from './bars.ts'
import { columnOf } from './display.ts'
import { xOf, type Box, type Layout } from './layout.ts'
import { createPainting, type Painting, type Shape } from './shapes.ts'
import type { Span } from './span.ts'

/** What moves with the pointer, the keys, the list and the clock: drawn over a scene that stays as it is. */
export type Moving = {
  readonly layout: Layout
  readonly ratio: number
  readonly span: Span
  readonly whole: Span
  readonly now: number
  /** The bar under the pointer or the cursor of the keys. */
  readonly pointed: ChartBar | null
  readonly isCursor: boolean
  readonly isForced: boolean
  /** What a brush or the keys have chosen so far. */
  readonly chosen: Span | null
  readonly inView: Span | null
  /** Before this moment the bars are the least there is. */
  readonly countedTo: number | null
}

const handle = 4

export function drawOverlay(moving: Moving): readonly Shape[] {
  const painting = createPainting(moving.ratio)
  const { layout, span, pointed, isCursor, chosen, now } = moving
  const lanes = lanesOf(layout)
  if (pointed) {
    const { x, width } = columnOf(pointed, span, lanes)
    painting.fill('hover', x - 1, lanes.y, width + 2, lanes.height)
  }
  if (moving.countedTo !== null && moving.countedTo > span.from) {
    const [x, end] = edgesOf({ from: span.from, to: moving.countedTo }, span, lanes)
    painting.dashes('text-3', x, lanes.y + lanes.height, end - x)
    painting.fill('text-3', end, lanes.y, painting.hair, lanes.height)
    painting.text('text-2', end - 5, lanes.y + 6, 'at least', { align: 'right' })
  }
  if (moving.inView) drawInView(painting, moving.inView, span, lanes)
  if (chosen) {
    const [x, end] = edgesOf(chosen, span, lanes)
    painting.fill('chosen', x, lanes.y, end - x, lanes.height)
    for (const at of [x, end]) painting.fill('text', at, lanes.y, painting.hair, lanes.height)
  }
  if (now >= span.from && now < span.to) drawNow(painting, xOf(now, span, lanes), lanes, layout)
  // Forced colours leave no wash to tell the bar under the pointer by.
  if (pointed && (isCursor || moving.isForced)) {
    const { x, width } = columnOf(pointed, span, lanes)
    painting.frame('text', x - 2, lanes.y, width + 4, lanes.height)
  }
  drawWindow(painting, moving)
  return painting.shapes()
}

/** Both lanes and what is between them. */
export function lanesOf({ threat, posture }: Layout): Box {
  return { ...threat, height: posture.y + posture.height - threat.y }
}

function edgesOf({ from, to }: Span, span: Span, box: Box): readonly [number, number] {
  return [Math.max(box.x, xOf(from, span, box)), Math.min(box.x + box.width, xOf(to, span, box))]
}

/** What the list shows: a quiet bracket under the lanes. */
function drawInView(painting: Painting, inView: Span, span: Span, lanes: Box): void {
  const [x, end] = edgesOf(inView, span, lanes)
  if (end < lanes.x || x > lanes.x + lanes.width) return
  painting.fill('text-3', x, lanes.y + lanes.height + 1, Math.max(3, end - x), 2)
}

function drawNow(painting: Painting, x: number, lanes: Box, { axis, isCompact }: Layout): void {
  painting.fill('text', x, lanes.y, painting.hair, lanes.height + 4)
  painting.fill('text', x - 1.5, lanes.y - 2, 4, 4)
  const isAtEnd = isCompact && x + 30 > axis.x + axis.width + 14
  const at = isAtEnd ? axis.x + axis.width + 12 : x + 5
  painting.text('text', at, axis.y + axis.height / 2 + 1, 'now', { isStrong: true, align: isAtEnd ? 'right' : 'left' })
}

/** What is outside of the range is shaded; the window has handles on both edges. */
function drawWindow(painting: Painting, { layout, span, whole }: Moving): void {
  const box = layout.minimap
  const [x, end] = windowOf(span, whole, box)
  painting.fill('shade', box.x, box.y, x - box.x, box.height)
  painting.fill('shade', end, box.y, box.x + box.width - end, box.height)
  painting.frame('frame', x, box.y, end - x, box.height)
  for (const at of [x, end]) painting.fill('frame', at - handle / 2, box.y + box.height / 2 - 4, handle, 8)
}

/** Wide enough to be held, however little of the whole it is. */
export function windowOf(span: Span, whole: Span, box: Box): readonly [number, number] {
  const [x, end] = [xOf(span.from, whole, box), xOf(span.to, whole, box)]
  const short = Math.max(0, 8 - (end - x))
  const left = Math.min(Math.max(box.x, x - short / 2), box.x + box.width - 8)
  return [left, Math.min(box.x + box.width, Math.max(end + short / 2, left + 8))]
}
