import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { kindOf, type InletDraft } from '../../shared/inlets.ts'
import { createInletId, readInlet } from './inlet-setup.ts'

type Draft = InletDraft['draft']
const relay: Draft = { kind: 'relay', name: 'R', address: null, url: 'https://relay.example.org' }
const jetstream: Extract<Draft, { kind: 'jetstream' }> = {
  kind: 'jetstream',
  name: 'N',
  address: null,
  url: 'tls://nats.example.org:4222',
  stream: 'TOCSIN',
  consumer: 'tocsin-1',
  login: { kind: 'token' },
  caFile: null,
}
const gosmee: Draft = { kind: 'gosmee', name: 'G', address: null, url: 'https://gosmee.example.org/AbCdEf012345', isProtected: false }
const smee: Draft = { kind: 'smee', name: 'S', address: null, url: 'https://smee.io/a1B2c3D4e5F6g7H8' }
const read = (draft: Draft) => readInlet({ id: null, draft, secret: null })

test.each<[Draft, object]>([
  [relay, { name: 'R', url: 'https://relay.example.org', address: null }],
  [
    { ...relay, name: '  R  ', url: ' https://Relay.Example.org/ ' },
    { name: 'R', url: 'https://relay.example.org' },
  ],
  [{ ...relay, url: 'http://127.0.0.1:8787' }, { url: 'http://127.0.0.1:8787' }],
  [{ ...relay, url: 'http://[::1]:8787' }, { url: 'http://[::1]:8787' }],
  [{ ...relay, address: ' https://relay.example.org/in/abc ' }, { address: 'https://relay.example.org/in/abc' }],
  [{ ...relay, address: 'http://127.0.0.1:8787/in/abc' }, { address: 'http://127.0.0.1:8787/in/abc' }],
  [{ ...relay, address: '  ' }, { address: null }],
  [jetstream, { url: 'tls://nats.example.org:4222', caFile: null }],
  [{ ...jetstream, url: 'nats://nats.example.org' }, { url: 'tls://nats.example.org:4222' }],
  [
    { ...jetstream, url: 'nats://127.0.0.1:4300', login: { kind: 'none' } },
    { url: 'nats://127.0.0.1:4300', login: { kind: 'none' } },
  ],
  [
    { ...jetstream, url: 'nats://[::1]', caFile: '/home/me/ca.pem' },
    { url: 'tls://[::1]:4222', caFile: '/home/me/ca.pem' },
  ],
  [gosmee, { url: 'https://gosmee.example.org/AbCdEf012345', isProtected: false }],
  [smee, { url: 'https://smee.io/a1B2c3D4e5F6g7H8' }],
])('%j is kept', (draft, kept) => {
  expect(read(draft)).toMatchObject({ kind: 'read', setUp: kept })
})

test.each<[string, Draft]>([
  ['no name', { ...relay, name: ' ' }],
  ['a long name', { ...relay, name: 'x'.repeat(101) }],
  ['a name that turns the text around', { ...relay, name: 'a\u202eb' }],
  ['a relay over plain http', { ...relay, url: 'http://relay.example.org' }],
  ['a relay at a name for loopback', { ...relay, url: 'http://localhost:8787' }],
  ['a relay with a path', { ...relay, url: 'https://relay.example.org/mailbox' }],
  ['a relay with a query', { ...relay, url: 'https://relay.example.org/?token=x' }],
  ['a relay with a user', { ...relay, url: 'https://me:pass@relay.example.org' }],
  ['a relay of another scheme', { ...relay, url: 'wss://relay.example.org' }],
  ['a file', { ...relay, url: 'file:///etc/passwd' }],
  ['an address without a path', { ...relay, address: 'https://relay.example.org/' }],
  ['an address with a query', { ...relay, address: 'https://relay.example.org/in/abc?x=1' }],
  ['an address with a fragment', { ...relay, address: 'https://relay.example.org/in/abc#x' }],
  ['an address over plain http', { ...relay, address: 'http://relay.example.org/in/abc' }],
  ['an IP address', { ...relay, address: 'https://192.0.2.1/in/abc' }],
  ['localhost', { ...relay, address: 'https://localhost/in/abc' }],
  ['a NATS server elsewhere that knows nobody', { ...jetstream, login: { kind: 'none' } }],
  ['a NATS server with a user in its address', { ...jetstream, url: 'tls://me:pass@nats.example.org' }],
  ['a NATS server over a websocket', { ...jetstream, url: 'wss://nats.example.org' }],
  ['a NATS server with a path', { ...jetstream, url: 'tls://nats.example.org/x' }],
  ['two NATS servers', { ...jetstream, url: 'tls://a.example.org,tls://b.example.org' }],
  ['a stream with a dot', { ...jetstream, stream: 'a.b' }],
  ['a consumer that is a wildcard', { ...jetstream, consumer: '*' }],
  ['a long consumer', { ...jetstream, consumer: 'x'.repeat(65) }],
  ['no user', { ...jetstream, login: { kind: 'password', user: '' } }],
  ['a relative file', { ...jetstream, caFile: 'ca.pem' }],
  ['a short gosmee channel', { ...gosmee, url: 'https://gosmee.example.org/short' }],
  ['a gosmee channel in a folder', { ...gosmee, url: 'https://gosmee.example.org/events/AbCdEf012345' }],
  ['gosmee over plain http', { ...gosmee, url: 'http://gosmee.example.org/AbCdEf012345' }],
  ['smee without a channel', { ...smee, url: 'https://smee.io/' }],
  ['smee with two channels', { ...smee, url: 'https://smee.io/a/b' }],
])('%s is refused in words', (_, draft) => {
  expect(read(draft)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/Nothing was changed\.$/) })
})

test('an id names its kind, and a thousand are a thousand', () => {
  const ids = Array.from({ length: 1_000 }, () => createInletId('jetstream', randomInt))
  expect(new Set(ids).size).toBe(1_000)
  for (const id of ids) expect(kindOf(id)).toBe('jetstream')
})
