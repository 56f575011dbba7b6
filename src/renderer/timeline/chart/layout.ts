import type { Span } from './span.ts'

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Where everything stands, in CSS pixels. */
export type Layout = {
  readonly width: number
  readonly height: number
  readonly threat: Box
  readonly posture: Box
  readonly axis: Box
  readonly minimap: Box
  /** Too low for more than the lanes themselves. */
  readonly isCompact: boolean
}

export const gutter = 92
const compactMargin = 16
/** Beside the lanes stand the counts of their heights. */
const margin = 60
const compactBelow = 110

export function layoutOf(width: number, height: number): Layout {
  const isCompact = height < compactBelow
  const [axisHeight, minimapHeight, gap, top] = isCompact ? [14, 12, 3, 2] : [18, 24, 8, 6]
  const lane = Math.max(8, Math.floor((height - top - gap - axisHeight - minimapHeight - (isCompact ? 2 : 6)) / 2))
  const x = Math.min(gutter, Math.floor(width / 4))
  const wide = Math.max(1, width - x - (isCompact ? compactMargin : Math.min(margin, Math.floor(width / 8))))
  const box = (y: number, boxHeight: number): Box => ({ x, y, width: wide, height: boxHeight })
  const posture = top + lane + gap
  const axis = posture + lane
  return {
    width,
    height,
    threat: box(top, lane),
    posture: box(posture, lane),
    axis: box(axis, axisHeight),
    minimap: box(axis + axisHeight + (isCompact ? 0 : 2), minimapHeight),
    isCompact,
  }
}

export function xOf(at: number, { from, to }: Span, box: Box): number {
  return box.x + ((at - from) / (to - from)) * box.width
}

export function timeOf(x: number, { from, to }: Span, box: Box): number {
  return from + ((x - box.x) / box.width) * (to - from)
}

export type Area = 'lanes' | 'minimap'

/** Above the minimap's first line it is the lanes; beside the plot it is what the pointer is level with. */
export function areaOf(y: number, { minimap }: Layout): Area {
  return y < minimap.y - 1 ? 'lanes' : 'minimap'
}
