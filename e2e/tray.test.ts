import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { spawnApp, killHard, listening, startApp, temporaryProfile, tocsin } from './support/app.ts'
import { address, go, rows } from './support/desk.ts'
import { openSessionBus } from './support/session-bus.ts'
import { openTrayHost } from './support/tray-host.ts'
import { trayMenu } from './support/tray-menu.ts'

test('the tray names the newest, opens exactly that one, and mutes', async () => {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  const host = await openTrayHost(bus.env)
  const app = await startApp(profile.path, bus.env)
  try {
    await expect.poll(async () => (await trayMenu(bus.env))?.labels).toContain('Mute for 1 hour')
    expect((await tocsin(profile.path, 'simulate', '--count', '8', '--seed', 'tray')).code).toBe(0)
    const newest = rows(app.page).first()
    await expect(newest).toBeVisible()
    await expect.poll(async () => (await trayMenu(bus.env))?.labels.length).toBe(1 + 5 + 2 + 2)
    const { labels, tooltip } = (await trayMenu(bus.env)) ?? { labels: [], tooltip: '' }
    expect(tooltip).toMatch(/^Tocsin: listening, [1-9] unread$/)

    await go(app.page, 'Settings')
    await trayMenu(bus.env, labels[1])
    await expect.poll(() => address(app.page)).toMatch(/^#\/timeline\?.*open=/)
    const [, type = ''] = /^Demo: (.*?) · /.exec(labels[1] ?? '') ?? []
    expect(type, 'what was simulated says so').not.toBe('')
    await expect(app.page.getByRole('complementary').getByRole('heading', { name: type })).toBeVisible()

    await trayMenu(bus.env, 'Mute for 1 hour')
    await expect.poll(async () => (await trayMenu(bus.env))?.labels).toContain('Unmute')
    expect((await trayMenu(bus.env))?.tooltip).toMatch(/muted until (.* )?\d\d:\d\d/)
    await expect(app.page.getByText(/Muted until (.* )?\d\d:\d\d/)).toBeVisible()
    await trayMenu(bus.env, 'Unmute')
    await expect.poll(async () => (await trayMenu(bus.env))?.labels).toContain('Mute for 1 hour')
  } finally {
    await app.electron.close()
    await host.close()
    await bus.close()
    profile.remove()
  }
})

test('Tocsin starts at login where the user wants it, and then without its window', async () => {
  const profile = temporaryProfile()
  const config = mkdtempSync(join(tmpdir(), 'tocsin-config-'))
  const bus = await openSessionBus()
  const host = await openTrayHost(bus.env)
  const env = { ...bus.env, XDG_CONFIG_HOME: config }
  const entry = join(config, 'autostart', 'tocsin.desktop')
  try {
    const app = await startApp(profile.path, env)
    await go(app.page, 'Settings')
    const box = app.page.getByRole('checkbox', { name: /log in/i })
    await box.check()
    await expect.poll(() => readOrNothing(entry)).toMatch(/^Exec=.*"--hidden"$/m)
    await box.uncheck()
    await expect.poll(() => readOrNothing(entry)).toBe('')
    await app.electron.close()

    const hidden = spawnApp(profile.path, { env, args: ['--hidden'] })
    await listening(profile.path, hidden.pid)
    await expect.poll(async () => (await trayMenu(bus.env))?.labels).toContain('Open Tocsin')
    await killHard(hidden)
  } finally {
    await host.close()
    await bus.close()
    profile.remove()
    rmSync(config, { recursive: true, force: true })
  }
})

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
