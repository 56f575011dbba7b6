import type { PostureOverview } from '../../shared/posture.ts'

export type WeekBar = {
  readonly x: number
  readonly width: number
  readonly opened: { readonly y: number; readonly height: number }
  readonly closed: { readonly y: number; readonly height: number }
  /** Where the line of what was open passes, in the middle of the week. */
  readonly line: { readonly x: number; readonly y: number }
}
export type WeekChart = {
  readonly bars: readonly WeekBar[]
  /** For the `d` of a path. */
  readonly line: string
  readonly middle: number
  readonly most: { readonly changed: number; readonly open: number }
}

/** Opened above the middle, closed below it, on one scale; the line of what was open has its own, from the bottom. */
export function toWeekChart(weeks: PostureOverview['weeks'], size: { readonly width: number; readonly height: number }): WeekChart {
  const changed = Math.max(1, ...weeks.flatMap(({ opened, closed }) => [opened, closed]))
  const open = Math.max(1, ...weeks.map(({ openAtEnd }) => openAtEnd))
  const middle = size.height / 2
  const step = size.width / Math.max(1, weeks.length)
  const tall = (count: number): number => (count === 0 ? 0 : Math.max(1.5, (count / changed) * (middle - 2)))
  const bars = weeks.map(({ opened, closed, openAtEnd }, index): WeekBar => {
    const x = index * step
    return {
      x: x + step * 0.15,
      width: step * 0.7,
      opened: { y: middle - tall(opened), height: tall(opened) },
      closed: { y: middle, height: tall(closed) },
      line: { x: x + step / 2, y: size.height - 2 - (openAtEnd / open) * (size.height - 4) },
    }
  })
  const line = bars.map(({ line: at }, index) => `${index === 0 ? 'M' : 'L'}${at.x.toFixed(1)} ${at.y.toFixed(1)}`).join('')
  return { bars, line, middle, most: { changed, open } }
}
