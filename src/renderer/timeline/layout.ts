/**
 * Where the rows of the list stand. Only what is around the anchor is laid out: ten million rows are taller than an element may be, and where
 * day headings lie is known of loaded rows only. So the list is anchored at a row and pixels of it, small scrolls move it by these
 * pixels, and the scroll bar says about where it is.
 */

/** The first row in view. `offset` is how many pixels of its block, headings above it included, are above the top of the view. */
export type Anchor = { readonly index: number; readonly offset: number }

export type Measure = {
  readonly count: number
  readonly rowHeight: number
  /** Below the last row. */
  readonly footHeight: number
  /** Of the view. */
  readonly height: number
  /** Of what stands above a row: headings and gaps. */
  above(index: number): number
}

export type PlacedRow = {
  readonly index: number
  /** Of the row itself, below its headings, from the top of the view. */ readonly top: number
}

export const topAnchor: Anchor = { index: 0, offset: 0 }

function blockOf(measure: Measure, index: number): number {
  const foot = index === measure.count - 1 ? measure.footHeight : 0
  return measure.above(index) + measure.rowHeight + foot
}

/** So many pixels further down, or up, within the list. */
export function moved(anchor: Anchor, by: number, measure: Measure): Anchor {
  if (measure.count === 0) return topAnchor
  let index = Math.min(anchor.index, measure.count - 1)
  let offset = anchor.offset + by
  while (offset < 0 && index > 0) {
    index -= 1
    offset += blockOf(measure, index)
  }
  if (offset < 0) return topAnchor
  for (let height = blockOf(measure, index); offset >= height && index < measure.count - 1; height = blockOf(measure, index)) {
    offset -= height
    index += 1
  }
  const end = endAnchor(measure)
  return isBelow({ index, offset }, end) ? end : { index, offset }
}

/** Where the last row, and what is below it, ends with the view; the top where all of it fits. */
export function endAnchor(measure: Measure): Anchor {
  let left = measure.height
  for (let index = measure.count - 1; index >= 0; index -= 1) {
    left -= blockOf(measure, index)
    if (left <= 0) return { index, offset: 0 - left }
  }
  return topAnchor
}

function isBelow(one: Anchor, other: Anchor): boolean {
  return one.index > other.index || (one.index === other.index && one.offset > other.offset)
}

/** The rows in view, and some beyond both ends of it. */
export function visible(anchor: Anchor, measure: Measure, beyond: number): readonly PlacedRow[] {
  if (measure.count === 0) return []
  const rows: PlacedRow[] = []
  let index = Math.min(anchor.index, measure.count - 1)
  let top = -anchor.offset
  while (index > 0 && top > -beyond) {
    index -= 1
    top -= blockOf(measure, index)
  }
  for (; index < measure.count && top < measure.height + beyond; index += 1) {
    rows.push({ index, top: top + measure.above(index) })
    top += blockOf(measure, index)
  }
  return rows
}

/** Moved as little as shows the row whole, below what covers the top of the view. A row out of reach is put there. */
export function revealed(anchor: Anchor, index: number, measure: Measure, cover: number): Anchor {
  const reach = Math.ceil(measure.height / measure.rowHeight) + 2
  if (index <= 0) return topAnchor
  if (index < anchor.index - reach) return moved({ index, offset: 0 }, -Math.max(0, cover - measure.above(index)), measure)
  if (index > anchor.index + 2 * reach)
    return moved({ index, offset: 0 }, measure.rowHeight + measure.above(index) - measure.height, measure)
  const row = visible(anchor, measure, measure.height).find((placed) => placed.index === index)
  if (row === undefined) return moved({ index, offset: 0 }, 0, measure)
  const top = row.top - Math.max(cover, measure.above(index))
  if (top < 0) return moved(anchor, top, measure)
  const below = row.top + measure.rowHeight - measure.height
  return below > 0 ? moved(anchor, below, measure) : anchor
}

/** The tallest that the scrolled element is made: far from what Chromium lays out, so that sums of it keep their fractions. */
export const tallest = 8_000_000
/** At both ends the scroll bar stands for pixels, so that no end comes too early or too late. */
const exactEnd = 400_000

/** How the bar of the scrolled element stands for a list that may be taller. In between it is drawn together. */
export type Scale = { readonly virtual: number; readonly height: number; readonly view: number }

/** `extra` is what is known of the height of headings: a list that hardly fits needs it. */
export function scaleOf({ count, rowHeight, height, footHeight }: Measure, devicePixelRatio: number, extra = 0): Scale {
  const virtual = count * rowHeight + footHeight + extra
  // Chromium's tallest element has so many pixels of the screen.
  const most = Math.min(tallest, Math.floor(33_000_000 / Math.max(1, devicePixelRatio)))
  return { virtual: Math.max(virtual, height), height: Math.max(Math.min(virtual, most), height), view: height }
}

export function toScroll(anchor: Anchor, { count, rowHeight }: Measure, scale: Scale): number {
  const [far, top] = [scale.height - scale.view, anchor.index * rowHeight + anchor.offset]
  const farthest = scale.virtual - scale.view
  if (scale.virtual <= scale.height || count === 0) return Math.max(0, Math.min(top, far))
  const ends = Math.min(exactEnd, far / 4)
  if (top <= ends) return top
  if (top >= farthest - ends) return Math.min(far, far - (farthest - top))
  return ends + ((top - ends) / (farthest - 2 * ends)) * (far - 2 * ends)
}

export function toAnchor(scrollTop: number, measure: Measure, scale: Scale): Anchor {
  const far = scale.height - scale.view
  const farthest = scale.virtual - scale.view
  const ends = Math.min(exactEnd, far / 4)
  const isShort = scale.virtual <= scale.height
  const top =
    isShort || scrollTop <= ends
      ? scrollTop
      : scrollTop >= far - ends
        ? farthest - (far - scrollTop)
        : ends + ((scrollTop - ends) / (far - 2 * ends)) * (farthest - 2 * ends)
  if (scrollTop <= 0) return topAnchor
  if (scrollTop >= far) return endAnchor(measure)
  const index = Math.min(Math.floor(top / measure.rowHeight), Math.max(0, measure.count - 1))
  return moved({ index, offset: 0 }, top - index * measure.rowHeight, measure)
}
