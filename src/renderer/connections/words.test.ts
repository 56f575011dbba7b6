import { describe, expect, test } from 'vitest'
import type { Counters } from '../../shared/health.ts'
import { driftKinds } from '../../shared/drift.ts'
import type { Looked } from '../../shared/quarantine.ts'
import { refusals, waits } from '../../shared/trust.ts'
import { countWords, driftWords, lookedWords, reasonWords, receiverWords, removedWords, targetUrl, toCounterRows } from './words.ts'

const none: Counters = {
  received: 0,
  kept: 0,
  duplicate: 0,
  quarantined: 0,
  otherTrigger: 0,
  unreadable: 0,
  failed: 0,
  refused: {},
  turnedAway: 0,
}

describe('the address for SlashID', () => {
  test('is the public origin with the path of the receiver', () => {
    expect(targetUrl('https://example.ngrok.app', 'http://127.0.0.1:4711/in/s3cret')).toBe('https://example.ngrok.app/in/s3cret')
  })

  test('is not there before both parts are, or when one cannot be read', () => {
    expect(targetUrl(null, 'http://127.0.0.1:4711/in/s3cret')).toBeNull()
    expect(targetUrl('https://example.ngrok.app', null)).toBeNull()
    expect(targetUrl('not an origin', 'http://127.0.0.1:4711/in/s3cret')).toBeNull()
  })
})

describe('counters', () => {
  test('sum the refusals and give each reason, the largest first', () => {
    const rows = toCounterRows({ ...none, refused: { expired: 2, 'signature-invalid': 5, 'not-a-token': 0 } })
    expect(rows.find((row) => row.label === 'Refused')?.count).toBe(7)
    expect(rows.filter((row) => row.isPart).map((row) => [row.label, row.count])).toEqual([
      ['The signature is wrong', 5],
      ['Expired before it came', 2],
    ])
  })

  test('name no reason where nothing was refused', () => {
    expect(toCounterRows(none).some((row) => row.isPart)).toBe(false)
  })
})

describe('quarantine', () => {
  const looked = (keys: Looked['keys'], released = 0, refused = 0, waiting = 0) =>
    lookedWords({ keys, released, refused, waiting }, () => '14:02:11')

  test('has words of its own for every reason', () => {
    const words = [
      ...waits.map((because) => reasonWords({ kind: 'waiting', because })),
      ...refusals.map((because) => reasonWords({ kind: 'refused', because })),
    ]
    expect(new Set(words).size).toBe(waits.length + refusals.length)
    expect(words.every((text) => /^[A-Z]/.test(text))).toBe(true)
  })

  test('says what a look came to', () => {
    expect(looked({ kind: 'fetched' }, 2, 1)).toBe(
      'The issuer answered with its keys. Now: 2 released onto the timeline, 1 refused, none waits any more.',
    )
    expect(looked({ kind: 'failed', detail: 'It answered 503.' }, 0, 0, 1)).toBe('It answered 503. Nothing is lost. Now: 1 still waits.')
    expect(looked({ kind: 'later', at: '2031-05-17T14:02:11.000Z' as never }, 0, 0, 3)).toMatch(
      /asked again at 14:02:11\. Now: 3 still wait\./,
    )
  })

  test('says what went, and that it left a tombstone', () => {
    expect(removedWords({ waiting: 0, refused: 0, crowdedOut: 1_200, discarded: 3 })).toBe(
      '1,200 older refused made room for newer ones, 3 discarded by you; a tombstone of each stays in the history',
    )
  })
})

test('every kind of drift has words', () => {
  expect(new Set(driftKinds.map((kind) => driftWords[kind])).size).toBe(driftKinds.length)
})

test('an organization says what it has, and the unread up to a bound', () => {
  expect(countWords({ detections: 1, unread: 0 })).toBe('1 detection, 0 unread')
  expect(countWords({ detections: 90_000, unread: 10_000 })).toBe('90,000 detections, 10,000+ unread')
})

test('a taken port is said with its number', () => {
  expect(receiverWords({ kind: 'port-taken', port: 4711, detail: 'Another program has it.' })).toEqual({
    title: 'Not listening: port 4711 is taken',
    detail: 'Another program has it.',
  })
})
