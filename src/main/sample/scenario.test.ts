import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/detection.ts'
import { scenario, type SampleDelivery } from './scenario.ts'

const startAt = Date.UTC(2025, 5, 15, 12, 34, 56)
const take = (count: number, seed = 'seed', from = startAt): SampleDelivery[] => [...scenario({ seed, count, startAt: from })]
const content = (delivery: SampleDelivery): JsonObject => delivery.claims['trigger_content'] as JsonObject
const idsOf = (deliveries: readonly SampleDelivery[]): Set<string> => new Set(deliveries.map((delivery) => delivery.detectionId))

describe('a scenario', () => {
  test('is the same for the same seed and start, and another one for another seed', () => {
    expect(take(200)).toEqual(take(200))
    const other = idsOf(take(200, 'other'))
    expect([...idsOf(take(200))].filter((id) => other.has(id))).toEqual([])
  })

  test('run again with its seed brings new deliveries of the same detections, which have not moved', () => {
    const [first, again] = [take(100), take(100, 'seed', startAt + 60_000)]
    expect(idsOf(again)).toEqual(idsOf(first))
    const jtis = new Set([...first, ...again].map((delivery) => delivery.claims['jti']))
    expect(jtis.size).toBe(200)
    expect(again.map((delivery) => content(delivery)['timestamp'])).toEqual(first.map((delivery) => content(delivery)['timestamp']))
  })

  test.each([1, 2, 3, 5, 20, 500])('of %i deliveries has at least 60 % distinct detections', (count) => {
    expect(take(count)).toHaveLength(count)
    expect(idsOf(take(count)).size).toBeGreaterThanOrEqual(count * 0.6)
  })

  test('signs nothing but what SlashID would: claims, ids, times and lifetimes in its forms', () => {
    for (const { claims, detectionId } of take(300)) {
      const details = claims['trigger_content'] as JsonObject
      expect(claims).toMatchObject({ iss: 'https://demo.tocsin.invalid', aud: 'tocsin-demo-organization', trigger_type: 'sync_hook' })
      expect(claims['iat']).toBe(Math.floor(startAt / 1000))
      expect(claims['exp']).toBe(Math.floor(startAt / 1000) + 300)
      expect(claims['jti']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(claims['trigger_name']).toBe(`${String(details['detection_risk_category'])}_detection`)
      expect(details['id']).toBe(detectionId)
      expect(details['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/)
      const age = startAt - Date.parse(String(details['timestamp']))
      expect(age).toBeGreaterThan(0)
      expect(age).toBeLessThan(15 * 24 * 3_600_000)
      const confidence = details['confidence_score'] ?? 0
      expect(confidence).toBeGreaterThanOrEqual(0)
      expect(confidence).toBeLessThanOrEqual(1)
    }
  })

  test('names no type but the documented ones and those that say they are made up', () => {
    const documented = ['CredentialStuffingAttempt', 'MislabeledNHI', 'FederationBypass', 'MissingMFA']
    const types = new Set(take(500).map((delivery) => String(content(delivery)['type'])))
    for (const type of documented) expect(types).toContain(type)
    for (const type of types) expect(documented.includes(type) || type.startsWith('Demo')).toBe(true)
  })

  test('varies: both kinds, all statuses, many platforms, and about a third are changes', () => {
    const deliveries = take(600)
    const values = (field: string): Set<unknown> => new Set(deliveries.map((delivery) => content(delivery)[field]))
    expect(values('detection_risk_category')).toEqual(new Set(['threat', 'posture']))
    expect(values('status')).toEqual(new Set(['detected', 'ongoing', 'resolved']))
    expect(values('source_type').size).toBeGreaterThanOrEqual(8)
    expect(values('entity_type').size).toBeGreaterThanOrEqual(8)
    expect(600 - idsOf(deliveries).size).toBeGreaterThan(150)
  })

  test('resolves only what was ongoing, and never changes what is resolved', () => {
    const last = new Map<string, unknown>()
    for (const delivery of take(600)) {
      const [before, now] = [last.get(delivery.detectionId), content(delivery)['status']]
      expect([undefined, 'ongoing', 'detected']).toContain(before)
      if (now === 'resolved') expect(before).toBe('ongoing')
      last.set(delivery.detectionId, now)
    }
  })

  test('is issued when it is drawn, so that a slow run does not expire', () => {
    let now = startAt
    const deliveries = scenario({ seed: 'seed', count: 2, startAt, now: () => now })
    expect(deliveries.next().value?.claims['iat']).toBe(Math.floor(startAt / 1000))
    now += 3_600_000
    expect(deliveries.next().value?.claims['iat']).toBe(Math.floor(startAt / 1000) + 3600)
  })
})
