import { median, summed } from '../figure.ts'
import type { Benchmark } from '../index.ts'
import { openEmpty } from './bare.ts'
import { inTurns } from './rounds.ts'
import { openApp, realRow, type AppWindow } from './window.ts'

const million = 1_000_000
const rounds = 5
const most = 1.35

/** What did not bring it nearer, measured in alternation on a quiet machine. */
const tried =
  'the program is read for 130 to 170 ms of it, the history opened for about 60; making the window while that happens gave 944 and 973 ms for 932 and 900'

/** P13: from the start of the process to its rows on the screen. */
export const starting: Benchmark = {
  id: 'P13',
  async run({ rows, histories }) {
    const size = rows ?? million
    const profile = await histories.profile(size)
    const sides = [() => shownAfter(openApp(profile)), () => shownAfter(openEmpty(histories.folder))]
    // The first start of each makes what others find.
    for (const side of sides) await side()
    const measured = await inTurns(rounds, sides)
    const ratios = measured.map(([ours = Number.NaN, theirs = Number.NaN]) => ours / theirs)
    const figure = summed('P13', `start to rows painted, of ${size}`, 'an empty window of the same Electron', ratios)
    const [ours, theirs] = [0, 1].map((side) => median(measured.map((values) => values[side] ?? Number.NaN)))
    return [
      {
        ...figure,
        target: `≤ ${most}x`,
        met: figure.ratio <= most,
        note: `${ours?.toFixed(0)} ms beside ${theirs?.toFixed(0)} ms; ${tried}`,
      },
    ]
  },
}

async function shownAfter(window: AppWindow): Promise<number> {
  try {
    const paintedAt = await window.inPage<number>(`benchmark.shown('${realRow}')`)
    const shownAt = await window.inMain<number>('probe.shownAt')
    return Math.max(paintedAt, shownAt) - window.startedAt
  } finally {
    await window.close()
  }
}
