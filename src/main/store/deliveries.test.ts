import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { Checked, Kept } from '../ingest/delivery.ts'
import { verifyChain } from './chain.ts'
import { createDeliveries } from './deliveries.ts'
import { createDriftLog } from './drift.ts'
import type { Deliveries } from './deliveries.ts'
import { createPresent } from './present.ts'
import { createQuarantine } from './quarantine.ts'
import { createTextIndex } from './text-index.ts'
import {
  believed,
  content,
  contentOf,
  delivery,
  keepOne,
  organization,
  refused,
  rows,
  start,
  testDeliveries,
  trusted,
  unsigned,
  waiting,
} from './test-support.ts'

const kinds = (kept: readonly Kept[]) => kept.map(({ kind }) => kind)
const walk = (deliveries: Deliveries) => verifyChain(deliveries.genesis(), deliveries.chain(null))

describe('keeping', () => {
  test('answers in the order of the batch, with a sequence from 1 and no holes', () => {
    const { keeper, deliveries } = testDeliveries()
    const kept = keeper.keep([
      trusted(content()),
      delivery(waiting),
      delivery(refused),
      delivery(believed({ kind: 'other-trigger', trigger: 'x' })),
    ])
    expect(kept.map((one) => one.kind === 'kept' && one.sequence)).toEqual([1, 2, 3, 4])
    expect(kept.map((one) => one.kind === 'kept' && one.change !== null)).toEqual([true, false, false, false])
    expect(deliveries.head().sequence).toBe(4)
  })

  test('keeps every byte and every claim', () => {
    const { keeper, all } = testDeliveries()
    const checked = trusted(content(), { issued: 5, received: 7, signed: 'a' })
    keepOne(keeper, checked)
    expect(all('SELECT * FROM deliveries')).toEqual([
      expect.objectContaining({
        sequence: 1,
        inlet: 'receiver',
        received_at: start + 7000,
        headers: '{"content-type":"text/plain"}',
        body: checked.delivery.body,
        size: checked.delivery.body.length,
        state: 'detection',
        trust: 'verified',
        organization_id: organization,
        kid: 'nLkqWQ',
        jti: 'jti of a',
        is_jti_reused: 0,
        signing_hash: checked.token?.signingInputHash,
        issued_at: start + 5000,
        expires_at: start + 305_000,
        trigger_name: 'threat_detection',
      }),
    ])
  })

  test('says why a verified delivery cannot be read, and keeps it', () => {
    const { keeper, all } = testDeliveries()
    keepOne(keeper, delivery(believed({ kind: 'unreadable', because: 'it has no id' })))
    expect(all('SELECT state, reason, trust FROM deliveries')).toEqual([{ state: 'unreadable', reason: 'it has no id', trust: 'verified' }])
  })

  test('keeps an unsigned delivery once, without a key', () => {
    const { keeper, all } = testDeliveries()
    const one = unsigned(content(), { issued: 9 })
    expect(kinds(keeper.keep([one, one]))).toEqual(['kept', 'duplicate'])
    expect(all('SELECT organization_id, kid, jti, expires_at, issued_at, trust FROM deliveries')).toEqual([
      { organization_id: 'org-1', kid: null, jti: null, expires_at: null, issued_at: start + 9000, trust: 'unsigned' },
    ])
  })

  test('holds no more than 256 characters of what a stranger calls himself', () => {
    const { keeper, all } = testDeliveries()
    const long = 'x'.repeat(10_000)
    keepOne(keeper, delivery(refused, { jti: long, organization: long as OrganizationId }))
    keepOne(keeper, trusted(content(), { jti: long }))
    expect(all('SELECT length(jti) AS jti, length(organization_id) AS org FROM deliveries')).toEqual([
      { jti: 256, org: 256 },
      { jti: 10_000, org: 5 },
    ])
  })

  test('of nothing does nothing', () => {
    const { keeper, deliveries } = testDeliveries()
    expect(keeper.keep([])).toEqual([])
    expect(keeper.settle([])).toEqual([])
    expect(deliveries.head()).toEqual(deliveries.genesis())
  })
})

