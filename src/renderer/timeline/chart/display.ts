import type { Kind } from '../../../shared/detection.ts'
import { gridCount, heightOf, mostIn, sharesOf, totalOf, type ChartBar, type Tone } from './bars.ts'
import { xOf, type Box, type Layout } from './layout.ts'
import { createPainting, type Painting, type Shape } from './shapes.ts'
import type { Span } from './span.ts'
import { ticksOf } from './ticks.ts'
import { countWords } from './words.ts'

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
const inks = {
  threat: { solid: 'threat', soft: 'threat-soft', wash: 'threat-wash', edge: 'threat-edge', far: 'threat-far' },
  posture: { solid: 'posture', soft: 'posture-soft', wash: 'posture-wash', edge: 'posture-edge', far: 'posture-far' },
} as const

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
  painting.hatch(gap.isLost ? 'gap-lost' : 'gap', 6, x, box.y, end - x, box.height)
}

function drawLane(painting: Painting, { layout, span, bars, isForced }: Scene, lane: Kind): void {
  const box = layout[lane]
  const most = mostIn(bars, lane, span)
  const room = box.height - (layout.isCompact ? 0 : 1)
  if (!layout.isCompact) drawHeights(painting, box, most, room)
  for (const bar of bars) {
    const count = bar.to > span.from && bar.from < span.to ? totalOf(bar[lane]) : 0
    if (count === 0) continue
    const { x, width } = columnOf(bar, span, box)
    let y = box.y + box.height
    for (const [tone, height] of sharesOf(bar[lane], heightOf(count, most, room))) {
      y -= height
      drawTone(painting, inks[lane], isForced, tone, x, y, width, height)
    }
  }
}

/** What the highest bar counts, exactly, and a round count about half as high. */
function drawHeights(painting: Painting, box: Box, most: number, room: number): void {
  if (most === 0) return
  const [foot, end] = [box.y + box.height, box.x + box.width]
  for (const count of [most, gridCount(most)]) {
    if (count === null) continue
    const y = foot - heightOf(count, most, room)
    painting.dashes('tick', box.x, y, box.width)
    painting.text('text-3', end + 6, y + (count === most ? 4 : 1), countWords(count))
  }
}

/** From edge to edge, a hair's breadth from its neighbours, never outside of its lane. */
export function columnOf(bar: Span, span: Span, box: Box): { readonly x: number; readonly width: number } {
  const x = Math.max(box.x, xOf(bar.from, span, box))
  const end = Math.min(box.x + box.width, xOf(bar.to, span, box))
  const width = Math.max(1, end - x)
  return width > 3 ? { x, width: width - 1 } : { x, width }
}

type Inks = (typeof inks)[Kind]

/** A part of a bar. Its numbers come one by one: it is called thousands of times for one picture. */
function drawTone(
  painting: Painting,
  { solid, soft, wash, edge }: Inks,
  isForced: boolean,
  tone: Tone,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const isSmall = height < 4 || width < 4
  if (tone === 'ongoing' && isForced && !isSmall) painting.stripes(solid, x, y, width, height)
  else if (tone === 'detected' || (tone === 'ongoing' && isForced)) painting.fill(solid, x, y, width, height)
  else if (tone === 'ongoing' || isSmall) painting.fill(soft, x, y, width, height)
  else {
    painting.fill(wash, x, y, width, height)
    painting.frame(edge, x, y, width, height)
    if (tone === 'other') painting.hatch(solid, 4, x, y, width, height)
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
      painting.fill(inks[lane].far, x, lane === 'threat' ? middle - height : middle, width, height)
    }
  }
  painting.fill('tick', box.x, middle, box.width, painting.hair)
}
