import { expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { InletId, InletSetUp, TunnelSetUp } from '../../shared/inlets.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { createSettings } from './settings.ts'
import { temporaryFile, testDatabase } from './test-support.ts'

const setUp = () => {
  const db = testDatabase(temporaryFile())
  return { db, settings: createSettings(db) }
}

const base = { isOn: true, address: null } as const
const inlets: readonly InletSetUp[] = [
  { ...base, id: 'relay:aaaaaaaa' as InletId, name: 'Mine', kind: 'relay', url: 'https://relay.example.org' },
  {
    ...base,
    id: 'jetstream:bbbbbbbb' as InletId,
    name: 'Team',
    kind: 'jetstream',
    url: 'tls://nats.example.org:4222',
    stream: 'TOCSIN',
    consumer: 'tocsin-1',
    login: { kind: 'password', user: 'me' },
    caFile: null,
  },
  { ...base, id: 'gosmee:cccccccc' as InletId, name: 'G', kind: 'gosmee', url: 'https://g.example.org/AbCdEf012345', isProtected: true },
  {
    ...base,
    id: 'smee:dddddddd' as InletId,
    name: 'S',
    kind: 'smee',
    url: 'https://smee.io/abc',
    isOn: false,
    address: 'https://smee.io/abc',
  },
]

test('a damaged way in takes no other with it, nor one whose id names another kind', () => {
  const { db, settings } = setUp()
  expect(settings.write({ inlets }).inlets).toEqual(inlets)
  const damaged = [{ ...inlets[0], url: 7 }, inlets[1], { ...inlets[2], id: 'smee:cccccccc' }, 'x', inlets[3]]
  db.prepare("UPDATE settings SET value = ? WHERE key = 'settings.inlets'").run(JSON.stringify(damaged))
  expect(settings.read().inlets).toEqual([inlets[1], inlets[3]])
})

test.each<TunnelSetUp>([
  { kind: 'cloudflared' },
  { kind: 'tailscale' },
  { kind: 'ngrok', domain: 'example.ngrok.app' },
  { kind: 'ssh', destination: 'me@example.org', remotePort: 8080, origin: 'https://example.org' },
  { kind: 'command', command: ['bore', '{port}'], origin: null },
])('a tunnel of kind $kind comes back as it was written', (tunnel) => {
  expect(setUp().settings.write({ tunnel }).tunnel).toEqual(tunnel)
})

test('columns come in the order of the list, each once, and what a newer Tocsin calls one is left out', () => {
  const { db, settings } = setUp()
  db.prepare("INSERT INTO settings VALUES ('settings.columns', ?)").run('["trust","entity","trust","shoe-size"]')
  expect(settings.read().columns).toEqual(['entity', 'trust'])
})

test('settings have defaults until they are written', () => {
  const { settings } = setUp()
  expect(settings.read()).toEqual(defaultSettings)
  expect(settings.readApp()).toEqual({
    receiverPort: null,
    pathSecret: null,
    windowBounds: null,
    secretHeaderHashes: [],
    unsignedPort: null,
    unsignedPathSecret: null,
    unsignedHeaderHash: null,
    lastLook: null,
  })
})

test('what is written is read by the next one who opens the history, the rest is left alone', () => {
  const { db, settings } = setUp()
  expect(settings.write({ theme: 'dark' })).toEqual({ ...defaultSettings, theme: 'dark' })
  settings.write({ publicOrigin: 'https://example.ngrok.app' })
  settings.writeApp({ receiverPort: 47_110, pathSecret: 'secret', secretHeaderHashes: ['ab'.repeat(32)] })
  settings.writeApp({ windowBounds: { x: null, y: -10, width: 900, height: 600, isMaximized: false } })
  expect(createSettings(db).read()).toEqual({ ...defaultSettings, theme: 'dark', publicOrigin: 'https://example.ngrok.app' })
  expect(createSettings(db).readApp()).toEqual({
    receiverPort: 47_110,
    pathSecret: 'secret',
    windowBounds: { x: null, y: -10, width: 900, height: 600, isMaximized: false },
    secretHeaderHashes: ['ab'.repeat(32)],
    unsignedPort: null,
    unsignedPathSecret: null,
    unsignedHeaderHash: null,
    lastLook: null,
  })
})

test.each([
  ['settings.theme', '"purple"'],
  ['settings.notify', '"yes"'],
  ['settings.quietHours', '{"days":[],"from":0,"to":60}'],
  ['settings.quietHours', '{"days":[8],"from":0,"to":60}'],
  ['settings.notificationContent', '"loud"'],
  ['settings.startAtLogin', '1'],
  ['settings.publicOrigin', '"http://example.com"'],
  ['settings.theme', '{not json'],
  ['settings.requireSecretHeader', '1'],
  ['settings.unsignedInlet', '{"organizationId":7}'],
  ['settings.tunnel', '{"kind":"command","command":"sh"}'],
  ['settings.inlets', '{}'],
  ['settings.density', '"roomy"'],
  ['settings.columns', '"entity"'],
  ['settings.recentSearches', '[1]'],
  ['settings.retention', '{"olderThanDays":0,"kinds":null,"maxBytes":null,"keepsNew":false}'],
  ['settings.retention', '{"olderThanDays":null,"kinds":null,"maxBytes":null,"keepsNew":false}'],
])('a damaged %s = %s reads as its default and harms no other', (key, value) => {
  const { db, settings } = setUp()
  const good = {
    theme: 'light',
    notify: false,
    quietHours: { days: [1, 7], from: 1_320, to: 360 },
    notificationContent: 'hidden',
    startAtLogin: true,
    density: 'compact',
    columns: ['source', 'triage'],
    recentSearches: ['kind:threat'],
    publicOrigin: 'https://example.com',
    requireSecretHeader: true,
    unsignedInlet: { organizationId: 'org-1' as OrganizationId },
    inlets,
    tunnel: { kind: 'command', command: ['bore', 'local', '{port}'], origin: 'https://bore.example.org' },
    retention: { olderThanDays: 30, kinds: ['threat'], maxBytes: 20_000_000, keepsNew: true },
  } as const
  settings.write(good)
  db.prepare('UPDATE settings SET value = ? WHERE key = ?').run(value, key)
  const name = key.replace('settings.', '') as keyof typeof good
  expect(settings.read()).toEqual({ ...good, [name]: defaultSettings[name] })
})

test('a damaged port or window reads as not remembered', () => {
  const { db, settings } = setUp()
  settings.writeApp({ receiverPort: 1, pathSecret: 'secret' })
  db.exec(
    `UPDATE settings SET value = '70000' WHERE key = 'app.receiverPort'; INSERT INTO settings VALUES ('app.windowBounds', '{"width":-1}')`,
  )
  expect(settings.readApp()).toMatchObject({ receiverPort: null, pathSecret: 'secret', windowBounds: null, secretHeaderHashes: [] })
})
