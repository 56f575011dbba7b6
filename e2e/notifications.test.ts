import { expect, test } from '@playwright/test'
import { loadDemoSigner } from '../src/main/sample/demo.ts'
import { killHard, startApp, temporaryProfile, type RunningApp } from './support/app.ts'
import { ask, pane } from './support/desk.ts'
import { delivery } from './support/seeds.ts'
import { believedSender, demoSender, type Sender } from './support/sender.ts'
import { openSessionBus, type SessionBus } from './support/session-bus.ts'
import { openTrayHost } from './support/tray-host.ts'

type Desk = { readonly bus: SessionBus; readonly app: RunningApp; readonly sender: Sender; readonly profile: string }

/** A running app that believes a sender, out of sight of the user, and has told nothing yet. */
async function onDesk(work: (desk: Desk) => Promise<void>): Promise<void> {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  const host = await openTrayHost(bus.env)
  const app = await startApp(profile.path, bus.env)
  try {
    await ask(app.page, 'settings:write', { notify: false })
    const sender = await believedSender(profile.path, app.url, 'notifications')
    await expect
      .poll(async () => (await ask(app.page, 'inbox:page', { filter: 'quiet', notification: null, before: null, limit: 9 })).lines)
      .toHaveLength(1)
    await hide(app)
    await ask(app.page, 'settings:write', { notify: true })
    await work({ bus, app, sender, profile: profile.path })
  } finally {
    await app.electron.close().catch(() => undefined)
    await host.close()
    await bus.close()
    profile.remove()
  }
}

const hide = (app: RunningApp) => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())

/** One threat, signed and sent. */
async function threat(
  { sender, profile }: Desk,
  id: string,
  more: { type?: string; entity?: string; confidence?: number } = {},
): Promise<void> {
  const { type = 'CredentialStuffingAttempt', entity = '00u1', confidence = 0.93 } = more
  const content = { entity_id: entity, entity_type: 'okta_user', source_type: 'okta_org', confidence_score: confidence }
  const { claims } = delivery({ id, kind: 'threat', type, status: 'detected', detectedAt: Date.now(), more: content })
  const token = loadDemoSigner(profile).sign({ ...claims, jti: `${id}-${Date.now()}` })
  expect((await sender.send(token)).kind).toBe('acknowledged')
}

test('a threat is told with its urgency, its buttons and no markup, and a click opens it', async () => {
  await onDesk(async (desk) => {
    await threat(desk, 'first', { type: '<b>Stuffing</b>', entity: '<a href="http://evil.example">x</a>' })
    const [call] = await desk.bus.desktop.called(1)
    expect(call).toMatchObject({
      app: 'Tocsin',
      replaces: 0,
      title: 'Demo: <b>Stuffing</b>',
      hints: { urgency: 2, 'desktop-entry': 'tocsin' },
    })
    expect(call?.body).toContain('okta_user &lt;a href=&quot;http://evil.example&quot;&gt;x&lt;/a&gt;')
    expect(call?.actions).toEqual(['default', 'Open', 'acknowledge', 'Acknowledge', 'snooze', 'Snooze for 1 hour'])
    await desk.bus.click(1)
    await expect(pane(desk.app.page).getByRole('heading', { name: '<b>Stuffing</b>' })).toBeVisible()
    await expect.poll(() => desk.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true)
  })
})

test('several are told in the place of the first, and a click opens exactly those, with the window closed', async () => {
  await onDesk(async (desk) => {
    await threat(desk, 'first', { confidence: 0.4 })
    await desk.bus.desktop.called(1)
    await threat(desk, 'second', { entity: '00u2' })
    const [one, two] = await desk.bus.desktop.called(2)
    expect([one?.hints['urgency'], two?.hints['urgency'], two?.replaces]).toEqual([1, 2, 1])
    const closed = desk.app.page.waitForEvent('close')
    await desk.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    await closed
    const opened = desk.app.electron.waitForEvent('window')
    await desk.bus.click(1)
    const page = await opened
    await expect(page.getByText(/^Told together at/)).toBeVisible()
    await expect(page.getByRole('region', { name: 'Inbox' }).getByRole('listitem')).toHaveCount(2)
    await page.getByRole('link', { name: 'Show the whole inbox' }).click()
    await expect(page.getByRole('region', { name: 'Inbox' }).getByRole('listitem')).toHaveCount(3)
  })
})

