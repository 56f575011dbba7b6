import type { Kind } from '../../../shared/detection.ts'
import { gridCount, heightOf, mostIn, sharesOf, totalOf, type ChartBar, type Stack, type Tone } from './bars.ts'
import { xOf, type Box, type Layout } from './layout.ts'
import { createPainting, type Painting, type Shape } from './shapes.ts'
import type { Span } from './span.ts'
import { ticksOf } from './ticks.ts'

/** A time we were not listening; what was sent then is lost where `isLost`. */
export type Hatch = Span & { readonly isLost: boolean }

/** What is drawn only when the data or the range changed. */
export type Scene = {
  readonly layout: Layout
  readonly ratio: number
  readonly span: Span
  readonly whole: Span
  readonly bars: readonly ChartBar[]
  readonly minimap: readonly ChartBar[]
  readonly gaps: readonly Hatch[]
  /** In forced colours one ink has to do: what is softer elsewhere is striped. */
  readonly isForced: boolean
}

export const lanes: readonly Kind[] = ['threat', 'posture']

export function drawScene(scene: Scene): readonly Shape[] {
  const painting = createPainting(scene.ratio)
  const { layout, span, gaps } = scene
  for (const lane of lanes) drawGround(painting, layout[lane])
  drawTicks(painting, scene)
  for (const gap of gaps) {
    for (const box of [layout.threat, layout.posture]) drawHatch(painting, gap, span, box)
    drawHatch(painting, gap, scene.whole, layout.minimap)
  }
  for (const lane of lanes) drawLane(painting, scene, lane)
  drawMinimap(painting, scene)
  return painting.shapes()
}

function drawGround(painting: Painting, box: Box): void {
  painting.fill('line', box.x, box.y + box.height, box.width, painting.hair)
}

function drawTicks(painting: Painting, { layout, span }: Scene): void {
  const { threat, posture, axis } = layout
  for (const { at, label, isMajor } of ticksOf(span, axis.width)) {
    const x = xOf(at, span, axis)
    const paint = isMajor ? 'tick' : 'line'
    painting.fill(paint, x, threat.y, painting.hair, posture.y + posture.height - threat.y + (isMajor ? 6 : 4))
    const isCut = x + 8 > axis.x + axis.width - 28
    if (!isCut) painting.text(isMajor ? 'text-2' : 'text-3', x + 5, axis.y + axis.height / 2 + 1, label, { isStrong: isMajor })
  }
}

function drawHatch(painting: Painting, gap: Hatch, span: Span, box: Box): void {
  const x = Math.max(box.x, xOf(gap.from, span, box))
  const end = Math.min(box.x + box.width, Math.max(xOf(gap.to, span, box), xOf(gap.from, span, box) + 3))
  if (end - x < 0.5) return
  painting.fill('gap-ground', x, box.y, end - x, box.height)
  painting.hatch(gap.isLost ? 'gap-lost' : 'gap', { x, y: box.y, width: end - x, height: box.height }, 6)
}

function drawLane(painting: Painting, { layout, span, bars, isForced }: Scene, lane: Kind): void {
  const box = layout[lane]
  const most = mostIn(bars, lane, span)
  const room = box.height - (layout.isCompact ? 0 : 1)
  const grid = layout.isCompact ? null : gridCount(most)
  if (grid !== null) painting.dots('tick', box.x, box.y + box.height - heightOf(grid, most, room), box.width)
  for (const bar of bars) {
    if (bar.to <= span.from || bar.from >= span.to || totalOf(bar[lane]) === 0) continue
    const column = columnOf(bar, span, box)
    drawStack(painting, lane, bar[lane], { ...column, y: box.y + box.height, height: heightOf(totalOf(bar[lane]), most, room) }, isForced)
  }
}

/** From edge to edge, a hair's breadth from its neighbours, never outside of its lane. */
export function columnOf(bar: Span, span: Span, box: Box): { readonly x: number; readonly width: number } {
  const x = Math.max(box.x, xOf(bar.from, span, box))
  const end = Math.min(box.x + box.width, xOf(bar.to, span, box))
  const width = Math.max(1, end - x)
  return width > 3 ? { x, width: width - 1 } : { x, width }
}

/** `foot.y` is where the bar stands. */
function drawStack(painting: Painting, lane: Kind, stack: Stack, foot: Box, isForced: boolean): void {
  let y = foot.y
  for (const [tone, height] of sharesOf(stack, foot.height)) {
    y -= height
    drawTone(painting, lane, tone, { ...foot, y, height }, isForced)
  }
}

function drawTone(painting: Painting, lane: Kind, tone: Tone, box: Box, isForced: boolean): void {
  const isSmall = box.height < 4 || box.width < 4
  if (tone === 'detected') painting.fill(lane, box.x, box.y, box.width, box.height)
  else if (tone === 'ongoing') {
    if (isForced && !isSmall) painting.stripes(lane, box)
    else painting.fill(isForced ? lane : `${lane}-soft`, box.x, box.y, box.width, box.height)
  } else if (isSmall) painting.fill(`${lane}-soft`, box.x, box.y, box.width, box.height)
  else {
    painting.fill(`${lane}-wash`, box.x, box.y, box.width, box.height)
    painting.outline(`${lane}-edge`, box)
    if (tone === 'other') painting.hatch(lane, box, 4)
  }
}

/** Threats stand on the middle line, posture hangs from it. */
function drawMinimap(painting: Painting, { layout, whole, minimap }: Scene): void {
  const box = layout.minimap
  const middle = box.y + box.height / 2
  const room = box.height / 2 - 1
  for (const lane of lanes) {
    const most = mostIn(minimap, lane, whole)
    for (const bar of minimap) {
      const height = heightOf(totalOf(bar[lane]), most, room)
      if (height === 0) continue
      const { x, width } = columnOf(bar, whole, box)
      painting.fill(`${lane}-far`, x, lane === 'threat' ? middle - height : middle, width, height)
    }
  }
  painting.fill('tick', box.x, middle, box.width, painting.hair)
}
