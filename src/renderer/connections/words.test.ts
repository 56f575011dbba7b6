import { describe, expect, test } from 'vitest'
import type { Counters } from '../../shared/health.ts'
import { mask, receiverWords, targetUrl, toCounterRows } from './words.ts'

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

  test('does not show its secret unless asked', () => {
    expect(mask('https://example.ngrok.app/in/s3cret')).toBe('https://example.ngrok.app/in/••••••••••••')
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

test('a taken port is said with its number', () => {
  expect(receiverWords({ kind: 'port-taken', port: 4711, detail: 'Another program has it.' })).toEqual({
    title: 'Not listening: port 4711 is taken',
    detail: 'Another program has it.',
  })
})
