import { describe, expect, it } from 'vitest'
import { publicHosts, readSettings } from './public-origin.ts'

describe('the public address', () => {
  it.each([
    ['https://example.ngrok.app', 'https://example.ngrok.app'],
    ['  https://Example.ngrok.app/ ', 'https://example.ngrok.app'],
    ['https://tunnel.example.com:8443', 'https://tunnel.example.com:8443'],
  ])('%s is kept as %s', (typed, kept) => {
    expect(readSettings({ publicOrigin: typed })).toEqual({ kind: 'read', changes: { publicOrigin: kept } })
  })

  it.each([
    'example.ngrok.app',
    'http://example.ngrok.app',
    'https://user:pass@example.com',
    'https://example.com/in/abc',
    'https://example.com/?x=1',
    'https://example.com/#x',
    'https://localhost',
    'https://127.0.0.1',
    'https://[::1]:8443',
    'javascript:alert(1)',
    '',
  ])('%s is refused in words', (typed) => {
    const read = readSettings({ publicOrigin: typed })
    expect(read.kind === 'refused' && read.detail).toMatch(/Nothing was changed\.$/)
  })

  it('can be taken away again', () => {
    expect(readSettings({ publicOrigin: null })).toEqual({ kind: 'read', changes: { publicOrigin: null } })
  })

  it('names the hosts besides loopback that the receiver answers to: of tunnels, and of what is registered with its own path', () => {
    expect(publicHosts([null])).toEqual([])
    const origins = ['https://tunnel.example.com:8443', null, 'https://now.trycloudflare.com']
    const registered = [
      'https://before.trycloudflare.com/in/secret',
      'https://relay.example.com/in/other',
      'https://now.trycloudflare.com/in/secret',
    ]
    expect(publicHosts(origins, registered, 'http://127.0.0.1:4711/in/secret')).toEqual([
      'tunnel.example.com:8443',
      'now.trycloudflare.com',
      'before.trycloudflare.com',
    ])
    expect(publicHosts(origins, registered, null)).toEqual(['tunnel.example.com:8443', 'now.trycloudflare.com'])
  })
})
