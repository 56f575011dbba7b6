import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from '@playwright/test'
import type { Bridge } from '../../src/shared/ipc.ts'
import { seedHistory } from '../../bench/seed.ts'
import { launchApp, root, temporaryProfile, type RunningApp } from '../support/app.ts'

const out = resolve(process.env['INIT_CWD'] ?? root, process.env['SCREENSHOTS_OUT'] ?? 'screenshots')
const rows = Number(process.env['SCREENSHOTS_ROWS'] ?? 240)
const dayMs = 86_400_000
const themes = ['dark', 'light'] as const
const sizes = { large: { width: 1440, height: 900 }, normal: { width: 1200, height: 760 }, small: { width: 900, height: 600 } } as const

type Page = RunningApp['page']
type View = { readonly name: string; readonly filled: boolean; open(page: Page): Promise<void> }

const go = (view: string) => (page: Page) => page.getByRole('navigation', { name: 'Views' }).getByText(view).first().click()
const views: readonly View[] = [
  { name: 'timeline', filled: true, open: go('Timeline') },
  {
    name: 'detection',
    filled: true,
    async open(page) {
      await go('Timeline')(page)
      await page.getByRole('option').nth(1).click()
      await page.getByRole('complementary', { name: 'Detection' }).getByRole('heading').first().waitFor()
    },
  },
  {
    name: 'no-match',
    filled: true,
    async open(page) {
      await go('Timeline')(page)
      await page.getByLabel('Search the history').fill('nothing has these words')
      await page.waitForTimeout(600)
    },
  },
  { name: 'connections', filled: true, open: go('Connections') },
  {
    name: 'quarantine',
    filled: true,
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('link', { name: /Quarantine/ }).click()
    },
  },
  {
    name: 'drift',
    filled: true,
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('link', { name: /Drift/ }).click()
    },
  },
  { name: 'settings', filled: true, open: go('Settings') },
  { name: 'empty', filled: false, open: go('Timeline') },
  { name: 'connections-empty', filled: false, open: go('Connections') },
]

for (const isFilled of [true, false]) {
  test(`pictures of every view, ${isFilled ? `${rows} deliveries` : 'nothing received'}`, async () => {
    test.setTimeout(300_000)
    mkdirSync(out, { recursive: true })
    const profile = temporaryProfile()
    if (isFilled) await seedHistory({ profile: profile.path, count: rows, seed: 'screenshots', endAt: Date.now(), spanMs: 9 * dayMs })
    const { electron, page } = await launchApp(profile.path)
    try {
      for (const theme of themes) {
        await page.evaluate((chosen) => (window as unknown as { tocsin: Bridge }).tocsin.invoke('settings:write', { theme: chosen }), theme)
        for (const [size, bounds] of Object.entries(sizes)) {
          await electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height), bounds)
          for (const view of views.filter(({ filled }) => filled === isFilled)) {
            await page.keyboard.press('Escape')
            await view.open(page)
            await page.waitForTimeout(250)
            await page.screenshot({ path: join(out, `${view.name}-${theme}-${size}.png`) })
            if (view.name === 'no-match') await page.getByLabel('Search the history').fill('')
          }
        }
      }
    } finally {
      await electron.close()
      profile.remove()
    }
  })
}
