import { expect, test, type Page } from '@playwright/test'
import type { DetectionKey } from '../src/shared/detection.ts'
import type { Bridge } from '../src/shared/ipc.ts'
import { detections, killHard, startApp, temporaryProfile, tocsin } from './support/app.ts'
import { openSessionBus } from './support/session-bus.ts'

const timeline = (page: Page) => page.getByRole('listbox', { name: /^Detections/ })

test('20 simulated deliveries become rows and native notifications, and survive kill -9 and a restart', async () => {
  const profile = temporaryProfile()
  const bus = await openSessionBus()
  try {
    const app = await startApp(profile.path, bus.env)
    // Notifications are for those who do not look at the timeline already.
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    const simulated = await tocsin(profile.path, 'simulate', '--count', '20', '--seed', 'way')
    expect(simulated).toMatchObject({ code: 0, stdout: 'sent 20, acknowledged 20, refused 0\n' })

    const kept = await detections(profile.path)
    expect(new Set(kept.map(({ id }) => id)).size).toBe(kept.length)
    expect(kept.length).toBeGreaterThanOrEqual(12)
    expect(kept.length).toBeLessThan(20)
    await expect.poll(() => bus.calls().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
    expect(bus.calls().length, 'a burst is summed up').toBeLessThanOrEqual(4)
    for (const call of bus.calls()) expect(call.title).toMatch(/^Demo: /)

    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
    await expect(timeline(app.page).getByRole('option').first()).toHaveAttribute('aria-setsize', String(kept.length))

    await killHard(app.electron.process())
    const again = await startApp(profile.path, bus.env)
    await expect(timeline(again.page).getByRole('option').first()).toHaveAttribute('aria-setsize', String(kept.length))
    expect(again.url, 'a registered address goes on working').toBe(app.url)
    expect(await detections(profile.path)).toEqual(kept)
    await again.electron.close()
  } finally {
    await bus.close()
    profile.remove()
  }
})

test('a first start says what to do, and its sample goes the whole way to an open detail pane', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    await expect(app.page.getByRole('heading', { name: 'Nothing has arrived yet' })).toBeVisible()
    await app.page.getByRole('button', { name: 'Send a sample detection' }).click()
    const row = timeline(app.page).getByRole('option')
    await expect(row).toHaveCount(1)
    await expect(row).toContainText('verified')
    const [sample] = await detections(profile.path)
    await expect(app.page.getByRole('heading', { name: sample?.type ?? '' })).toBeVisible()
    await expect(app.page.getByText('listening').first()).toBeVisible()
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('a status change updates its row and is recorded as a transition', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    await tocsin(profile.path, 'simulate', '--count', '60', '--seed', 'transitions')
    const resolved = (await detections(profile.path)).filter(({ status }) => status === 'resolved')
    expect(resolved.length).toBeGreaterThan(0)
    const [first] = resolved
    const detail = await app.page.evaluate((key) => (window as unknown as { tocsin: Bridge }).tocsin.invoke('detection:open', key), {
      organizationId: first?.organizationId,
      id: first?.id,
    } as DetectionKey)
    expect(detail?.transitions.map(({ from, to }) => [from, to])).toEqual(
      expect.arrayContaining([
        [null, 'ongoing'],
        ['ongoing', 'resolved'],
      ]),
    )
    expect(detail?.detection.resolvedAt).toBe(detail?.transitions.at(-1)?.at)
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('the same detections are there after a quit and another start', async () => {
  const profile = temporaryProfile()
  const first = await startApp(profile.path)
  await tocsin(profile.path, 'simulate', '--count', '5', '--seed', 'again')
  const kept = await detections(profile.path)
  await first.electron.close()
  const second = await startApp(profile.path)
  try {
    await expect(timeline(second.page).getByRole('option')).toHaveCount(kept.length)
    expect(await detections(profile.path)).toEqual(kept)
  } finally {
    await second.electron.close()
    profile.remove()
  }
})

test('after a burst larger than a page every detection can be reached in the window', async () => {
  test.setTimeout(120_000)
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    expect((await tocsin(profile.path, 'simulate', '--count', '1', '--seed', 'first')).code).toBe(0)
    await expect(timeline(app.page).getByRole('option')).toHaveCount(1)
    expect((await tocsin(profile.path, 'simulate', '--count', '600', '--seed', 'burst')).code).toBe(0)
    const kept = await detections(profile.path)
    const list = timeline(app.page)
    // The size of the whole list is known, and said, once the oldest is loaded.
    await expect
      .poll(
        async () => {
          await list.press('End')
          return list.getByRole('option').last().getAttribute('aria-setsize')
        },
        { timeout: 30_000 },
      )
      .toBe(String(kept.length))
  } finally {
    await app.electron.close()
    profile.remove()
  }
})
