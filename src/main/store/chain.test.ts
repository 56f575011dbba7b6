import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainHash, contentHash, genesis, verifyChain } from './chain.ts'
import type { ChainedContent, ChainedDelivery } from './chain.ts'

const content = (sequence: number): ChainedContent => ({
  sequence,
  inlet: 'receiver',
  receivedAt: 1_770_000_000_000 + sequence,
  headers: '{"host":"127.0.0.1"}',
  body: Buffer.from(`body ${sequence}`),
})

function chainOf(length: number): ChainedDelivery[] {
  let previous = genesis('database').chainHash
  return Array.from({ length }, (_, index) => {
    const made = content(index + 1)
    const hash = contentHash(made)
    previous = chainHash(previous, hash)
    return { sequence: made.sequence, contentHash: hash, chainHash: previous, content: made }
  })
}

const walk = (deliveries: readonly ChainedDelivery[]) => verifyChain(genesis('database'), deliveries)

describe('the hash of a content', () => {
  test('is fixed by its encoding', () => {
    expect(Buffer.from(contentHash(content(1))).toString('hex')).toMatchInlineSnapshot(
      `"4162f77ce0a90eeee9355d4b52a9af5f8274e626a398f4916edb9894a2e3442a"`,
    )
  })

  test('differs wherever any field differs, also where the bytes only moved from one to the next', () => {
    const fields = fc.record({ inlet: fc.string(), headers: fc.string(), body: fc.uint8Array(), sequence: fc.nat(), receivedAt: fc.nat() })
    const same = (one: ChainedContent, other: ChainedContent) =>
      one.inlet === other.inlet &&
      one.headers === other.headers &&
      one.sequence === other.sequence &&
      one.receivedAt === other.receivedAt &&
      Buffer.compare(one.body, other.body) === 0
    fc.assert(fc.property(fields, fields, (one, other) => same(one, other) || Buffer.compare(contentHash(one), contentHash(other)) !== 0))
    const moved = { ...content(1), inlet: 'receive', headers: 'r{}' }
    expect(contentHash(moved)).not.toEqual(contentHash({ ...content(1), inlet: 'receiver', headers: '{}' }))
  })
})

describe('walking the chain', () => {
  test('finds nothing in an untouched one, and tells its head', () => {
    const deliveries = chainOf(5)
    expect(walk(deliveries)).toEqual({
      head: { sequence: 5, chainHash: deliveries[4]?.chainHash },
      checked: 5,
      removed: 0,
      breaks: [],
      broken: 0,
    })
  })

  test('holds over tombstones', () => {
    const deliveries = chainOf(5).map((delivery) => (delivery.sequence % 2 ? { ...delivery, content: null } : delivery))
    expect(walk(deliveries)).toMatchObject({ broken: 0, removed: 3 })
  })

  test.each([
    [
      'a changed body',
      'content-changed',
      (all: ChainedDelivery[]) => alter(all, 2, (one) => ({ ...one, content: { ...content(3), body: Buffer.from('x') } })),
    ],
    [
      'a moved time',
      'content-changed',
      (all: ChainedDelivery[]) => alter(all, 2, (one) => ({ ...one, content: { ...content(3), receivedAt: 1 } })),
    ],
    ['another link', 'link-changed', (all: ChainedDelivery[]) => alter(all, 2, (one) => ({ ...one, chainHash: Buffer.alloc(32) }))],
    ['a content with its own hash', 'link-changed', (all: ChainedDelivery[]) => alter(all, 2, (one) => rehashed(one))],
    ['a missing one', 'gap', (all: ChainedDelivery[]) => all.filter(({ sequence }) => sequence !== 3)],
  ] as const)('finds %s', (_, because, damage) => {
    const { breaks } = walk(damage(chainOf(5)))
    expect(breaks[0]).toEqual({ sequence: because === 'gap' ? 4 : 3, because })
  })

  test('begins where it is told to, and at no other database', () => {
    const deliveries = chainOf(5)
    const second = deliveries[1]
    if (second === undefined) throw new Error('unreachable')
    expect(verifyChain(second, deliveries.slice(2)).broken).toBe(0)
    expect(verifyChain(genesis('another'), deliveries).breaks).toEqual([{ sequence: 1, because: 'link-changed' }])
  })
})

function alter(all: ChainedDelivery[], index: number, change: (one: ChainedDelivery) => ChainedDelivery): ChainedDelivery[] {
  return all.map((one, at) => (at === index ? change(one) : one))
}

function rehashed(one: ChainedDelivery): ChainedDelivery {
  const forged = { ...content(one.sequence), body: Buffer.from('forged') }
  return { ...one, content: forged, contentHash: contentHash(forged) }
}
