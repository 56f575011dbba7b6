import { describe, expect, test } from 'vitest'
import type { Instant } from '../../../shared/detection.ts'
import type { TunnelSetUp } from '../../../shared/inlets.ts'
import { toTunnelFields, toTunnelSetUp, tunnelChoices, tunnelWords } from './tunnel-words.ts'

const setUps: readonly TunnelSetUp[] = [
  { kind: 'cloudflared' },
  { kind: 'ngrok', domain: null },
  { kind: 'ngrok', domain: 'example.ngrok.app' },
  { kind: 'tailscale' },
  { kind: 'ssh', destination: 'me@host', remotePort: 8080, origin: 'https://host.test' },
  { kind: 'command', command: ['bore', 'local', '{port}', '--note', 'two words'], origin: null },
]

test('every set-up survives being typed', () => {
  for (const setUp of setUps) expect(toTunnelSetUp(toTunnelFields(setUp, null))).toEqual(setUp)
  expect(new Set(setUps.map(({ kind }) => kind)).size).toBe(tunnelChoices.length - 1)
})

test('one that the user runs is none of ours, and keeps its origin', () => {
  const fields = toTunnelFields(null, 'https://example.ngrok.app')
  expect([fields.choice, fields.publicOrigin, toTunnelSetUp(fields)]).toEqual(['own', 'https://example.ngrok.app', null])
})

describe('how it stands', () => {
  const at = '2031-05-17T00:00:00.000Z' as Instant

  test('names the program that is missing, and says what main says of it', () => {
    expect(tunnelWords({ kind: 'missing', program: 'ngrok', detail: 'Install it.' }, () => '')).toEqual({
      icon: 'alert',
      word: 'ngrok is missing',
      detail: 'Install it.',
      isBad: true,
    })
  })

  test('says where it leads, when it is tried again, and that it is not', () => {
    expect(tunnelWords({ kind: 'running', origin: 'https://x.test', since: at }, () => '3 min').detail).toBe(
      'It leads https://x.test here, for 3 min.',
    )
    expect(tunnelWords({ kind: 'waiting', detail: 'It ended.', retryAt: at }, () => 'in 4 s').detail).toBe('It ended. Next try in 4 s.')
    expect(tunnelWords({ kind: 'given-up', detail: 'It ended ten times.' }, () => '').word).toBe('Given up')
  })
})