test('its buttons act on all that was told, with the window closed, and nothing more is said', async () => {
  await onDesk(async (desk) => {
    await threat(desk, 'first')
    await desk.bus.desktop.called(1)
    const closed = desk.app.page.waitForEvent('close')
    await desk.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    await closed
    await desk.bus.click(1, 'acknowledge')
    await expect.poll(() => desk.bus.desktop.closed()).toEqual([1])
    const opened = desk.app.electron.waitForEvent('window')
    await desk.bus.click(1)
    const page = await opened
    await expect(pane(page).getByRole('heading', { name: 'CredentialStuffingAttempt' })).toBeVisible()
    const { lines } = await ask(page, 'inbox:page', { filter: 'told', notification: null, before: null, limit: 9 })
    const key = lines[0]?.key
    if (key === undefined) throw new Error('nothing was told')
    expect((await ask(page, 'detection:open', key))?.detection.triage.state).toBe('acknowledged')
    await desk.bus.click(1, 'snooze')
    await expect.poll(async () => (await ask(page, 'detection:open', key))?.detection.triage.snoozedUntil).not.toBeNull()
    expect(desk.bus.calls()).toHaveLength(1)
  })
})

test('what is to be hidden is not on the bus at all', async () => {
  await onDesk(async (desk) => {
    await ask(desk.app.page, 'settings:write', { notificationContent: 'hidden' })
    await threat(desk, 'first')
    const [call] = await desk.bus.desktop.called(1)
    expect(JSON.stringify(call)).not.toMatch(/Stuffing|00u1|okta/)
    expect(call?.actions).toEqual(['default', 'Open'])
  })
})

test('a click on a notification from before a crash opens the right detection', async () => {
  await onDesk(async (desk) => {
    await threat(desk, 'first')
    await desk.bus.desktop.called(1)
    // What the desktop numbered it is written down after it is shown.
    await expect
      .poll(async () => (await ask(desk.app.page, 'inbox:page', { filter: 'told', notification: null, before: null, limit: 9 })).lines)
      .toHaveLength(1)
    await killHard(desk.app.electron.process())
    const again = await startApp(desk.profile, desk.bus.env)
    try {
      await desk.bus.click(1)
      await expect(pane(again.page).getByRole('heading', { name: 'CredentialStuffingAttempt' })).toBeVisible()
      expect(desk.bus.calls(), 'and nothing is told twice').toHaveLength(1)
    } finally {
      await again.electron.close()
    }
  })
})

test('a service that never answers keeps nothing from being received, is said, and one that starts again is used', async () => {
  await onDesk(async (desk) => {
    desk.bus.desktop.freeze()
    await threat(desk, 'first')
    await desk.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
    await expect(desk.app.page.getByText('Notifications do not reach this desktop')).toBeVisible({ timeout: 15_000 })
    const quiet = await ask(desk.app.page, 'inbox:page', { filter: 'quiet', notification: null, before: null, limit: 9 })
    expect(quiet.lines[0]?.said).toEqual({ kind: 'quiet', because: 'not-shown' })
    await hide(desk.app)
    const service = await desk.bus.restart()
    await threat(desk, 'second', { entity: '00u2' })
    const [call] = await service.called(1)
    expect(call?.replaces).toBe(0)
  })
})

test('a desktop without a notification service is said in words', async () => {
  await onDesk(async (desk) => {
    await desk.bus.desktop.stop()
    await threat(desk, 'first')
    await desk.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
    await expect(desk.app.page.getByText('Notifications do not reach this desktop')).toBeVisible({ timeout: 15_000 })
  })
})

test('10,000 deliveries are told in three notifications at most, in one place', async () => {
  test.setTimeout(240_000)
  await onDesk(async (desk) => {
    const { tokens, send } = demoSender(desk.profile)
    const burst = tokens(10_000, 'burst')
    let next = 0
    let acknowledged = 0
    const lane = async (): Promise<void> => {
      for (let token = burst[next++]; token !== undefined; token = burst[next++])
        if ((await send(desk.app.url, token)).kind === 'acknowledged') acknowledged += 1
    }
    await Promise.all(Array.from({ length: 32 }, lane))
    expect(acknowledged).toBe(10_000)
    await desk.bus.desktop.called(2)
    expect(desk.bus.calls().length).toBeLessThanOrEqual(3)
    expect(desk.bus.calls().map(({ id }) => id)).toEqual(desk.bus.calls().map(() => 1))
  })
})
