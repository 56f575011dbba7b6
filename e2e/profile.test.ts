import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { expect, test } from '@playwright/test'
import { killHard, launchApp, listening, spawnApp, startApp, temporaryProfile, tocsin } from './support/app.ts'

test('the profile is private, its files too, and no secret is in the log', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    await tocsin(profile.path, 'simulate', '--count', '5')
    const open = files(profile.path).filter((path) => (statSync(path).mode & 0o077) !== 0)
    expect(open).toEqual([])
    expect(statSync(profile.path).mode & 0o777).toBe(0o700)
    const secret = new URL(app.url).pathname.split('/').at(-1) ?? ''
    expect(secret).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const log = readFileSync(join(profile.path, 'tocsin.log'), 'utf8')
    expect(log).toContain('listening')
    expect(log).not.toContain(secret)
    expect(log).not.toMatch(/eyJ/)
    const holders = files(profile.path).filter((path) => statSync(path).isFile() && readFileSync(path).includes(secret))
    expect(holders.map((path) => basename(path)).filter((name) => !/^(connection\.json|history\.sqlite(-wal)?)$/.test(name))).toEqual([])
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('connection.json is there while the app listens, gone after a clean quit, replaced when stale', async () => {
  const profile = temporaryProfile()
  const file = join(profile.path, 'connection.json')
  try {
    const first = spawnApp(profile.path)
    await listening(profile.path, first.pid)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await killHard(first)
    expect(existsSync(file), 'a crash leaves it behind').toBe(true)
    expect((await tocsin(profile.path, 'simulate', '--count', '1')).code, 'a stale one is not believed').toBe(1)

    const second = spawnApp(profile.path)
    await listening(profile.path, second.pid)
    const gone = once(second, 'exit')
    second.kill('SIGTERM')
    expect(await gone, 'a clean quit').toEqual([0, null])
    expect(existsSync(file)).toBe(false)
  } finally {
    profile.remove()
  }
})

test('a port that is taken is said, never moved, and taken again on request', async () => {
  const profile = temporaryProfile()
  const first = spawnApp(profile.path)
  const url = await listening(profile.path, first.pid)
  const gone = once(first, 'exit')
  first.kill('SIGTERM')
  await gone
  const squatter = createServer()
  await new Promise<void>((done) => squatter.listen(Number(new URL(url).port), '127.0.0.1', done))
  const again = await launchApp(profile.path)
  try {
    await expect(again.page.getByText(/not listening/).first()).toBeVisible()
    await expect(again.page.getByText(new RegExp(`port ${new URL(url).port}`, 'i')).first()).toBeVisible()
    expect(existsSync(join(profile.path, 'connection.json'))).toBe(false)
    await new Promise((done) => squatter.close(done))
    await again.page.getByRole('button', { name: 'Try again' }).first().click()
    expect(await listening(profile.path)).toBe(url)
  } finally {
    await again.electron.close()
    profile.remove()
  }
})

test('a history from a newer build is refused untouched, in words', async () => {
  const profile = temporaryProfile()
  const app = spawnApp(profile.path)
  await listening(profile.path, app.pid)
  const gone = once(app, 'exit')
  app.kill('SIGTERM')
  await gone
  const history = join(profile.path, 'history.sqlite')
  const bytes = readFileSync(history)
  // The user_version of a SQLite file: four bytes at offset 60, big-endian.
  bytes.writeUInt32BE(9999, 60)
  writeFileSync(history, bytes)
  try {
    const refused = spawnApp(profile.path, { env: { TOCSIN_NO_DIALOG: '1' } })
    let said = ''
    refused.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = await once(refused, 'exit')
    expect(code).toBe(1)
    expect(said).toContain('newer')
    expect(readFileSync(history).equals(bytes)).toBe(true)
  } finally {
    profile.remove()
  }
})

test('a profile that is a file is refused in words', async () => {
  const profile = temporaryProfile()
  mkdirSync(join(profile.path, '..'), { recursive: true })
  writeFileSync(profile.path, '')
  try {
    const refused = spawnApp(profile.path, { env: { TOCSIN_NO_DIALOG: '1' } })
    let said = ''
    refused.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = await once(refused, 'exit')
    expect(code).toBe(1)
    expect(said).toContain('it is a file, not a folder')
  } finally {
    profile.remove()
  }
})

function files(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    // Links and sockets of Chromium's own lock have no mode that counts: the folder around them is closed.
    if (entry.isDirectory()) return [path, ...files(path)]
    return entry.isFile() ? [path] : []
  })
}
