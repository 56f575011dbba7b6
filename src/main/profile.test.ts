import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defaultProfile, historyFile, prepareProfile, readConnection, removeConnection, writeConnection } from './profile.ts'

const url = 'http://127.0.0.1:8123/in/AAECAwQFBgcICQoLDA0ODw'
let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tocsin-profile-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('the default profile', () => {
  test.each<[NodeJS.Platform, Record<string, string>, string, string]>([
    ['linux', {}, '/home/ana', '/home/ana/.config/Tocsin'],
    ['linux', { XDG_CONFIG_HOME: '/data/config' }, '/home/ana', '/data/config/Tocsin'],
    ['linux', { XDG_CONFIG_HOME: '' }, '/home/ana', '/home/ana/.config/Tocsin'],
    ['darwin', { XDG_CONFIG_HOME: '/ignored' }, '/Users/ana', '/Users/ana/Library/Application Support/Tocsin'],
    ['win32', { APPDATA: 'D:\\Roaming' }, 'C:\\Users\\ana', 'D:\\Roaming\\Tocsin'],
    ['win32', {}, 'C:\\Users\\ana', 'C:\\Users\\ana\\AppData\\Roaming\\Tocsin'],
  ])('on %s with %o is where Electron keeps it', (platform, env, home, expected) => {
    expect(defaultProfile(env, platform, home)).toBe(expected)
  })
})

describe.skipIf(process.platform === 'win32')('preparing a profile', () => {
  test('makes it with its parents, for this user only', () => {
    const profile = join(folder, 'a', 'b')
    expect(prepareProfile(profile)).toEqual({ kind: 'ready' })
    expect(modeOf(profile)).toBe(0o700)
    expect(historyFile(profile)).toBe(join(profile, 'history.sqlite'))
  })

  test('tightens one that is there, and follows no link out of it', () => {
    const outside = join(folder, 'outside')
    writeFileSync(outside, 'x')
    chmodSync(outside, 0o644)
    const profile = join(folder, 'profile')
    mkdirSync(join(profile, 'Cache'), { recursive: true })
    chmodSync(profile, 0o755)
    writeFileSync(historyFile(profile), 'x')
    chmodSync(historyFile(profile), 0o664)
    symlinkSync(outside, join(profile, 'link'))
    spawnSync('mkfifo', [join(profile, 'pipe')])

    expect(prepareProfile(profile)).toEqual({ kind: 'ready' })
    expect(modeOf(profile)).toBe(0o700)
    expect(modeOf(historyFile(profile))).toBe(0o600)
    expect(modeOf(outside)).toBe(0o644)
  })

  test('refuses a file in its place, in words', () => {
    const file = join(folder, 'file')
    writeFileSync(file, 'x')
    for (const place of [file, join(file, 'below')]) {
      expect(prepareProfile(place)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('is a file') })
    }
    expect(readFileSync(file, 'utf8')).toBe('x')
  })

  if (process.getuid?.() !== 0) console.log("not run but as root, who alone can make one: refuses another user's folder")
  test.skipIf(process.getuid?.() !== 0)("refuses another user's folder, and leaves it as it is", () => {
    const profile = join(folder, 'theirs')
    mkdirSync(profile, { mode: 0o777 })
    chmodSync(profile, 0o777)
    chownSync(profile, 12345, 12345)
    expect(prepareProfile(profile)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('another user') })
    expect(modeOf(profile)).toBe(0o777)
  })
})

describe('the connection', () => {
  const file = (): string => join(folder, 'connection.json')
  /** The id of a process that has ended. */
  const gonePid = (): number => spawnSync(process.execPath, ['--version']).pid

  test('is read back as it was written, mode 0600, with nothing left beside it', () => {
    writeConnection(folder, { url, pid: process.pid })
    expect(readConnection(folder)).toEqual({ kind: 'running', url, pid: process.pid })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ url, pid: process.pid })
    expect(readdirSync(folder)).toEqual(['connection.json'])
    if (process.platform !== 'win32') expect(modeOf(file())).toBe(0o600)
  })

  test('of a process that is gone is no running app, and the next one replaces it', () => {
    writeConnection(folder, { url, pid: gonePid() })
    expect(readConnection(folder)).toEqual({ kind: 'not-running' })
    writeConnection(folder, { url, pid: process.pid })
    expect(readConnection(folder).kind).toBe('running')
  })

  test('is removed only where it is ours', () => {
    writeConnection(folder, { url, pid: process.ppid })
    removeConnection(folder)
    expect(existsSync(file())).toBe(true)
    writeConnection(folder, { url, pid: process.pid })
    removeConnection(folder)
    expect(existsSync(file())).toBe(false)
    removeConnection(folder)
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another shape', '[1]'],
    ['null', 'null'],
    ['another host', JSON.stringify({ url: url.replace('127.0.0.1', 'evil.example'), pid: process.pid })],
    ['a user in the URL', JSON.stringify({ url: url.replace('127.0.0.1', '127.0.0.1@evil.example'), pid: process.pid })],
    ['a line after the URL', JSON.stringify({ url: `${url}\n`, pid: process.pid })],
    ['a process group', JSON.stringify({ url, pid: -1 })],
    ['a pid of 0', JSON.stringify({ url, pid: 0 })],
    ['a pid that is text', JSON.stringify({ url, pid: String(process.pid) })],
    ['a pid that is no integer', JSON.stringify({ url, pid: 1.5 })],
    ['too much', JSON.stringify({ url, pid: process.pid, padding: 'x'.repeat(5_000) })],
  ])('that holds %s is no running app', (_, text) => {
    writeFileSync(file(), text)
    expect(readConnection(folder)).toEqual({ kind: 'not-running' })
    removeConnection(folder)
    expect(existsSync(file())).toBe(true)
  })

  test.skipIf(process.platform === 'win32')('that is a pipe, a link or a folder is no running app', () => {
    spawnSync('mkfifo', [file()])
    expect(readConnection(folder)).toEqual({ kind: 'not-running' })
    rmSync(file())
    writeFileSync(join(folder, 'elsewhere'), JSON.stringify({ url, pid: process.pid }))
    symlinkSync(join(folder, 'elsewhere'), file())
    expect(readConnection(folder)).toEqual({ kind: 'not-running' })
    rmSync(file())
    mkdirSync(file())
    expect(readConnection(folder)).toEqual({ kind: 'not-running' })
  })
})
