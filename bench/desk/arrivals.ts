import type { JsonObject } from '../../src/shared/detection.ts'
import type { DemoSigner } from '../../src/main/sample/demo.ts'
import { claimsOf } from '../deliveries.ts'
import { compare, percentile } from '../figure.ts'
import type { Benchmark } from '../index.ts'
import { send } from '../send.ts'
import { openPainter } from './bare.ts'
import { addressOf, openApp, type AppWindow } from './window.ts'

const million = 1_000_000
const perRound = 24
/** No multiple of the frames of a screen, so that answers fall anywhere between two of them. */
const perSecond = 17
/** Numbers that no other benchmark sends. */
const firstNumber = 500_000_000

/** P10: from an answer to the row on the screen, for one delivery after another onto a history. */
export const arrivals: Benchmark = {
  id: 'P10',
  async run({ rows, histories }) {
    const history = rows ?? million
    const profile = await histories.profile(history)
    const [app, bare] = [openApp(profile), openPainter(histories.folder)]
    try {
      const address = await addressOf(app, profile)
      const bareAddress = await bare.inMain<string>('globalThis.address')
      const next = createMarked(histories.signer)
      const figure = await compare({
        id: 'P10',
        measured: `200 sent to row painted, p95 of ${perRound}, onto ${history}`,
        peer: 'a bare window that is sent each by a message port',
        ours: () => paintedAfter(app, address, next()),
        theirs: () => paintedAfter(bare, bareAddress, next()),
        bound: { kind: 'at-most', ratio: 1, plus: 16 },
        note: (ours, theirs) => `${ours.toFixed(1)} ms beside ${theirs.toFixed(1)} ms`,
        missed:
          'what arrives is read anew by the page, from a file of which the disk holds the most: 36 beside 20 ms, and 35 beside 30, where the disk was quiet',
      })
      return [figure]
    } finally {
      await Promise.all([app.close(), bare.close()])
    }
  },
}

type Marked = { readonly bodies: readonly string[]; readonly marks: readonly string[] }

/** Deliveries of detections whose entities no others have. */
function createMarked(signer: DemoSigner): () => Marked {
  let number = firstNumber
  return () => {
    const all = Array.from({ length: perRound }, () => {
      const claims = claimsOf(number++, Date.now())
      const mark = `benchmark-${number}-end`
      return { mark, body: signer.sign({ ...claims, trigger_content: { ...(claims['trigger_content'] as JsonObject), entity_id: mark } }) }
    })
    return { bodies: all.map(({ body }) => body), marks: all.map(({ mark }) => mark) }
  }
}

async function paintedAfter(window: AppWindow, url: string, { bodies, marks }: Marked): Promise<number> {
  await window.inMain('probe.toFront()')
  await window.inMain('void (probe.answeredAt.length = 0)')
  const painting = window.inPage<readonly number[]>(`benchmark.rowsWith(${JSON.stringify(marks)})`)
  // A failure of the sender is told first.
  painting.catch(() => {})
  await send({ url, bodies, connections: 1, perSecond })
  const painted = await painting
  const answered = await window.inMain<readonly number[]>('probe.answeredAt')
  return percentile(
    painted.map((at, index) => at - (answered[index] ?? Number.NaN)),
    0.95,
  )
}