describe('a duplicate', () => {
  test('is the same organization and signing input, in the same batch or long after, and changes nothing', () => {
    const { keeper, deliveries, all } = testDeliveries()
    const first = () => trusted(content(), { signed: 'same' })
    expect(kinds(keeper.keep([first(), first(), trusted(content(), { signed: 'other' })]))).toEqual(['kept', 'duplicate', 'kept'])
    const before = all('SELECT * FROM detections')
    expect(kinds(keeper.keep([trusted(content({ status: 'resolved' }), { signed: 'same' })]))).toEqual(['duplicate'])
    expect(all('SELECT * FROM detections')).toEqual(before)
    expect(deliveries.head().sequence).toBe(2)
  })

  test('is not the same signing input of another organization', () => {
    const { keeper } = testDeliveries()
    const other = trusted(content(), { signed: 'same', organization: 'org-2' as OrganizationId })
    expect(kinds(keeper.keep([trusted(content(), { signed: 'same' }), other]))).toEqual(['kept', 'kept'])
  })

  test('may be the very same body while its keys are missing', () => {
    const { keeper } = testDeliveries()
    expect(kinds(keeper.keep([delivery(waiting, { signed: 'same' }), delivery(waiting, { signed: 'same' })]))).toEqual([
      'kept',
      'duplicate',
    ])
    expect(kinds(keeper.keep([delivery(waiting, { signed: 'same' })]))).toEqual(['duplicate'])
  })

  test('is never one of a delivery that waits with another body: its signature is unchecked, so it claims nothing', () => {
    const { keeper } = testDeliveries()
    const garbage = delivery(waiting, { signed: 'same', padding: 1 })
    expect(kinds(keeper.keep([garbage, delivery(waiting, { signed: 'same' }), trusted(content(), { signed: 'same' })]))).toEqual([
      'kept',
      'kept',
      'kept',
    ])
    expect(kinds(keeper.keep([delivery(waiting, { signed: 'same', padding: 2 })])), 'once it was believed').toEqual(['duplicate'])
  })

  test('is never one of a refused delivery, so that a forgery keeps nobody out', () => {
    const { keeper } = testDeliveries()
    const forged = () => delivery(refused, { signed: 'same' })
    expect(kinds(keeper.keep([forged(), forged(), trusted(content(), { signed: 'same' }), forged()]))).toEqual([
      'kept',
      'kept',
      'kept',
      'kept',
    ])
  })
})

describe('a jti used again', () => {
  const marks = (all: <T>(sql: string) => T[]) =>
    all<{ is_jti_reused: number }>('SELECT is_jti_reused FROM deliveries').map((one) => one.is_jti_reused)

  test('with another signing input is kept and marked', () => {
    const { keeper, all } = testDeliveries()
    keeper.keep([
      trusted(content(), { jti: 'j' }),
      trusted(content(), { jti: 'j' }),
      trusted(content(), { jti: 'k' }),
      trusted(content(), { jti: null }),
    ])
    expect(marks(all)).toEqual([0, 1, 0, 0])
  })

  test('by someone who is not believed marks nobody', () => {
    const { keeper, all } = testDeliveries()
    keeper.keep([delivery(refused, { jti: 'j' }), delivery(waiting, { jti: 'j' }), trusted(content(), { jti: 'j' })])
    expect(marks(all)).toEqual([0, 0, 0])
  })

  test('is marked when the waiting delivery that used it is believed', () => {
    const { keeper, all } = testDeliveries()
    const held = delivery(waiting, { jti: 'j' })
    const { sequence } = keepOne(keeper, held)
    keepOne(keeper, trusted(content(), { jti: 'j' }))
    keeper.settle([{ sequence, checked: { ...held, standing: believed({ kind: 'detection', detection: content() }) } }])
    expect(marks(all)).toEqual([1, 0])
  })
})

