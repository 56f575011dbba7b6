import { once } from 'node:events'
import { expect, test } from '@playwright/test'
import { spawnApp, startApp, temporaryProfile, tocsin, detections } from './support/app.ts'
import { address, go, visit, rows } from './support/desk.ts'
import { openSessionBus } from './support/session-bus.ts'
import { openTrayHost } from './support/tray-host.ts'

test('where the desktop has a tray, closing the window ends the window and not the receiver', async () => {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  const host = await openTrayHost(bus.env)
  const app = await startApp(profile.path, bus.env)
  try {
    const bounds = { x: 60, y: 40, width: 1_010, height: 690 }
    await app.electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setBounds(to), bounds)
    await visit(app.page, 'entities/somebody')
    await expect(app.page.getByRole('region', { name: 'Entity' })).toBeVisible()
    const closed = app.page.waitForEvent('close')
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    await closed
    expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0)
    expect((await tocsin(profile.path, 'simulate', '--count', '10', '--seed', 'closed')).code).toBe(0)

    // What came in meanwhile is there when the window is opened again.
    const opened = app.electron.waitForEvent('window')
    const [code] = await once(spawnApp(profile.path, { env: bus.env }), 'exit')
    expect(code, 'the second start leaves without trouble').toBe(0)
    const page = await opened
    // Where it was, and with what it showed.
    await expect(page.getByRole('region', { name: 'Entity' })).toBeVisible()
    expect(await address(page)).toBe('#/entities/somebody')
    expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())).toEqual(bounds)
    await go(page, 'Timeline')
    const kept = await detections(profile.path)
    await expect(rows(page).first()).toHaveAttribute('aria-setsize', String(kept.length))
  } finally {
    await app.electron.close()
    await host.close()
    await bus.close()
    profile.remove()
  }
})

test('where the desktop has no tray, closing minimises, says so, and goes on receiving', async () => {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  const app = await startApp(profile.path, bus.env)
  try {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    await expect.poll(() => bus.calls().map(({ title }) => title)).toContain('Tocsin keeps listening, minimised')
    expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
    expect((await tocsin(profile.path, 'simulate', '--count', '10', '--seed', 'minimised')).code).toBe(0)
    await expect(app.page.getByText('This desktop has no tray')).toBeVisible()
  } finally {
    await app.electron.close()
    await bus.close()
    profile.remove()
  }
})

test('a second start shows the window of the first, and opens no history', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    for (let start = 0; start < 5; start++) {
      const [code] = await once(spawnApp(profile.path), 'exit')
      expect(code).toBe(0)
    }
    await expect
      .poll(() => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible())))
      .toEqual([true])
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('a click on a notification opens exactly that detection', async () => {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  const app = await startApp(profile.path, bus.env)
  try {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    await tocsin(profile.path, 'simulate', '--count', '1', '--seed', 'click')
    await expect.poll(() => bus.calls().length).toBe(1)
    const [detection] = await detections(profile.path)
    await bus.click(1)
    await expect(app.page.getByRole('heading', { name: detection?.type ?? '' })).toBeVisible()
    await expect.poll(() => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true)
  } finally {
    await app.electron.close()
    await bus.close()
    profile.remove()
  }
})
