import type { DryRunDay, DryRunSide } from '../../shared/rules.ts'
import { quietOf, toldOf } from './dry-run-words.ts'

export type Piece = { readonly y: number; readonly height: number }
export type SideBar = { readonly x: number; readonly width: number; readonly urgent: Piece; readonly told: Piece; readonly quiet: Piece }
export type DayBar = { readonly x: number; readonly width: number; readonly now: SideBar; readonly then: SideBar }
export type DryRunBars = {
  readonly days: readonly DayBar[]
  readonly middle: number
  readonly most: { readonly told: number; readonly quiet: number }
}

/** What is told stands on the middle, urgent lowest; what is quiet hangs from it, on a scale of its own, since it is often a hundred times as much. */
export function toDryRunBars(days: readonly DryRunDay[], size: { readonly width: number; readonly height: number }): DryRunBars {
  const sides = days.flatMap(({ now, then }) => [now, then])
  const most = { told: Math.max(1, ...sides.map(toldOf)), quiet: Math.max(1, ...sides.map(quietOf)) }
  const middle = Math.round(size.height * 0.64)
  const step = size.width / Math.max(1, days.length)
  const tall = (count: number, of: number, room: number): number => (count === 0 ? 0 : Math.max(2, (count / of) * room))
  const barOf = (side: DryRunSide, x: number, width: number): SideBar => {
    const urgent = tall(side.urgent, most.told, middle - 2)
    const told = tall(side.notify, most.told, middle - 2)
    return {
      x,
      width,
      urgent: { y: middle - urgent, height: urgent },
      told: { y: middle - urgent - told, height: told },
      quiet: { y: middle, height: tall(quietOf(side), most.quiet, size.height - middle - 2) },
    }
  }
  return {
    days: days.map(({ now, then }, index) => {
      const x = index * step
      const width = step * 0.38
      return { x, width: step, now: barOf(now, x + step * 0.08, width), then: barOf(then, x + step * 0.54, width) }
    }),
    middle,
    most,
  }
}
