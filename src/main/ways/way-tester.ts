import type { InletId, InletReport, Tested } from '../../shared/inlets.ts'
import { testSteps } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { signSample } from '../send-sample.ts'
import { isOnThisComputer } from './inlet-setup.ts'
import { testWay } from './test-way.ts'
import type { Witness } from './witness.ts'

/** Sends a signed sample through the public address of a way in. One at a time: each of them becomes a detection of the demonstration. */
export function createWayTester(parts: {
  readonly report: (id: InletId) => InletReport | null
  readonly sign: () => ReturnType<typeof signSample>
  readonly witness: Witness
  /** What a registered webhook sends. */
  readonly headers: (id: InletId) => Readonly<Record<string, string>>
  readonly receiverUrl: () => string | null
  readonly now: () => number
  readonly schedule: Schedule
}): (id: InletId) => Promise<Tested> {
  const { report, sign, witness, headers, receiverUrl, now, schedule } = parts
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function test(id: InletId): Promise<Tested> {
    const inlet = report(id)
    if (inlet === null) return notBegun('This way in is not there any more.')
    if (inlet.address === null) return notBegun('No address is known that leads here. Enter what SlashID posts to, or start the tunnel.')
    if (inlet.state.kind === 'off') return notBegun('This way in is switched off. Switch it on first.')
    const sample = await sign()
    if (sample.kind === 'failed') return notBegun(sample.detail)
    return testWay({
      address: inlet.address,
      headers: headers(id),
      sample,
      inlet: id,
      witness,
      localOrigins: localOrigins(inlet),
      now,
      schedule,
    })
  }

  /** What is tried out on this computer is reached where it is read from, or at the ingress before it; nothing else of this computer is. */
  function localOrigins({ setUp, address }: InletReport): readonly string[] {
    const isIngressHere = setUp?.kind === 'jetstream' && isOnThisComputer(setUp)
    const farEnd = setUp?.kind === 'jetstream' ? (isIngressHere ? address : null) : (setUp?.url ?? null)
    return [receiverUrl(), farEnd].flatMap((url) => (url === null ? [] : (parseUrl(url)?.origin ?? [])))
  }

  return (id) => {
    if (waiting >= 4) return Promise.resolve(notBegun('Several tests are under way already. Wait for them.'))
    waiting++
    const done = turn.then(() => test(id)).finally(() => waiting--)
    turn = done.catch(() => undefined)
    return done
  }
}

function notBegun(detail: string): Tested {
  return {
    steps: testSteps.map((step, index) => (index === 0 ? { step, kind: 'failed', detail } : { step, kind: 'not-reached' })),
    isWhole: false,
  }
}
