import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createSecrets, type Keychain } from './secrets.ts'
import type { KeptSecret, SecretRows } from './store/secrets.ts'
import { testStore } from './store/test-support.ts'

const name = 'api-key:org-1'
const canary = 'canary-3f1d9a7c2b'
let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tocsin-secrets-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A keychain that can be taken away, replaced, or refuse. */
function createFakeKeychain() {
  const state = { isThere: true, key: 0x5a, refuses: false }
  const flip = (bytes: Uint8Array) => Buffer.from(bytes.map((byte) => byte ^ state.key))
  const keychain: Keychain = {
    isThere: () => state.isThere,
    seal(text) {
      if (state.refuses) throw new Error(`the user refused ${text}`)
      return flip(Buffer.from(text))
    },
    open(sealed) {
      if (state.refuses) throw new Error('the user refused')
      return flip(sealed).toString()
    },
  }
  return { state, keychain }
}

function create(options: { keychain?: Keychain; env?: Record<string, string>; rows?: SecretRows } = {}) {
  const rows = options.rows ?? testStore().secrets
  return { rows, secrets: createSecrets({ rows, keychain: options.keychain ?? null, env: options.env ?? {} }) }
}

describe('with a keychain', () => {
  test('a secret is kept sealed, and comes back in the next session', () => {
    const { keychain } = createFakeKeychain()
    const { rows, secrets } = create({ keychain })
    expect(secrets.read(name)).toEqual({ kind: 'none' })
    expect(secrets.describe(name)).toEqual({ where: null, reference: null, next: 'keychain' })
    expect(secrets.write(name, canary)).toEqual({ kind: 'kept', where: 'keychain' })
    expect(secrets.describe(name)).toEqual({ where: 'keychain', reference: null, next: 'keychain' })
    const kept = rows.read(name) as Extract<KeptSecret, { kind: 'sealed' }>
    expect(Buffer.from(kept.ciphertext).toString('latin1')).not.toContain(canary)
    expect(create({ keychain, rows }).secrets.read(name)).toEqual({ kind: 'known', value: canary })
    secrets.forget(name)
    expect(secrets.read(name)).toEqual({ kind: 'none' })
    expect(rows.read(name)).toBeNull()
  })

  test('one that is gone, was replaced or refuses leaves a secret unreadable, and says what to do', () => {
    const { keychain, state } = createFakeKeychain()
    const { secrets } = create({ keychain })
    secrets.write(name, canary)
    for (const change of [{ isThere: false }, { key: 0x5a ^ 0x80 }, { refuses: true }]) {
      Object.assign(state, { isThere: true, key: 0x5a, refuses: false }, change)
      const read = secrets.read(name)
      expect(read).toMatchObject({ kind: 'unreadable', detail: expect.not.stringContaining(canary) })
      expect(secrets.describe(name).where).toBe('keychain')
    }
  })

  test('one that refuses to seal leaves the session', () => {
    const { keychain, state } = createFakeKeychain()
    const { rows, secrets } = create({ keychain })
    secrets.write(name, 'before')
    state.refuses = true
    expect(secrets.write(name, canary)).toEqual({ kind: 'kept', where: 'session' })
    expect(secrets.read(name)).toEqual({ kind: 'known', value: canary })
    expect(rows.read(name), 'the former one does not come back').toBeNull()
  })
})

describe('without a keychain', () => {
  test('a secret lasts for the session, and nothing of it is kept', () => {
    const { rows, secrets } = create()
    expect(secrets.describe(name).next).toBe('session')
    expect(secrets.write(name, canary)).toEqual({ kind: 'kept', where: 'session' })
    expect(secrets.read(name)).toEqual({ kind: 'known', value: canary })
    expect(secrets.describe(name)).toEqual({ where: 'session', reference: null, next: 'session' })
    expect(rows.read(name)).toBeNull()
    expect(create({ rows }).secrets.read(name)).toEqual({ kind: 'none' })
  })
})

