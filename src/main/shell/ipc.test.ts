import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pushChannel, requestChannel, requestNames, type Reply } from '../../shared/channels.ts'
import type { Health } from '../../shared/health.ts'
import { createGate, type GateParts, type Handlers } from './ipc.ts'

type Frame = { readonly processId: number; readonly routingId: number; readonly url: string }
type Listener = (event: unknown, ...rest: unknown[]) => Promise<Reply>

const mainFrame: Frame = { processId: 4, routingId: 1, url: 'app://tocsin/' }
const refused: Reply = { kind: 'refused' }
const hours = { days: [1, 5], from: 1_320, to: 360 }
const rule = {
  ...{ id: null, name: 'Nights', query: '', action: 'silence', hours },
  ...{ expiresAt: null, hasSound: false, hookId: null, isOn: true },
}
const retention = { olderThanDays: 30, kinds: ['threat'], maxBytes: null, keepsNew: true }
const range = { from: '2025-03-01T00:00:00.000Z', to: '2025-03-02T00:00:00.000Z' }
const page = { text: '', range: null, before: null, skip: 0, limit: 1 }
const histogram = { text: '', range: null, part: 'lanes', bars: 200 }
const view = { id: null, name: 'Open', address: 'timeline?q=is%3Aopen', isPinned: true }
const valid: Readonly<Record<string, unknown>> = {
  'timeline:page': { text: 'okta', range, before: { changedAt: '2025-03-01T14:02:11.000Z', row: 7 }, skip: 0, limit: 100 },
  'timeline:histogram': { text: 'okta', range, part: 'minimap', bars: 1_500 },
  'timeline:facets': { text: 'okta', range },
  'timeline:count': { text: 'is:suppressed', range },
  'search:complete': { field: 'source_type', begins: 'ok' },
  'entities:list': { range, begins: 'an' },
  'entity:read': { entityId: 'anna', organizationId: null },
  'posture:read': { framework: null },
  'report:save': { framework: 'SOC 2', format: 'pdf' },
  'attack:read': { text: 'kind:threat', range: null },
  'rule:save': rule,
  'rules:arrange': { rules: [{ id: 1, isOn: true }], removed: [2] },
  'rule:remove': 1,
  'rules:try': { rules: [rule], about: 0 },
  'mute:add': { of: { kind: 'field', field: 'type', value: 'MissingMFA' }, until: null },
  'mute:take-back': 1,
  'mute:remove': 1,
  'mute:restore': 1,
  'suppression:try': { query: 'type:Noise' },
  'suppression:add': { query: 'type:Noise', reason: 'a scanner', expiresAt: '2026-03-01T08:00:00.000Z' },
  'suppression:lift': 1,
  'suppression:restore': 1,
  'hook:save': { id: null, name: 'SIEM', url: 'https://siem.example.org', format: 'ecs', isOn: true, secret: null },
  'hook:remove': 1,
  'hook:test': 1,
  'view:save': view,
  'view:remove': { id: 7 },
  'triage:write': {
    of: { kind: 'keys', keys: [{ organizationId: 'org-1', id: 'd-1' }] },
    change: { state: 'done', verdict: { verdict: 'expected', reason: '' }, snoozedUntil: null, addLabel: 'a', note: 'n', isRead: true },
  },
  'triage:undo': 7,
  'inbox:page': { filter: 'quiet', notification: null, before: 7, limit: 100 },
  'digest:read': { since: null },
  'digest:seen': { until: '2025-03-01T14:02:11.000Z' },
  'digest:unseen': 1,
  'detection:open': { organizationId: 'org-1', id: 'd-1' },
  'evidence:save': { organizationId: 'org-1', id: 'd-1' },
  'organization:add': { id: 'org-1', issuer: 'https://api.slashid.com', name: 'Example', jwks: null },
  'organization:change': { id: 'org-1', name: 'Example', colour: 'teal' },
  'quarantine:page': { before: 7, limit: 100 },
  'quarantine:open': 7,
  'quarantine:look': 'org-1',
  'quarantine:discard': [7, 8],
  'registration:read': { organizationId: 'org-1', look: true },
  'registration:register': { organizationId: 'org-1', name: 'Tocsin' },
  'registration:repair': 'org-1',
  'registration:remove': 'org-1',
  'secret:write': { organizationId: 'org-1', value: 'env:SLASHID_KEY' },
  'secret:forget': 'org-1',
  'unsigned:switch': { organizationId: null },
  'inlet:save': { id: null, draft: { kind: 'relay', name: 'Relay', address: null, url: 'https://relay.example.org' }, secret: 'token' },
  'inlet:switch': { id: 'relay:abcd1234', isOn: false },
  'inlet:remove': 'relay:abcd1234',
  'inlet:reconnect': 'gosmee:abcd1234',
  'inlet:test': 'receiver',
  'tunnel:save': { kind: 'command', command: ['bore', '{port}'], origin: null },
  'gaps:list': { inlet: 'receiver', since: '2025-03-01T14:02:11.000Z', limit: 100 },
  'export:start': { of: { kind: 'view', text: 'kind:threat', range, except: [{ organizationId: 'o', id: 'd' }] }, format: 'ocsf' },
  'task:cancel': '5f0c2a52-4d8a-4a6e-9d2f-0f2f2f4b1c11',
  'detection:keep': { key: { organizationId: 'o', id: 'd' }, keep: true },
  'retention:preview': { policy: retention },
  'retention:apply': { policy: retention },
  'retention:save': { policy: null },
  'settings:write': {
    theme: 'dark',
    publicOrigin: null,
    requireSecretHeader: true,
    density: 'compact',
    columns: ['status'],
    recentSearches: ['kind:threat'],
  },
  'clipboard:write': 'text',
}
const argumentOf = (name: string): unknown => valid[name] ?? null

