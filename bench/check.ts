import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { compactVerify, importJWK } from 'jose'
import { check as checkDelivery, type CheckContext } from '../src/main/ingest/check.ts'
import type { Delivery } from '../src/main/ingest/delivery.ts'
import { compareAll } from './figure.ts'
import type { Benchmark } from './index.ts'
import { signedBodies } from './tokens.ts'

const inFlight = 64
const mostTokens = 20_000

/** P8: the whole check (strict form, organization, keys, signature, claims) beside bare ES256 verification, one after another. */
export const check: Benchmark = {
  id: 'P8',
  async run({ rows }) {
    // What is held in memory does not grow with the history.
    const count = Math.min(rows ?? mostTokens, mostTokens)
    const { deliveries, publicKey, context } = await signedBodies(count)
    const node = createPublicKey({ key: publicKey, format: 'jwk' })
    const jose = await importJWK(publicKey, 'ES256')
    const ours = () => perSecond(count, () => checkAll(deliveries, context))
    const note = (mine: number, theirs: number) => `${Math.round(mine)} /s beside ${Math.round(theirs)} /s, ${count} tokens`
    const bound = { kind: 'at-least', ratio: 1.1 } as const
    const missed = 'the pool verifies on what the thread that asks leaves of two cores: 1.07 to 1.31x from run to run'
    const measured = `check, ${inFlight} in flight`
    return compareAll(
      ours,
      [
        {
          id: 'P8',
          measured,
          peer: 'node:crypto verify, sequential',
          theirs: () => perSecond(count, () => verifyAll(deliveries, node)),
          bound,
          note,
          missed,
        },
        {
          id: 'P8',
          measured,
          peer: 'jose compactVerify, sequential',
          theirs: () =>
            perSecond(count, async () => {
              for (const { body } of deliveries) await compactVerify(body, jose, { algorithms: ['ES256'] })
            }),
          bound,
          note,
          missed,
        },
      ],
      // What runs for seconds warms itself up.
      { warmUp: false },
    )
  },
}

async function checkAll(deliveries: readonly Delivery[], context: CheckContext): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let delivery = deliveries[next++]; delivery !== undefined; delivery = deliveries[next++]) {
      const { decision } = await checkDelivery(delivery, context)
      if (decision.kind !== 'trusted') throw new Error(`a good token came out as ${JSON.stringify(decision)}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

async function verifyAll(deliveries: readonly Delivery[], key: KeyObject): Promise<void> {
  for (const { body } of deliveries) {
    const text = Buffer.from(body).toString('latin1')
    const end = text.lastIndexOf('.')
    const isGood = verify(
      'sha256',
      body.subarray(0, end),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(text.slice(end + 1), 'base64url'),
    )
    if (!isGood) throw new Error('a good signature was not verified')
  }
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (count * 1000) / (performance.now() - startedAt)
}
