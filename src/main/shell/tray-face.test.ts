import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Health } from '../../shared/health.ts'
import { trayFace } from './tray-face.ts'

const listening: Health = {
  receiver: { kind: 'listening', port: 4000 },
  storage: { kind: 'ok' },
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
    ['the port is taken', { ...listening, receiver: { kind: 'port-taken', port: 4000, detail: 'x' } }, 'Tocsin: not listening'],
    ['the receiver stopped', { ...listening, receiver: { kind: 'stopped' } }, 'Tocsin: not listening'],
    [
      'nothing can be kept',
      { ...listening, storage: { kind: 'failing', since: '2025-03-01T00:00:00.000Z' as Instant, detail: 'x' } },
      'Tocsin: trouble',
    ],
  ])('takes the other shape when %s', (_when, health, tooltip) => {
    expect(trayFace(health, 0)).toMatchObject({ image: 'trouble', tooltip })
  })

  test('is calm while it starts', () => {
    expect(trayFace({ ...listening, receiver: { kind: 'starting' } }, 0).image).toBe('listening')
  })
})