/** Contents of a window as far as the gate looks at them, and everything that was sent to it. */
function setUp(options: { contents?: Record<string, unknown> | null; handler?: (name: string, argument: unknown) => unknown } = {}) {
  let listener: Listener | null = null
  const calls: [string, unknown][] = []
  const sent: unknown[][] = []
  const logged: unknown[][] = []
  const contents = {
    id: 9,
    mainFrame,
    isDestroyed: () => false,
    isCrashed: () => false,
    getURL: () => 'app://tocsin/',
    send: (...message: unknown[]) => void sent.push(message),
    ...options.contents,
  }
  const handle = (name: string) => (argument: unknown) => {
    calls.push([name, argument])
    return options.handler?.(name, argument) ?? null
  }
  const gate = createGate({
    ipcMain: {
      handle: (channel: string, heard: Listener) => {
        expect(channel).toBe(requestChannel)
        listener = heard
      },
      removeHandler: () => {
        listener = null
      },
    } as unknown as GateParts['ipcMain'],
    handlers: Object.fromEntries(requestNames.map((name) => [name, handle(name)])) as unknown as Handlers,
    page: () => (options.contents === null ? null : contents) as unknown as ReturnType<GateParts['page']>,
    log: { warn: (...words) => void logged.push(words), error: (...words) => void logged.push(words) },
  })
  const call = (name: unknown, argument: unknown, frame: Frame | null = mainFrame, senderId = 9): Promise<Reply> =>
    listener!({ sender: { id: senderId }, senderFrame: frame }, name, argument)
  return { gate, call, calls, sent, logged, isListening: () => listener !== null }
}

