import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { seedHistory } from '../bench/seed.ts'
import type { Bridge } from '../src/shared/ipc.ts'
import { launchApp, temporaryProfile } from './support/app.ts'
import { seedWays } from './support/ways.ts'

const go = (page: Page, view: string) => page.getByRole('navigation', { name: 'Views' }).getByText(view).first().click()

async function testOf(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Test ${name}` }).click()
  await expect(page.getByRole('list', { name: `Steps of the test of ${name}` }).getByText('failed')).toBeVisible({ timeout: 20_000 })
}

async function chooseTunnel(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: /^A tunnel/ }).click()
}

async function search(page: Page, text: string): Promise<void> {
  await go(page, 'Timeline')
  await page.getByLabel('Search the history').fill(text)
  await page.waitForTimeout(500)
}

/** Leaves the guide where the next theme finds it at its beginning. */
async function goLater(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: 'To all connections' }).click()
}

for (const isFilled of [true, false]) {
  test(`axe finds nothing serious in any view, in both themes, ${isFilled ? 'with a history' : 'with nothing received'}`, async () => {
    test.setTimeout(180_000)
    const profile = temporaryProfile()
    if (isFilled) {
      await seedHistory({ profile: profile.path, count: 60, seed: 'axe', endAt: Date.now(), spanMs: 86_400_000 })
      seedWays(profile.path)
    }
    const { electron, page } = await launchApp(profile.path)
    const views: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['timeline', () => go(page, 'Timeline')],
      ...(isFilled
        ? ([
            ['detection', () => page.getByRole('option').nth(1).click()],
            ['search refused', () => search(page, 'kind:threat tipe:x')],
            ['export', () => page.getByRole('button', { name: 'Export', exact: true }).click()],
            [
              'help',
              async () => {
                await page.keyboard.press('Escape')
                await search(page, '')
                await page.getByRole('button', { name: /^Keys/ }).click()
              },
            ],
            [
              'export under way and done',
              async () => {
                await page.keyboard.press('Escape')
                await electron.evaluate(({ BrowserWindow }) => {
                  const told = { kind: 'export', title: 'Export', done: 1, total: 2 }
                  const states = [{ kind: 'running' }, { kind: 'done', detail: '60 detections exported.' }]
                  for (const [id, state] of states.entries())
                    BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'task:changed', { ...told, id: String(id), state })
                })
              },
            ],
          ] as const)
        : []),
      ['connections', () => go(page, 'Connections')],
      ...(isFilled
        ? ([
            ['test of a way in', () => testOf(page, 'Tocsin relay')],
            ['a way in, edited', () => page.getByRole('button', { name: 'Edit Team stream' }).click()],
          ] as const)
        : []),
      ['connect', () => page.getByRole('button', { name: 'Add a way in' }).click()],
      ['connect: relay', () => page.getByRole('button', { name: /^Tocsin relay/ }).click()],
      ['connect: tunnel', () => chooseTunnel(page)],
      ['connections again', () => goLater(page)],
      ['quarantine', () => page.getByRole('link', { name: /Quarantine/ }).click()],
      ['drift', () => page.getByRole('link', { name: /Drift/ }).click()],
      ['settings', () => go(page, 'Settings')],
    ]
    try {
      for (const theme of ['dark', 'light'] as const) {
        await page.evaluate((chosen) => (window as unknown as { tocsin: Bridge }).tocsin.invoke('settings:write', { theme: chosen }), theme)
        for (const [name, open] of views) {
          await open()
          await page.waitForTimeout(150)
          const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
          const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          expect(
            serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`),
            `${name}, ${theme}`,
          ).toEqual([])
        }
      }
    } finally {
      await electron.close()
      profile.remove()
    }
  })
}
