import { compareAll, median, percentile, within, type Figure } from '../figure.ts'
import type { Benchmark } from '../index.ts'
import { openPool } from './bare.ts'
import { openApp, realRow, type AppWindow } from './window.ts'

const forMs = 1_100
const longFrameMs = 50
/** Where the bar is put to, in parts of the list: near, far, back again. */
const jumps = [0.02, 0.6, 0.61, 0.2, 0.95, 0.4, 0.8, 0.001]

/** P11: the wheel and the bar of the list, and whether its last row can be reached. */
export const scrolling: Benchmark = {
  id: 'P11',
  async run({ rows, histories }) {
    const figures: Figure[] = []
    for (const size of rows === null ? [100_000, 1_000_000] : [rows]) {
      const profile = await histories.profile(size)
      const [app, pool] = [openApp(profile), openPool(histories.folder, size)]
      try {
        await app.inPage(`benchmark.shown('${realRow}')`)
        figures.push(...(await scroll(size, app, pool)), await toTheEnd(size, app))
      } finally {
        await Promise.all([app.close(), pool.close()])
      }
      // The tallest element is half as tall there.
      const fine = openApp(profile, {}, ['--force-device-scale-factor=2'])
      try {
        await fine.inPage(`benchmark.shown('${realRow}')`)
        figures.push(await toTheEnd(size, fine))
      } finally {
        await fine.close()
      }
    }
    return figures
  },
}

async function scroll(size: number, app: AppWindow, pool: AppWindow): Promise<readonly Figure[]> {
  const shares: number[] = []
  const sharesOfPool: number[] = []
  const shareOf = (frames: readonly number[]) => (frames.filter((ms) => ms > longFrameMs).length / frames.length) * 100
  const framesOf = async (window: AppWindow): Promise<readonly number[]> => {
    await window.inMain('probe.toFront()')
    const scrolled = window.inPage<readonly number[]>(`benchmark.scrolled(${forMs}, ${JSON.stringify(jumps)})`)
    await window.inMain(`probe.wheel(${(forMs * 2) / 3})`)
    return scrolled
  }
  const figures = await compareAll(async () => {
    const frames = await framesOf(app)
    shares.push(shareOf(frames))
    return percentile(frames, 0.95)
  }, [
    {
      id: 'P11',
      measured: `frames while ${size} rows are scrolled by wheel and bar, p95`,
      peer: 'a recycled row pool',
      async theirs() {
        const frames = await framesOf(pool)
        sharesOfPool.push(shareOf(frames))
        return percentile(frames, 0.95)
      },
      bound: { kind: 'at-most', ratio: 1.5 },
      note: (ours, theirs) => `${ours.toFixed(1)} ms beside ${theirs.toFixed(1)} ms`,
    },
  ])
  // The first was to warm up.
  const values = shares.slice(1)
  const note = `${jumps.length} jumps of the bar among them; ${median(sharesOfPool.slice(1)).toFixed(1)} % of the pool`
  return [...figures, within({ id: 'P11', measured: `frames above ${longFrameMs} ms, of ${size} rows`, limit: 1, unit: '%', values, note })]
}

async function toTheEnd(size: number, app: AppWindow): Promise<Figure> {
  await app.inMain('probe.toFront()')
  const scale = await app.inPage<number>('devicePixelRatio')
  const { position, ms } = await app.inPage<{ readonly position: number; readonly ms: number }>('benchmark.lastRow()')
  // What other benchmarks sent stands above.
  const ratio = Math.min(1, position / size)
  const found = `row ${position} is the last in view after ${ms.toFixed(0)} ms`
  return {
    ...{ id: 'P11', measured: `the last row of ${size} in view at DPR ${scale}, the bar at its end`, peer: 'all of them' },
    ...{ ratio, low: ratio, high: ratio },
    ...{ target: '1x', met: position >= size, note: size < 10_000_000 ? `${found}; of 10M with --rows 10000000` : found },
  }
}
