/** A rectangle in device-independent pixels. */
export type Bounds = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

export const minimumSize = { width: 900, height: 600 } as const
const defaultSize = { width: 1280, height: 800 } as const

/** As it was left; null coordinates leave the place to us. */
export type Remembered = { readonly x: number | null; readonly y: number | null; readonly width: number; readonly height: number }

/**
 * Where the window opens: as it was left, moved and shrunk to lie wholly inside the display it overlaps most, since that
 * display may have become smaller or be gone. `workAreas` has the primary display first.
 */
export function placeWindow(remembered: Remembered | null, workAreas: readonly [Bounds, ...Bounds[]]): Bounds {
  const [primary] = workAreas
  const wanted = place(remembered ?? { x: null, y: null, ...defaultSize }, primary)
  let home = primary
  for (const area of workAreas) if (overlap(wanted, area) > overlap(wanted, home)) home = area
  const width = fit(wanted.width, minimumSize.width, home.width)
  const height = fit(wanted.height, minimumSize.height, home.height)
  return {
    width,
    height,
    x: fit(wanted.x, home.x, home.x + Math.max(0, home.width - width)),
    y: fit(wanted.y, home.y, home.y + Math.max(0, home.height - height)),
  }
}

/** In the middle of the area where no place is remembered. */
function place({ x, y, width, height }: Remembered, area: Bounds): Bounds {
  return { width, height, x: x ?? area.x + (area.width - width) / 2, y: y ?? area.y + (area.height - height) / 2 }
}

function overlap(a: Bounds, b: Bounds): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, width) * Math.max(0, height)
}

/** The minimum wins where a display is smaller than the window may be. */
function fit(value: number, minimum: number, maximum: number): number {
  return Math.round(Math.max(minimum, Math.min(value, maximum)))
}
