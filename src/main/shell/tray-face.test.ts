import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Health, WayHealth } from '../../shared/health.ts'
import type { InletId } from '../../shared/inlets.ts'
import { trayFace } from './tray-face.ts'

const live: WayHealth = { id: 'receiver' as InletId, name: 'Receiver', state: 'live', because: null }
const relayDown: WayHealth = { id: 'relay:abcd1234' as InletId, name: 'Relay', state: 'down', because: 'relay-down' }
const listening: Health = {
  ways: [live],
  receiver: { kind: 'listening', port: 4000 },
  storage: { kind: 'ok' },
  integrity: { kind: 'ok' },
  backups: { kind: 'ok', newestAt: null },
  retention: { kind: 'idle' },
  proof: { kind: 'ok' },
  counters: { received: 0, kept: 0, duplicate: 0, quarantined: 0, otherTrigger: 0, unreadable: 0, failed: 0, refused: {}, turnedAway: 0 },
  lastDeliveryAt: null,
  waiting: 0,
}

describe('the face of the tray', () => {
  test('says that it listens, and how many are unread', () => {
    expect(trayFace(listening, 0)).toEqual({ image: 'listening', status: 'Listening', tooltip: 'Tocsin: listening' })
    expect(trayFace(listening, 3)).toEqual({ image: 'listening', status: 'Listening, 3 unread', tooltip: 'Tocsin: listening, 3 unread' })
  })

  test.each<[string, Health, string]>([
    ['every way in is down', { ...listening, ways: [relayDown] }, 'Tocsin: not listening'],
    ['one of two ways in is down', { ...listening, ways: [live, relayDown] }, 'Tocsin: partly listening'],
    [
      'nothing can be kept',
      { ...listening, storage: { kind: 'failing', since: '2025-03-01T00:00:00.000Z' as Instant, detail: 'x' } },
      'Tocsin: trouble',
    ],
  ])('takes the other shape when %s', (_when, health, tooltip) => {
    expect(trayFace(health, 0)).toMatchObject({ image: 'trouble', tooltip })
  })

  test('is calm while it starts', () => {
    expect(trayFace({ ...listening, ways: [{ ...live, state: 'connecting' }] }, 0).image).toBe('listening')
  })
})