describe('the gate', () => {
  test.each(requestNames)('lets %s through with an argument of its shape, and answers with a value', async (name) => {
    const { call, calls } = setUp({ handler: () => 'value' })
    expect(await call(name, argumentOf(name))).toEqual({ kind: 'answered', value: 'value' })
    expect(calls).toEqual([[name, argumentOf(name)]])
  })

  test.each<[string, Frame | null, number]>([
    ['another window', mainFrame, 8],
    ['a frame that is gone', null, 9],
    ['a frame inside the page', { ...mainFrame, routingId: 2 }, 9],
    ['a frame of another process', { ...mainFrame, processId: 5 }, 9],
    ['another origin in the same frame', { ...mainFrame, url: 'https://evil.example/' }, 9],
    ['an origin that only starts like ours', { ...mainFrame, url: 'app://tocsin.evil.example/' }, 9],
    ['an empty page', { ...mainFrame, url: 'about:blank' }, 9],
  ])('refuses %s', async (_who, frame, senderId) => {
    const { call, calls } = setUp()
    expect(await call('health:read', null, frame, senderId)).toEqual(refused)
    expect(calls).toEqual([])
  })

  test('refuses everyone while there is no window, or one that is destroyed', async () => {
    expect(await setUp({ contents: null }).call('health:read', null)).toEqual(refused)
    expect(await setUp({ contents: { isDestroyed: () => true } }).call('health:read', null)).toEqual(refused)
  })

  test.each(['', 'health:write', 'constructor', '__proto__', 'toString', 'HEALTH:READ', 7, null, undefined, ['health:read'], {}])(
    'refuses the unknown name %j and does not repeat it in the log',
    async (name) => {
      const { call, calls, logged } = setUp()
      expect(await call(name, null)).toEqual(refused)
      expect(calls).toEqual([])
      expect(logged).toEqual([['ipc: an unknown request was refused']])
    },
  )

  test.each<[string, string, unknown]>([
    ['a missing argument', 'timeline:page', undefined],
    ['a field too many', 'detection:open', { organizationId: 'o', id: 'd', more: 1 }],
    ['a field too many in depth', 'timeline:page', { ...page, before: { changedAt: '2025-03-01T14:02:11.000Z', row: 7, x: 1 } }],
    ['a page of everything', 'timeline:page', { ...page, limit: 1_000_000 }],
    ['a page of nothing', 'timeline:page', { ...page, limit: 0 }],
    ['half a row', 'timeline:page', { ...page, limit: 1.5 }],
    ['a long text', 'timeline:page', { ...page, text: 'x'.repeat(1_001) }],
    ['a time of another form', 'timeline:page', { ...page, before: { changedAt: '2025-03-01', row: 1 } }],
    ['a time that is none', 'timeline:page', { ...page, before: { changedAt: '2025-13-01T00:00:00.000Z', row: 1 } }],
    ['a place before the first', 'timeline:page', { ...page, skip: -1 }],
    ['a place in a search', 'timeline:page', { ...page, skip: 1, text: 'okta' }],
    ['a place in a range', 'timeline:page', { ...page, skip: 1, range }],
    ['a range that ends before it begins', 'timeline:facets', { text: '', range: { from: range.to, to: range.from } }],
    ['half a range', 'timeline:facets', { text: '', range: { from: range.from } }],
    ['more bars than there are dots', 'timeline:histogram', { ...histogram, bars: 1_501 }],
    ['bars of another part', 'timeline:histogram', { ...histogram, part: 'list' }],
    ['an entity without a name', 'entity:read', { entityId: '', organizationId: null }],
    ['a report in another format', 'report:save', { framework: null, format: 'docx' }],
    ['a long framework', 'posture:read', { framework: 'x'.repeat(513) }],
    ['a path of the page', 'report:save', { framework: null, format: 'pdf', path: '/etc/passwd' }],
    ['a long beginning', 'search:complete', { field: 'type', begins: 'x'.repeat(1_001) }],
    ['a saved view without an address', 'view:save', { ...view, address: undefined }],
    ['a saved view with a book for a name', 'view:save', { ...view, name: 'x'.repeat(1_001) }],
    ['more columns than there are', 'settings:write', { columns: Array(8).fill('status') }],
    ['a column that is none', 'settings:write', { columns: ['metadata'] }],
    ['every search ever', 'settings:write', { recentSearches: Array(21).fill('a') }],
    ['a secret of another name', 'secret:write', { organizationId: 'o', value: 'v', name: 'secret-header' }],
    ['a long secret', 'secret:write', { organizationId: 'o', value: 'x'.repeat(4_201) }],
    ['triage of nothing', 'triage:write', { of: { kind: 'keys', keys: [] }, change: { state: 'done' } }],
    [
      'triage of more keys than anybody chose',
      'triage:write',
      { of: { kind: 'keys', keys: Array(10_001).fill({ organizationId: 'o', id: 'd' }) }, change: { state: 'done' } },
    ],
    ['triage of a long search', 'triage:write', { of: { kind: 'view', text: 'x'.repeat(1_001), range: null }, change: { state: 'done' } }],
    ['a state that is none', 'triage:write', { of: { kind: 'view', text: '', range: null }, change: { state: 'resolved' } }],
    ['SlashID’s own word', 'triage:write', { of: { kind: 'view', text: '', range: null }, change: { trackingStatus: 'done' } }],
    ['a book for a note', 'triage:write', { of: { kind: 'view', text: '', range: null }, change: { note: 'x'.repeat(100_001) } }],
    ['an undefined state', 'triage:write', { of: { kind: 'view', text: '', range: null }, change: { state: undefined } }],
    ['an act before the first', 'triage:undo', 0],
    ['an inbox of everything', 'inbox:page', { filter: 'all', notification: null, before: null, limit: 1_000_000 }],
    ['an inbox of a reason', 'inbox:page', { filter: 'off', notification: null, before: null, limit: 10 }],
    ['an empty id', 'detection:open', { organizationId: '', id: 'd' }],
    ['a long id', 'detection:open', { organizationId: 'o', id: 'x'.repeat(513) }],
    ['an id that is no text', 'detection:open', { organizationId: 'o', id: 1 }],
    ['an argument where there is none', 'health:read', {}],
    [
      'an export to a place the page chose',
      'export:start',
      { of: { kind: 'view', text: '', range: null }, format: 'csv', path: '/etc/passwd' },
    ],
    ['an export in a format that is none', 'export:start', { of: { kind: 'view', text: '', range: null }, format: 'xlsx' }],
    ['an export of a long search', 'export:start', { of: { kind: 'view', text: 'x'.repeat(1_001), range: null }, format: 'csv' }],
    ['an export of nothing', 'export:start', { of: { kind: 'keys', keys: [] }, format: 'csv' }],
    [
      'an export without more than anybody took out',
      'export:start',
      { of: { kind: 'view', text: '', range: null, except: Array(10_001).fill({ organizationId: 'o', id: 'd' }) }, format: 'csv' },
    ],
    ['an import of files the page chose', 'import:start', ['/etc/passwd']],
    ['a long task id', 'task:cancel', 'x'.repeat(37)],
    ['a theme that is none', 'settings:write', { theme: 'purple' }],
    ['a setting that is none', 'settings:write', { notify: true, sandbox: false }],
    ['retention of everything', 'retention:apply', { policy: { ...retention, olderThanDays: null } }],
    ['retention of what is not a day old', 'retention:apply', { policy: { ...retention, olderThanDays: 0 } }],
    ['retention of no kind', 'retention:save', { policy: { ...retention, kinds: [] } }],
    ['retention through the settings', 'settings:write', { retention }],
    ['a backup to a place the page chose', 'backup:make', '/etc'],
    ['a mark that is none', 'detection:keep', { key: { organizationId: 'o', id: 'd' }, keep: 'yes' }],
    ['an inlet through the settings', 'settings:write', { inlets: [] }],
    ['a tunnel through the settings', 'settings:write', { tunnel: { kind: 'command', command: ['sh'], origin: null } }],
    ['an inlet id of another form', 'inlet:remove', 'relay:../../etc'],
    ['an inlet of an unknown kind', 'inlet:save', { id: null, draft: { kind: 'ftp', name: 'x', address: null, url: 'x' }, secret: null }],
    [
      'a receiver as a way in that fetches',
      'inlet:save',
      { id: null, draft: { kind: 'receiver', name: 'x', address: null, url: 'x' }, secret: null },
    ],
    [
      'an id that the page chose',
      'inlet:save',
      { id: null, draft: { kind: 'smee', id: 'smee:abcd1234', name: 'x', address: null, url: 'x' }, secret: null },
    ],
    [
      'a secret of more than 8 KiB',
      'inlet:save',
      { id: null, draft: { kind: 'smee', name: 'x', address: null, url: 'x' }, secret: 'x'.repeat(8_193) },
    ],
    ['an empty command', 'tunnel:save', { kind: 'command', command: [], origin: null }],
    ['a command as one text', 'tunnel:save', { kind: 'command', command: 'rm -rf /', origin: null }],
    ['every gap there is', 'gaps:list', { inlet: null, since: null, limit: 1_000_000 }],
    ['an undefined setting', 'settings:write', { notify: undefined }],
    ['a huge key set', 'organization:add', { id: 'o', issuer: 'i', name: 'n', jwks: 'x'.repeat(65_537) }],
    ['more than 1 MiB for the clipboard', 'clipboard:write', 'x'.repeat(1_048_577)],
    ['more than 1 MiB in UTF-8', 'clipboard:write', '€'.repeat(400_000)],
    ['an image for the clipboard', 'clipboard:write', { image: 'x' }],
  ])('refuses %s', async (_what, name, argument) => {
    const { call, calls } = setUp()
    expect(await call(name, argument)).toEqual(refused)
    expect(calls).toEqual([])
  })

  test('lets any place in the list of everything be asked for', async () => {
    expect((await setUp().call('timeline:page', { ...page, text: ' ', skip: 9_999_999 })).kind).toBe('answered')
  })

  test('takes exactly 1 MiB for the clipboard', async () => {
    expect((await setUp().call('clipboard:write', 'x'.repeat(1_048_576))).kind).toBe('answered')
  })

  test('neither throws nor changes Object.prototype for any argument', async () => {
    const { call } = setUp()
    const before = Object.getOwnPropertyNames(Object.prototype)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...requestNames),
        fc.anything({ withNullPrototype: true, withMap: true }),
        async (name, argument) => {
          expect(['answered', 'refused']).toContain((await call(name, argument)).kind)
        },
      ),
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })

  test.each(['sync', 'async'])('a bug (%s) is logged with its request and leaves nothing of itself in the answer', async (kind) => {
    const bug = new Error('secret of the handler')
    const { call, logged } = setUp({
      handler: () => {
        if (kind === 'async') return Promise.reject(bug)
        throw bug
      },
    })
    expect(await call('detection:open', { organizationId: 'o', id: 'payload' })).toEqual({ kind: 'failed' })
    expect(logged).toEqual([['ipc: detection:open failed', bug]])
  })

  test('is closed after stop', async () => {
    const { gate, isListening } = setUp()
    expect(isListening()).toBe(true)
    await gate.stop()
    expect(isListening()).toBe(false)
  })
})

describe('a push', () => {
  const health = { waiting: 0 } as Health

  test('reaches the live page by its name', () => {
    const { gate, sent } = setUp()
    gate.push('health:changed', health)
    expect(sent).toEqual([[pushChannel, 'health:changed', health]])
  })

  test.each<[string, Record<string, unknown> | null]>([
    ['no window', null],
    ['a destroyed one', { isDestroyed: () => true }],
    ['a crashed one', { isCrashed: () => true }],
    ['one that is somewhere else', { getURL: () => 'https://evil.example/' }],
    ['one that has not loaded', { getURL: () => '' }],
  ])('goes nowhere with %s', (_what, contents) => {
    const { gate, sent } = setUp({ contents })
    gate.push('health:changed', health)
    expect(sent).toEqual([])
  })
})