describe('a reference', () => {
  test('to a file is read at every use', () => {
    const file = join(folder, 'key')
    writeFileSync(file, `${canary}\n`)
    const { rows, secrets } = create({ keychain: createFakeKeychain().keychain })
    expect(secrets.write(name, `file:${file}`)).toEqual({ kind: 'kept', where: 'reference' })
    expect(secrets.read(name)).toEqual({ kind: 'known', value: canary })
    expect(rows.read(name)).toEqual({ kind: 'reference', reference: `file:${file}` })
    expect(secrets.describe(name)).toMatchObject({ where: 'reference', reference: `file:${file}` })
    writeFileSync(file, 'another')
    expect(secrets.read(name)).toEqual({ kind: 'known', value: 'another' })
    rmSync(file)
    expect(secrets.read(name)).toMatchObject({ kind: 'unreadable', detail: expect.stringContaining('ENOENT') })
  })

  test('to a variable is read at every use', () => {
    const env: Record<string, string> = { SLASHID_KEY: canary }
    const { secrets } = create({ env })
    expect(secrets.write(name, 'env:SLASHID_KEY')).toEqual({ kind: 'kept', where: 'reference' })
    expect(secrets.read(name)).toEqual({ kind: 'known', value: canary })
    env.SLASHID_KEY = ''
    expect(secrets.read(name)).toMatchObject({ kind: 'unreadable', detail: expect.stringContaining('SLASHID_KEY') })
  })

  test('replaces a value and is replaced by one', () => {
    const { secrets } = create({ env: { A: 'from-a' } })
    secrets.write(name, canary)
    secrets.write(name, 'env:A')
    expect(secrets.read(name)).toEqual({ kind: 'known', value: 'from-a' })
    secrets.write(name, 'typed')
    expect(secrets.read(name)).toEqual({ kind: 'known', value: 'typed' })
    expect(secrets.describe(name)).toMatchObject({ where: 'session', reference: null })
  })

  test.each([
    ['a missing variable', () => 'env:NOT_SET'],
    ['no name', () => 'env:'],
    ['a name that is none', () => 'env:A B'],
    ['a variable of several lines', () => 'env:LINES'],
    ['no path', () => 'file:'],
    ['a relative path', () => 'file:key'],
    ['a missing file', () => `file:${join(folder, 'nothing')}`],
    ['a folder', () => (mkdirSync(join(folder, 'sub')), `file:${join(folder, 'sub')}`)],
    ['a device', () => 'file:/dev/null'],
    ['an empty file', () => (writeFileSync(join(folder, 'empty'), ''), `file:${join(folder, 'empty')}`)],
    ['a large file', () => (writeFileSync(join(folder, 'large'), canary.padEnd(5_000)), `file:${join(folder, 'large')}`)],
    ['a file of several lines', () => (writeFileSync(join(folder, 'lines'), `${canary}\nmore`), `file:${join(folder, 'lines')}`)],
  ])('to %s is refused in words, and what was there stays', (_, reference) => {
    const { secrets } = create({ env: { LINES: `${canary}\nmore` } })
    secrets.write(name, 'before')
    const written = secrets.write(name, reference())
    expect(written).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/Nothing was changed\.$/) })
    expect(JSON.stringify(written)).not.toContain(canary)
    expect(secrets.read(name)).toEqual({ kind: 'known', value: 'before' })
  })
})

test.each(['', ' ', 'two words', 'line\nbreak', 'ümlaut', 'x'.repeat(1_025)])('%j is no secret that could travel in a header', (value) => {
  const { secrets } = create()
  expect(secrets.write(name, value)).toMatchObject({ kind: 'refused' })
  expect(secrets.read(name)).toEqual({ kind: 'none' })
})

describe('a credentials file', () => {
  const text = `-----BEGIN NATS USER JWT-----\n${canary}.a-b_c\n------END NATS USER JWT------\n`

  test('keeps its lines, sealed, in the session, or read from where it lies', () => {
    const { keychain } = createFakeKeychain()
    for (const { secrets } of [create({ keychain }), create()]) {
      expect(secrets.write(name, text, 'text')).toMatchObject({ kind: 'kept' })
      expect(secrets.read(name, 'text')).toEqual({ kind: 'known', value: text })
    }
    const file = join(folder, 'user.creds')
    writeFileSync(file, text.padEnd(8_000, 'x'))
    const { secrets } = create()
    expect(secrets.write(name, `file:${file}`, 'text')).toEqual({ kind: 'kept', where: 'reference' })
    expect(secrets.read(name, 'text')).toMatchObject({ kind: 'known', value: expect.stringContaining(canary) })
  })

  test.each(['', ' \n ', 'x'.repeat(8_193), 'a\0b', 'ümlaut'])('%j is none', (value) => {
    expect(create().secrets.write(name, value, 'text')).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/Nothing was changed\.$/),
    })
  })

  test('larger than 8 KiB is not read, and as a key it is none', () => {
    const file = join(folder, 'large')
    writeFileSync(file, 'x'.repeat(8_193))
    expect(create().secrets.write(name, `file:${file}`, 'text')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('8 KiB'),
    })
    const { secrets } = create({ keychain: createFakeKeychain().keychain })
    secrets.write(name, text, 'text')
    expect(secrets.read(name)).toMatchObject({ kind: 'unreadable', detail: expect.not.stringContaining(canary) })
  })
})

test('names do not share values', () => {
  const { secrets } = create({ keychain: createFakeKeychain().keychain })
  secrets.write('api-key:a', 'one')
  secrets.write('api-key:b', 'two')
  secrets.forget('api-key:a')
  expect([secrets.read('api-key:a'), secrets.read('api-key:b')]).toEqual([{ kind: 'none' }, { kind: 'known', value: 'two' }])
})

if (process.getuid?.() === 0) console.log('not run as root, whom no permission stops: a file that may not be read says so')
test.skipIf(process.getuid?.() === 0)('a file that may not be read says so', () => {
  const file = join(folder, 'closed')
  writeFileSync(file, canary)
  chmodSync(file, 0)
  expect(create().secrets.write(name, `file:${file}`)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('EACCES') })
})

test.skipIf(process.platform === 'win32')('a pipe is not read, even with a key waiting in it', () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const writer = openSync(pipe, 'r+')
  onTestFinished(() => closeSync(writer))
  writeSync(writer, canary)
  expect(create().secrets.write(name, `file:${pipe}`)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('plain file') })
})