describe('a commit that fails', () => {
  test('leaves nothing of its batch, and no hole', () => {
    const { keeper, deliveries, all } = testDeliveries()
    keepOne(keeper, trusted(content({ id: 'before' })))
    const unstorable = trusted(content({ id: 'bad', confidence: 'much' as unknown as number }))
    expect(() => keeper.keep([trusted(content({ id: 'good' })), unstorable])).toThrow()
    expect(all('SELECT id FROM detections')).toEqual([{ id: 'before' }])
    expect(keepOne(keeper, trusted(content({ id: 'after' }))).sequence).toBe(2)
    expect(walk(deliveries)).toMatchObject({ checked: 2, broken: 0 })
    expect(all("SELECT count FROM tally WHERE name = 'detections'")).toEqual([{ count: 2 }])
  })

  test('for want of disk throws, and the next one succeeds by itself once there is room', () => {
    const { db, keeper, deliveries, all } = testDeliveries()
    const big = (id: string) => trusted(content({ id }), { padding: 100_000 })
    keepOne(keeper, big('first'))
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 30}`)
    expect(() => keeper.keep([big('second'), big('third'), trusted(content({ id: 'small' }))])).toThrow(/full/)
    expect(db.inTransaction).toBe(false)
    expect(all('SELECT id FROM detections')).toEqual([{ id: 'first' }])
    expect(all('SELECT sequence FROM deliveries')).toEqual([{ sequence: 1 }])

    db.pragma('max_page_count = 1000000')
    expect(keeper.keep([big('second'), big('third')]).map((one) => one.kind === 'kept' && one.sequence)).toEqual([2, 3])
    expect(walk(deliveries)).toMatchObject({ checked: 3, broken: 0 })
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  })

  test('cannot come of another process writing between: the lock is taken before anything is read', () => {
    const { file, db, quarantine } = testDeliveries()
    const other = new Sqlite(file, { timeout: 0 })
    onTestFinished(() => void other.close())
    const intrude = () => other.exec("INSERT INTO settings VALUES ('settings.theme', '1')")
    const watched = {
      ...quarantine,
      room() {
        expect(intrude).toThrow(/locked/)
        return quarantine.room()
      },
    }
    const { keeper } = createDeliveries(db, createPresent(db, contentOf), watched, createDriftLog(db), createTextIndex(db))
    expect(keepOne(keeper, trusted(content())).sequence).toBe(1)
    expect(intrude).not.toThrow()
  })

  test('because another process is writing throws, and what that one kept is counted in', () => {
    const { file, db, keeper, deliveries } = testDeliveries()
    db.pragma('busy_timeout = 50')
    keepOne(keeper, trusted(content()))
    const other = new Sqlite(file)
    onTestFinished(() => void other.close())
    other.exec('BEGIN IMMEDIATE')
    expect(() => keeper.keep([trusted(content())])).toThrow(/locked/)
    other.exec('ROLLBACK')

    const elsewhere = createDeliveries(
      other,
      createPresent(other, contentOf),
      createQuarantine(other, () => start),
      createDriftLog(other),
      createTextIndex(other),
    )
    expect(keepOne(elsewhere.keeper, trusted(content())).sequence).toBe(2)
    expect(keepOne(keeper, trusted(content())).sequence).toBe(3)
    expect(walk(deliveries)).toMatchObject({ checked: 3, broken: 0 })
  })
})

describe('the chain of what was kept', () => {
  test('holds, over tombstones and settled deliveries too', () => {
    const { keeper, deliveries } = testDeliveries({ refused: rows(2), waiting: rows(10) })
    const held = delivery(waiting)
    const { sequence } = keepOne(keeper, held)
    for (let index = 0; index < 5; index += 1) keepOne(keeper, delivery(refused))
    keeper.settle([{ sequence, checked: { ...held, standing: believed({ kind: 'detection', detection: content() }) } }])
    keepOne(keeper, trusted(content()))
    expect(walk(deliveries)).toMatchObject({ checked: 7, removed: 3, broken: 0, head: deliveries.head() })
  })

  test('holds over a released delivery that turned out to be a duplicate, which becomes a tombstone and changes nothing', () => {
    const { keeper, deliveries, all } = testDeliveries()
    const held = [0, 1].map((padding) => delivery(waiting, { signed: 'same', padding }))
    const sequences = held.map((one) => keepOne(keeper, one).sequence)
    const good = (checked: Checked) => ({ ...checked, standing: believed({ kind: 'detection', detection: content() }) })
    const changes = keeper.settle(held.map((one, index) => ({ sequence: sequences[index]!, checked: good(one) })))
    expect(changes.map((change) => change !== null)).toEqual([true, false])
    expect(all('SELECT state, trust, removed_because FROM deliveries')).toEqual([
      { state: 'detection', trust: 'verified', removed_because: null },
      { state: 'removed', trust: null, removed_because: 'duplicate' },
    ])
    expect(walk(deliveries)).toMatchObject({ checked: 2, removed: 1, broken: 0 })
  })

  test.each([
    ['a body', 'UPDATE deliveries SET body = zeroblob(size) WHERE sequence = 2', 'content-changed', 2],
    ['a time', 'UPDATE deliveries SET received_at = received_at + 1 WHERE sequence = 2', 'content-changed', 2],
    ['headers', "UPDATE deliveries SET headers = '{}' WHERE sequence = 2", 'content-changed', 2],
    ['a missing row', 'DELETE FROM deliveries WHERE sequence = 2', 'gap', 3],
    ['another identity', "UPDATE identity SET id = 'another'", 'link-changed', 1],
  ])('shows %s that somebody changed', (_, damage, because, sequence) => {
    const { db, keeper, deliveries } = testDeliveries()
    keeper.keep([delivery(refused), delivery(refused), delivery(refused)])
    expect(walk(deliveries).broken).toBe(0)
    db.exec(damage)
    expect(walk(deliveries).breaks[0]).toEqual({ sequence, because })
  })
})
