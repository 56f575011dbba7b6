import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createStartAtLogin, type LoginItems } from './start-at-login.ts'

function setUp(more: { readonly platform?: string; readonly command?: readonly string[]; readonly env?: Record<string, string> } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'tocsin-login-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  let item: string | null = null
  let takes = true
  const loginItems: LoginItems = {
    getLoginItemSettings: ({ args }) => ({ openAtLogin: item === args.join(' ') }),
    setLoginItemSettings({ openAtLogin, args }) {
      if (takes) item = openAtLogin ? args.join(' ') : null
    },
  }
  const { platform = 'linux', command = ['/opt/Tocsin/tocsin'], env = {} } = more
  const login = createStartAtLogin({ platform, env, home, command, loginItems })
  const folder = join(home, '.config', 'autostart')
  return { login, home, folder, file: join(folder, 'tocsin.desktop'), refuse: () => (takes = false), item: () => item }
}

test('on Linux an entry of autostart is written and removed, and what the desktop made of it is read', () => {
  const { login, folder, file } = setUp()
  expect(login.read()).toBe(false)
  expect(login.write(true)).toEqual({ kind: 'written' })
  expect(readdirSync(folder)).toEqual(['tocsin.desktop'])
  expect(readFileSync(file, 'utf8')).toContain('\nExec="/opt/Tocsin/tocsin" "--hidden"\n')
  expect(login.read()).toBe(true)
  writeFileSync(file, `${readFileSync(file, 'utf8')}Hidden=true\n`)
  expect(login.read()).toBe(false)
  expect(login.write(false)).toEqual({ kind: 'written' })
  expect(readdirSync(folder)).toEqual([])
  expect(login.write(false)).toEqual({ kind: 'written' })
})

test('the folder of configuration is that of the environment, and an AppImage starts as one', () => {
  const { login, home } = setUp()
  const config = join(home, 'elsewhere')
  const other = createStartAtLogin({
    platform: 'linux',
    env: { XDG_CONFIG_HOME: config, APPIMAGE: '/home/me/Tocsin.AppImage' },
    home,
    command: ['/tmp/.mount/tocsin'],
    loginItems: { getLoginItemSettings: () => ({ openAtLogin: false }), setLoginItemSettings: () => {} },
  })
  other.write(true)
  expect(readFileSync(join(config, 'autostart', 'tocsin.desktop'), 'utf8')).toContain('Exec="/home/me/Tocsin.AppImage" "--hidden"')
  expect(login.read()).toBe(false)
})

test('a path of any characters is one argument, as the Desktop Entry specification has it', () => {
  const { login, file } = setUp({ command: ['/opt/a b/$x`"\\%u', '/app'] })
  login.write(true)
  // Read back by its two rules: of strings, then of Exec.
  const line = /^Exec=(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  const text = line.replace(/\\\\/g, '\\')
  const read = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = '']) => inner.replace(/\\(.)/g, '$1').replace(/%%/g, '%'))
  expect(read).toEqual(['/opt/a b/$x`"\\%u', '/app', '--hidden'])
})

test('what cannot be written is refused in words', () => {
  const { login, home } = setUp()
  writeFileSync(join(home, '.config'), 'a file where a folder should be')
  expect(login.write(true)).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/could not be written .*The setting is as it was/) as string,
  })
  rmSync(join(home, '.config'))
  mkdirSync(join(home, '.config', 'autostart', 'tocsin.desktop'), { recursive: true })
  expect(login.write(false)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('could not be removed') as string })
})

test('elsewhere it is a login item of the system, which may not take it', () => {
  const { login, refuse } = setUp({ platform: 'darwin' })
  expect(login.write(true)).toEqual({ kind: 'written' })
  expect(login.read()).toBe(true)
  refuse()
  expect(login.write(false)).toMatchObject({ kind: 'refused' })
})

test('on Windows the folder of an app that is not packaged is one argument of its item', () => {
  const { login, item } = setUp({ platform: 'win32', command: ['C:\\electron.exe', 'C:\\My Apps\\tocsin'] })
  expect(login.write(true)).toEqual({ kind: 'written' })
  expect(item()).toBe('"C:\\My Apps\\tocsin" --hidden')
  expect(login.read()).toBe(true)
  expect(login.write(false)).toEqual({ kind: 'written' })
  expect(item()).toBe(null)
})

test('a packaged app is its own item, and needs no folder', () => {
  const { login, item } = setUp({ platform: 'win32', command: ['C:\\Tocsin.exe'] })
  login.write(true)
  expect(item()).toBe('--hidden')
})
