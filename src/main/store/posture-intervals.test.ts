import { describe, expect, test } from 'vitest'
import { at, content, organization, testStore, trusted, unsigned } from './test-support.ts'

describe('the posture of an entity', () => {
  const store = () => {
    const made = testStore()
    const say = (id: string, status: string, issued: number, by = trusted) =>
      made.keeper.keep([by(content({ id, kind: 'posture', type: 'MissingMFA', entityId: 'anna', status, detectedAt: at(10) }), { issued })])
    say('one', 'ongoing', 20)
    say('one', 'resolved', 50)
    say('one', 'resolved', 60)
    say('one', 'ongoing', 80, unsigned)
    say('one', 'ongoing', 90)
    say('one', 'ongoing', 95)
    say('two', 'resolved', 40)
    say('two', 'ongoing', 30)
    made.keeper.keep([
      trusted(content({ id: 'threat', entityId: 'anna' })),
      trusted(content({ id: 'other', kind: 'posture', entityId: 'ANNA' })),
    ])
    return made
  }

  test('was open from when it was detected until it was resolved, and again', () => {
    const answer = store().overview.postureIntervals({ entityId: 'anna' })
    expect(answer.isExact).toBe(true)
    expect(answer.detections).toEqual([
      {
        key: { organizationId: organization, id: 'one' },
        type: 'MissingMFA',
        status: 'ongoing',
        intervals: [
          { from: at(10), to: at(50) },
          { from: at(90), to: null },
        ],
      },
      {
        key: { organizationId: organization, id: 'two' },
        type: 'MissingMFA',
        status: 'resolved',
        intervals: [{ from: at(10), to: at(40) }],
      },
    ])
  })

  test('is of one organization where that is asked', () => {
    expect(store().overview.postureIntervals({ entityId: 'anna', organizationId: 'org-2' as typeof organization }).detections).toEqual([])
    expect(store().overview.postureIntervals({ entityId: 'anna', organizationId: organization }).detections).toHaveLength(2)
  })
})
