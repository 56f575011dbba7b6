import { describe, expect, test } from 'vitest'
import type { InletDraft, InletSetUp, TunnelSetUp } from '../../shared/inlets.ts'
import { agreedSoFar, inletConsent, originConsent } from './consent.ts'
import { tunnelConsent } from './tunnel-keeper.ts'

type Draft = InletDraft['draft']
const relay: Draft = { kind: 'relay', name: 'R', address: 'https://in.example.net/in/abc', url: 'https://relay.example.org' }
const gosmee: Draft = { kind: 'gosmee', name: 'G', address: null, url: 'https://gosmee.example.org/AbCdEf012345', isProtected: true }
const smee: Draft = { kind: 'smee', name: 'S', address: 'https://smee.io/abc', url: 'https://smee.io/abc' }
const nats: Extract<Draft, { kind: 'jetstream' }> = {
  kind: 'jetstream',
  name: 'N',
  address: null,
  url: 'tls://nats.example.org:4222',
  stream: 'TOCSIN',
  consumer: 'me',
  login: { kind: 'token' },
  caFile: null,
}
const saved = (draft: Draft): InletSetUp => ({ ...draft, id: 'relay:aaaaaaaa', isOn: true }) as InletSetUp
const nothing = agreedSoFar([], [])
const asked = (draft: Draft, more: Partial<InletDraft> = {}, agreed = nothing) =>
  inletConsent({ id: null, draft, secret: 'typed', ...more }, agreed)?.detail ?? null

describe('before a way in is saved', () => {
  test('a person agrees to every host it connects to or has SlashID send to, once', () => {
    expect(asked(relay)).toMatch(/connects to relay\.example\.org[\s\S]*send to in\.example\.net/)
    for (const draft of [gosmee, smee, nats]) expect(asked(draft)).toContain(`connects to ${new URL(draft.url).host}`)
    expect(asked({ ...relay, url: 'http://127.0.0.1:8787' }), 'and on this computer').toContain('connects to 127.0.0.1:8787')

    const agreed = agreedSoFar([saved(relay)], ['https://tunnel.example.org', null])
    expect(asked(relay, {}, agreed)).toBeNull()
    expect(asked({ ...relay, name: 'Other', address: 'https://tunnel.example.org/in/x' }, {}, agreed)).toBeNull()
    expect(asked({ ...relay, address: 'https://evil.example.org/in/x' }, {}, agreed)).toContain('send to evil.example.org')
    expect(asked({ ...relay, url: 'https://relay.example.org:8443' }, {}, agreed)).toContain('connects to relay.example.org:8443')
  })

  test.each(['env:GITHUB_TOKEN', ' env:GITHUB_TOKEN', '\tfile:/home/me/x', '\nfile:/home/me/x', '\ufefffile:/home/me/x\n'])(
    'a person agrees to what is read for it: %j',
    (secret) => {
      const agreed = agreedSoFar([saved(relay), saved(nats), saved(gosmee)], [])
      for (const draft of [relay, nats, { ...nats, login: { kind: 'creds' } }, gosmee] as Draft[]) {
        expect(asked(draft, { secret }, agreed)).toContain(`It reads ${secret.replace(/\ufeff/g, '').trim()} at every use`)
      }
      expect(asked(relay, { secret: null, header: secret }, agreed)).toMatch(/It reads (env|file):.* to in\.example\.net/)
    },
  )

  test('paths are shown as they lead, and every character of them', () => {
    const agreed = agreedSoFar([saved(relay), saved(nats)], [])
    const winding = `file:/home/me/token${'/.'.repeat(160)}/../../.ssh/id_ed25519`
    expect(asked(relay, { secret: winding }, agreed)).toContain('It reads file:/home/.ssh/id_ed25519 ')
    expect(asked({ ...nats, caFile: '/home/me/../you/ca.pem' }, {}, agreed)).toContain('It reads /home/you/ca.pem ')
    expect(asked({ ...nats, caFile: '/ca.pem' }, {}, agreedSoFar([saved({ ...nats, caFile: '/ca.pem' })], []))).toBeNull()
  })

  test('what cannot be saved is not asked about', () => {
    expect(asked({ ...relay, url: 'http://relay.example.org' })).toBeNull()
    expect(asked({ ...nats, caFile: `/${'a'.repeat(300)}` })).toBeNull()
    expect(asked({ ...relay, url: `https://${'a.'.repeat(200)}example.org` })).toBeNull()
  })
})

test('before a public address is saved a person agrees to its host, once', () => {
  const agreed = agreedSoFar([], ['https://mine.example.org'])
  expect(originConsent({ publicOrigin: 'https://evil.example.org' }, agreed)?.message).toContain('evil.example.org')
  for (const changes of [
    {},
    { notify: false },
    { publicOrigin: null },
    { publicOrigin: 'nonsense' },
    { publicOrigin: 'https://mine.example.org' },
  ])
    expect(originConsent(changes, agreed)).toBeNull()
})

describe('before a program is run as a tunnel', () => {
  const command = (...parts: string[]): TunnelSetUp => ({ kind: 'command', command: parts, origin: null })
  const shown = (setUp: TunnelSetUp) => tunnelConsent(setUp, null)?.detail ?? null

  test('a person sees all of it, or it is not saved', () => {
    expect(shown(command('sh', '-c', `exec tunnel${' '.repeat(900)}evil`))).toContain('evil"')
    expect(shown(command('sh', '-c', `exec tunnel${' '.repeat(1_000)}`, 'evil'))).toBeNull()
    expect(shown(command('sh', '-c', 'a'.repeat(600), 'b'.repeat(600)))).toBeNull()
    expect(shown({ kind: 'command', command: ['sh'], origin: 'https://mine.example.org' })).toContain('https://mine.example.org')
  })

  test('nothing in it hides or stands elsewhere', () => {
    const detail = shown(command('sh', '-c', 'a\u202eb\u200bc\u2028d\u00a0e\nf')) ?? ''
    expect(detail).toContain(String.raw`"a\u{202e}b\u{200b}c\u{2028}d\u{a0}e\nf"`)
  })
})
