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

export type Flat = 'rects' | 'frames' | 'lines' | 'dashes'

/**
 * Flat lists of numbers: `rects` and `frames` are x, y, width, height, a frame within its box; `lines` and `dashes` are x, y to x, y.
 * Everything of one paint is drawn at once.
 */
export type Shape =
  | { readonly kind: Flat; readonly paint: Paint; readonly at: readonly number[] }
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
  // A name of its own for each paint: joined ones would be made anew for every bar.
  const open: Readonly<Record<Flat, Partial<Record<Paint, number[]>>>> = { rects: {}, frames: {}, lines: {}, dashes: {} }
  const hair = Math.max(1, Math.round(ratio)) / ratio
  const onPixel = (value: number): number => Math.round(value * ratio) / ratio

  function numbersOf(kind: Flat, paint: Paint): number[] {
    let at = open[kind][paint]
    if (!at) {
      at = open[kind][paint] = []
      list.push({ kind, paint, at })
    }
    return at
  }

  function box(kind: 'rects' | 'frames', paint: Paint, x: number, y: number, width: number, height: number): void {
    if (!(width > 0 && height > 0)) return
    const [left, top] = [onPixel(x), onPixel(y)]
    // Something stays something.
    const right = Math.max(onPixel(x + width), left + 1 / ratio)
    const bottom = Math.max(onPixel(y + height), top + 1 / ratio)
    numbersOf(kind, paint).push(left, top, right - left, bottom - top)
  }

  function fill(paint: Paint, x: number, y: number, width: number, height: number): void {
    box('rects', paint, x, y, width, height)
  }

  return {
    /** As thin as a line can be and still be seen. */
    hair,
    fill,
    frame(paint: Paint, x: number, y: number, width: number, height: number): void {
      box('frames', paint, x, y, width, height)
    },
    dashes(paint: Paint, x: number, y: number, width: number): void {
      // The middle of a line stands on the middle of a pixel.
      const level = onPixel(y) + hair / 2
      numbersOf('dashes', paint).push(x, level, x + width, level)
    },
    stripes(paint: Paint, x: number, y: number, width: number, height: number): void {
      for (let at = y; at < y + height; at += 3) fill(paint, x, at, width, Math.min(hair, y + height - at))
    },
    /** Slanted lines that go on from one box to the next, cut at the edges of each. */
    hatch(paint: Paint, pitch: number, x: number, y: number, width: number, height: number): void {
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
