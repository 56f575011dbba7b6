import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { HookDraft, HookId } from '../../shared/hooks.ts'
import { readAttack } from '../export/attack.ts'
import { createSecrets, type Keychain } from '../secrets.ts'
import { content, temporaryFile, testDatabase, testStore, trusted } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createHooks } from './hooks-place.ts'
import type { Posted } from './post.ts'

const attack = readAttack(readFileSync(fileURLToPath(new URL('../../../resources/attack-enterprise.json', import.meta.url)), 'utf8'))
const keychain: Keychain = { isThere: () => true, seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() }

/** Every request waits until the test answers it. */
function setUp() {
  const file = temporaryFile()
  const clock = createTestClock(Date.now())
  const store = testStore({ file, now: clock.now })
  const faults: unknown[] = []
  let isFull = false
  const requests: { readonly url: string; readonly headers: Readonly<Record<string, string>>; answer(posted: Posted): void }[] = []
  const hooks = createHooks({
    rows: store.hooks,
    secrets: createSecrets({
      rows: {
        ...store.secrets,
        write(...row) {
          if (isFull) throw new Error('database or disk is full')
          store.secrets.write(...row)
        },
      },
      keychain,
      env: {},
    }),
    attack: () => attack,
    now: clock.now,
    random: () => 0,
    schedule: clock.schedule,
    onChanged: () => {},
    onRemoved: () => {},
    onFault: (error) => faults.push(error),
    post: ({ url, headers, signal }) =>
      new Promise((resolve) => {
        requests.push({ url, headers, answer: resolve })
        if (signal.aborted) resolve({ kind: 'unreachable', reason: 'stopped' })
        signal.addEventListener('abort', () => resolve({ kind: 'unreachable', reason: 'stopped' }))
      }),
  })
  onTestFinished(() => hooks.stop())
  function send(hook: HookId, ids: readonly string[], more: object = {}): void {
    store.keeper.keep(ids.map((id) => trusted(content({ id, ...more }), { signed: id })))
    const { changes } = store.outbox.undecided(null, 1_000)
    store.outbox.quiet(changes.map(({ transition: { sequence } }) => ({ sequence, at: clock.now(), rule: 'r', hook, because: 'rule' })))
    hooks.wake()
    clock.pass(100)
  }
  function save(draft: Partial<HookDraft>) {
    const saved = hooks.place.save({
      id: null,
      name: 'SIEM',
      url: 'https://old.example/',
      format: 'detection',
      isOn: true,
      secret: null,
      ...draft,
    })
    if (saved.kind === 'refused') throw new Error(saved.detail)
    return saved.hooks.at(-1)!.id
  }
  const asked = (count: number) => vi.waitFor(() => expect(requests.length).toBe(count), { timeout: 500, interval: 2 })
  const settled = () => new Promise((resolve) => setTimeout(resolve, 30))
  return { file, clock, store, hooks, requests, faults, send, save, asked, settled, fillDisk: () => void (isFull = true) }
}
const ok: Posted = { kind: 'answered', status: 200, retryAfter: null, text: '{"code":0}' }

test('nothing more goes out once it is turned off, but for what is under way', async () => {
  const { save, send, asked, requests, settled } = setUp()
  const id = save({})
  send(id, ['a', 'b', 'c'])
  await asked(1)
  save({ id, isOn: false })
  requests[0]!.answer(ok)
  await settled()
  expect(requests.length).toBe(1)
})

test('a token that was entered for another server is not shown to the one before', async () => {
  const { save, send, asked, requests, settled } = setUp()
  const id = save({ format: 'splunk-hec', secret: 'old-token' })
  // Two requests, read at once.
  send(id, ['a', 'b', 'c', 'd', 'e', 'f', 'g'], { metadata: { text: 'x'.repeat(120_000) } })
  await asked(1)
  save({ id, format: 'splunk-hec', url: 'https://new.example/', secret: 'new-token' })
  requests[0]!.answer(ok)
  await asked(2)
  requests[1]!.answer(ok)
  await settled()
  expect(requests.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
    ['https://old.example/', 'Splunk old-token'],
    ['https://new.example/', 'Splunk new-token'],
  ])
})

test('where the token for another server could not be written, that server is not shown the one before', async () => {
  const { save, send, requests, settled, fillDisk, store } = setUp()
  const id = save({ format: 'splunk-hec', secret: 'old-token' })
  fillDisk()
  expect(() => save({ id, format: 'splunk-hec', url: 'https://new.example/', secret: 'new-token' })).toThrow('It could not be written')
  send(id, ['a'])
  await settled()
  expect(requests).toEqual([])
  expect(store.hooks.read(id)?.trouble).toMatch(/^Its secret is not here any more/)
})

test('a late answer of the server before says nothing of the one that was entered meanwhile', async () => {
  const { save, send, asked, requests, settled, store } = setUp()
  const id = save({})
  send(id, ['a'])
  await asked(1)
  save({ id, url: 'https://new.example/' })
  requests[0]!.answer({ kind: 'answered', status: 410, retryAfter: null, text: '' })
  await settled()
  expect(store.hooks.read(id)).toMatchObject({ isOn: true, trouble: null })
  await asked(2)
  expect(requests[1]!.url).toBe('https://new.example/')
})

test('what waits for a server that failed goes on once a test was taken there', async () => {
  const { save, send, asked, requests, hooks, settled } = setUp()
  const id = save({})
  send(id, ['a'])
  await asked(1)
  requests[0]!.answer({ kind: 'answered', status: 500, retryAfter: null, text: '' })
  await settled()
  for (const status of [500, 200]) {
    const tested = hooks.place.test(id)
    await asked(status === 500 ? 2 : 3)
    requests.at(-1)!.answer({ kind: 'answered', status, retryAfter: null, text: '' })
    await tested
  }
  await asked(4)
  expect(requests.map(({ headers }) => headers['webhook-id']?.startsWith('msg_test_'))).toEqual([false, true, true, false])
})

test('a test does not wait for all that waits', async () => {
  const { save, send, asked, requests, hooks } = setUp()
  const id = save({})
  send(id, ['a', 'b', 'c', 'd', 'e'])
  await asked(1)
  void hooks.place.test(id)
  requests[0]!.answer(ok)
  await asked(2)
  expect(requests[1]!.headers['webhook-id']).toMatch(/^msg_test_/)
  requests[1]!.answer(ok)
  await asked(3)
  expect(requests[2]!.headers['webhook-id']).not.toMatch(/^msg_test_/)
})

test('a message of which what is kept is damaged is counted as failed, and holds up no other', async () => {
  const { save, send, asked, requests, store, file, faults } = setUp()
  const id = save({})
  send(id, ['a'])
  await asked(1)
  send(id, ['b', 'gone', 'c'])
  const db = testDatabase(file)
  db.prepare("UPDATE transitions SET changes = '{' WHERE sequence = 2").run()
  db.prepare('DELETE FROM transitions WHERE sequence = 3').run()
  requests[0]!.answer(ok)
  await asked(2)
  requests[1]!.answer(ok)
  await vi.waitFor(() => expect(store.hooks.read(id)).toMatchObject({ waiting: 0, sent: 2, failed: 2 }))
  expect(faults).toEqual([])
})
