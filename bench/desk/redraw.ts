import { setTimeout as pause } from 'node:timers/promises'
import { endAt } from '../deliveries.ts'
import { compareAll, median, within } from '../figure.ts'
import type { Benchmark } from '../index.ts'
import { openCanvas, openUplot } from './bare.ts'
import { openApp, realRow } from './window.ts'

const million = 1_000_000
const steps = 30
/** Of the window: wide enough for as many bars as the chart ever has, where a bar is a day of this range. */
const width = 2_400
const range = { from: new Date(endAt - 395 * 86_400_000).toISOString(), to: new Date(endAt).toISOString() }

/** P12: one step of the wheel over the timeline, from its event to the end of its drawing, without the wait for the frame. */
export const redraw: Benchmark = {
  id: 'P12',
  async run({ rows, histories }) {
    const size = rows ?? million
    const app = openApp(await histories.profile(size))
    try {
      await app.inPage(`benchmark.shown('${realRow}')`)
      await app.inMain(`probe.window.setContentSize(${width}, 800)`)
      await app.inPage(`void (location.hash = '#/timeline?from=${range.from}&to=${range.to}')`)
      await pause(1_500)
      const label = await app.inPage<string>(`document.querySelector('[role=application]').ariaLabel`)
      const bars = Number(/(\d+) bars/.exec(label)?.[1])
      const uplot = openUplot(histories.folder, bars, width)
      const canvas = openCanvas(histories.folder, bars, width)
      try {
        const redraws = async (window: typeof app) => {
          await window.inMain('probe.toFront()')
          return window.inPage<number>(`benchmark.redraws(${steps})`)
        }
        const mine: number[] = []
        const bare: number[] = []
        const side =
          (window: typeof app, taken: number[] = []) =>
          async () => {
            const ms = await redraws(window)
            taken.push(ms)
            return ms
          }
        const measured = `timeline redrawn, ${bars} bars, of ${size}`
        const compared = await compareAll(side(app, mine), [
          {
            ...{ id: 'P12', measured, peer: 'uPlot, the same bars and one axis', theirs: side(uplot) },
            bound: { kind: 'at-most', ratio: 1.2 },
            note: (ours, theirs) => `${ours.toFixed(1)} ms beside ${theirs.toFixed(1)} ms; median of ${steps} steps`,
            missed:
              'uPlot draws one bar a lane: ours stacks four tones of status by shape, and draws gaps, minimap and the name that is read out in the same step',
          },
          { ...{ id: 'P12', measured, peer: 'a bare loop', theirs: side(canvas, bare) }, bound: { kind: 'at-most', ratio: 1 } },
        ])
        return [
          ...compared.slice(0, 1),
          within({
            ...{ id: 'P12', measured, limit: 4, unit: 'ms', values: mine.slice(1) },
            note: `median of ${steps} steps; a bare loop over as many bars ${median(bare.slice(1)).toFixed(1)} ms`,
          }),
        ]
      } finally {
        await uplot.close()
        await canvas.close()
      }
    } finally {
      await app.close()
    }
  },
}
