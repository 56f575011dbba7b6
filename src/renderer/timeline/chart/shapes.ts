import type { Box } from './layout.ts'

type Hue = 'threat' | 'posture'
/** What things are drawn in; a palette says how that looks in a theme. */
export type Paint =
  | Hue
  | `${Hue}-soft`
  | `${Hue}-wash`
  | `${Hue}-edge`
  | `${Hue}-far`
  | 'line'
  | 'tick'
  | 'gap'
  | 'gap-lost'
  | 'gap-ground'
  | 'hover'
  | 'chosen'
  | 'shade'
  | 'frame'
  | 'text'
  | 'text-2'
  | 'text-3'

/** Flat lists of numbers: `rects` are x, y, width, height; `lines` are x, y to x, y. Everything of one paint is drawn at once. */
export type Shape =
  | { readonly kind: 'rects'; readonly paint: Paint; readonly at: readonly number[] }
  | { readonly kind: 'lines'; readonly paint: Paint; readonly at: readonly number[] }
  | {
      readonly kind: 'text'
      readonly paint: Paint
      readonly x: number
      readonly y: number
      readonly text: string
      readonly align: 'left' | 'right'
      readonly isStrong: boolean
    }

export type Painting = ReturnType<typeof createPainting>

/** Collects shapes. Edges stand on the pixels of the screen (`ratio` to a CSS pixel), so that lines are sharp. */
export function createPainting(ratio: number) {
  const list: Shape[] = []
  const open = new Map<string, number[]>()
  const hair = 1 / ratio >= 1 ? 1 : Math.max(1, Math.round(ratio)) / ratio
  const onPixel = (value: number): number => Math.round(value * ratio) / ratio

  function numbersOf(kind: 'rects' | 'lines', paint: Paint): number[] {
    const key = `${kind} ${paint}`
    let at = open.get(key)
    if (!at) {
      at = []
      open.set(key, at)
      list.push({ kind, paint, at })
    }
    return at
  }

  function fill(paint: Paint, x: number, y: number, width: number, height: number): void {
    if (!(width > 0 && height > 0)) return
    const [left, top] = [onPixel(x), onPixel(y)]
    // Something stays something.
    const right = Math.max(onPixel(x + width), left + 1 / ratio)
    const bottom = Math.max(onPixel(y + height), top + 1 / ratio)
    numbersOf('rects', paint).push(left, top, right - left, bottom - top)
  }

  return {
    /** As thin as a line can be and still be seen. */
    hair,
    fill,
    outline(paint: Paint, { x, y, width, height }: Box): void {
      fill(paint, x, y, width, hair)
      fill(paint, x, y + height - hair, width, hair)
      fill(paint, x, y + hair, hair, height - 2 * hair)
      fill(paint, x + width - hair, y + hair, hair, height - 2 * hair)
    },
    dots(paint: Paint, x: number, y: number, width: number): void {
      for (let at = x; at < x + width; at += 4) fill(paint, at, y, Math.min(1, x + width - at), hair)
    },
    stripes(paint: Paint, { x, y, width, height }: Box): void {
      for (let at = y; at < y + height; at += 3) fill(paint, x, at, width, Math.min(hair, y + height - at))
    },
    /** Slanted lines that go on from one box to the next, cut at the edges of each. */
    hatch(paint: Paint, { x, y, width, height }: Box, pitch: number): void {
      const at = numbersOf('lines', paint)
      const bottom = y + height
      // A line is where x + y is a multiple of the pitch.
      for (let sum = Math.ceil((x + y) / pitch) * pitch; sum < x + width + bottom; sum += pitch) {
        const startX = Math.max(x, sum - bottom)
        const endX = Math.min(x + width, sum - y)
        if (endX > startX) at.push(startX, sum - startX, endX, sum - endX)
      }
    },
    text(
      paint: Paint,
      x: number,
      y: number,
      text: string,
      look: { readonly isStrong?: boolean; readonly align?: 'left' | 'right' } = {},
    ): void {
      list.push({ kind: 'text', paint, x, y, text, align: look.align ?? 'left', isStrong: look.isStrong ?? false })
    },
    shapes: (): readonly Shape[] => list,
  }
}
