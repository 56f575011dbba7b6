import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Health, WayHealth } from '../../shared/health.ts'
import { healthOf, liveReceiver } from '../../shared/health-test-support.ts'
import type { InletId } from '../../shared/inlets.ts'
import type { DetectionId, Detection, OrganizationId } from '../../shared/detection.ts'
import { isSameFace, trayFace, type TrayShows } from './tray-face.ts'

const relayDown: WayHealth = { id: 'relay:abcd1234' as InletId, name: 'Relay', state: 'down', because: 'relay-down' }
const listening = healthOf()

const shows = (changes: Partial<TrayShows> = {}): TrayShows => ({
  health: listening,
  unread: 0,
  muted: null,
  newest: [],
  isHidden: false,
  ...changes,
})
const now = new Date(2026, 2, 1, 12).getTime()
const faceOf = (changes: Partial<TrayShows> = {}) => trayFace(shows(changes), now)

describe('the face of the tray', () => {
  test('says that it listens, and how many are unread', () => {
    expect(faceOf()).toEqual({ image: 'listening', status: 'Listening', tooltip: 'Tocsin: listening', newest: [], isMuted: false })
    expect(faceOf({ unread: 3 })).toMatchObject({
      image: 'listening-unread',
      status: 'Listening, 3 unread',
      tooltip: 'Tocsin: listening, 3 unread',
    })
  })

  test.each<[string, Health, string]>([
    ['every way in is down', { ...listening, ways: [relayDown] }, 'Tocsin: not listening'],
    ['one of two ways in is down', { ...listening, ways: [liveReceiver, relayDown] }, 'Tocsin: partly listening'],
    [
      'nothing can be kept',
      { ...listening, storage: { kind: 'failing', since: '2025-03-01T00:00:00.000Z' as Instant, detail: 'x' } },
      'Tocsin: trouble',
    ],
    [
      'notifications do not reach the desktop',
      { ...listening, desktop: { kind: 'silent', since: '2025-03-01T00:00:00.000Z' as Instant, detail: 'x' } },
      'Tocsin: listening, notifications do not reach this desktop',
    ],
  ])('takes the other shape when %s', (_when, health, tooltip) => {
    expect(faceOf({ health })).toMatchObject({ image: 'trouble', tooltip })
    expect(faceOf({ health, unread: 1, muted: { until: null } }).image).toBe('trouble-unread')
  })

  test('is calm while it starts', () => {
    expect(faceOf({ health: { ...listening, ways: [{ ...liveReceiver, state: 'connecting' }] } }).image).toBe('listening')
  })

  test('says that it is muted and until when, by a shape of its own', () => {
    const until = new Date(2026, 2, 1, 15, 4).toISOString() as Instant
    expect(faceOf({ muted: { until } })).toMatchObject({
      image: 'muted',
      tooltip: 'Tocsin: listening, muted until 15:04',
      isMuted: true,
    })
    const nextWeek = new Date(2026, 2, 8, 15, 4).toISOString() as Instant
    expect(faceOf({ muted: { until: nextWeek } }).tooltip).toBe('Tocsin: listening, muted until 2026-03-08 15:04')
    expect(faceOf({ muted: { until: null }, unread: 2 })).toMatchObject({
      image: 'muted-unread',
      status: 'Listening, muted, 2 unread',
    })
  })

  test('names the newest, however hostile their text is, and says first what nobody signed', () => {
    const one = {
      organizationId: 'o' as OrganizationId,
      id: 'd' as DetectionId,
      trust: 'verified',
      entityId: null,
      type: 'MissingMFA',
    } as Detection
    const { newest } = faceOf({
      newest: [
        one,
        { ...one, trust: 'unsigned', type: 'a\u202eb\nc', entityId: 'x'.repeat(500) },
        { ...one, entityId: '00u1', demo: true },
      ],
    })
    expect(newest.map(({ label }) => label)).toEqual([
      'MissingMFA',
      `Unsigned: a\u{fffd}b c · ${'x'.repeat(51)}…`,
      'Demo: MissingMFA · 00u1',
    ])
    expect(newest[0]?.key).toEqual({ organizationId: 'o', id: 'd' })
  })

  test('names nothing that a sender chose where content is hidden', () => {
    const at = (month: number, day: number) => new Date(2026, month, day, 9, 4).toISOString() as Instant
    const one = { kind: 'threat', trust: 'verified', demo: false, type: 'MissingMFA', entityId: '00u1', changedAt: at(2, 1) } as Detection
    const { newest } = faceOf({
      isHidden: true,
      newest: [one, { ...one, kind: 'posture', trust: 'unsigned', changedAt: at(1, 28) }],
    })
    expect(newest.map(({ label }) => label)).toEqual(['Threat, 09:04', 'Unsigned: Posture issue, 2026-02-28 09:04'])
  })

  test('is painted anew only where it is another', () => {
    expect(isSameFace(faceOf(), faceOf({ health: { ...listening, waiting: 0 } }))).toBe(true)
    expect(isSameFace(faceOf(), faceOf({ unread: 1 }))).toBe(false)
  })
})
