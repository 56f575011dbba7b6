import { dirname, join } from 'node:path'
import { readFileSync, statSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { seedDeliveries } from '../bench/seed.ts'
import { startApp, temporaryProfile } from './support/app.ts'
import { ask, field, go, home, list, pane, rows, visit } from './support/desk.ts'
import { hostileDeliveries, hostileTexts } from './support/hostile.ts'

/** What of the page must never be there, wherever it looks like text. */
async function expectSealed(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const wide = [...document.querySelectorAll('body *')].filter((one) => {
      const { overflowX } = getComputedStyle(one)
      return (overflowX === 'auto' || overflowX === 'scroll') && one.scrollWidth > one.clientWidth + 1
    })
    return {
      pwned: 'pwned' in window,
      foreign: [
        ...document.querySelectorAll('script:not([src^="./"]):not([src^="/"]), iframe, object, embed, base, meta[http-equiv=refresh]'),
      ].map((one) => one.outerHTML.slice(0, 100)),
      links: [...document.querySelectorAll('a[href]')]
        .map((one) => one.getAttribute('href') ?? '')
        .filter((href) => !href.startsWith('#/')),
      images: document.querySelectorAll('img, form[action]').length,
      isTooWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      scrolling: wide.map((one) => `${one.tagName}.${one.className} ${one.getAttribute('aria-label') ?? ''}`),
      overrides: [...document.querySelectorAll('body *')]
        .filter((one) => !['INPUT', 'TEXTAREA', 'CODE'].includes(one.tagName))
        .flatMap((one) => [...one.childNodes])
        .filter(
          (node) =>
            node.nodeType === Node.TEXT_NODE && /[\u202A-\u202E\u2066-\u2069\u200B\u{E0000}-\u{E007F}\0]/u.test(node.textContent ?? ''),
        )
        .map((node) => (node.parentElement?.outerHTML ?? '').slice(0, 160)),
    }
  })
  expect(found, where).toEqual({ pwned: false, foreign: [], links: [], images: 0, isTooWide: false, scrolling: [], overrides: [] })
}

/** Opens all that is folded in the pane, and what was folded in that. Thousands of clicks by the mouse would take minutes. */
async function unfold(page: Page): Promise<void> {
  for (let depth = 0; depth < 8; depth++) {
    const opened = await pane(page).evaluate((box) => {
      const folded = box.querySelectorAll<HTMLElement>('button[aria-expanded=false], details:not([open]) > summary')
      for (const one of folded) one.click()
      return new Promise<number>((done) => requestAnimationFrame(() => done(folded.length)))
    })
    if (opened === 0) return
  }
}

test('hostile text is text in every place it can appear: nothing runs, is asked for, leads away, or breaks the page', async () => {
  test.setTimeout(240_000)
  const profile = temporaryProfile()
  await seedDeliveries({ profile: profile.path, endAt: Date.now(), deliveries: hostileDeliveries(Date.now()) })
  const { electron, page } = await startApp(profile.path)
  const asked: string[] = []
  const troubles: string[] = []
  let dialogs = 0
  page.on('request', (request) => asked.push(request.url()))
  page.on('dialog', (dialog) => {
    dialogs += 1
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => troubles.push(String(error)))
  try {
    for (const size of [
      { width: 1280, height: 860 },
      { width: 900, height: 600 },
    ]) {
      await electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height), size)
      const at = (place: string) => `${place}, ${size.width}`
      await home(page)
      expect(await page.evaluate(() => document.documentElement.clientWidth)).toBe(size.width)
      await expectSealed(page, at('list and facets'))
      // Every detection, open, with its tree, its tokens and its history.
      const total = hostileTexts.length
      await expect(rows(page).first()).toHaveAttribute('aria-setsize', String(total))
      await list(page).press('Home')
      await page.keyboard.press('Enter')
      for (let row = 0; row < (size.width === 900 ? 8 : total); row++) {
        await expect(pane(page)).toHaveAttribute('aria-busy', 'false')
        await expect(pane(page).getByRole('heading', { level: 2 })).toBeVisible()
        await unfold(page)
        await expectSealed(page, at(`pane of row ${row}`))
        await list(page).press('ArrowDown')
        await page.waitForTimeout(160)
      }
      await home(page)
      const facets = page.getByRole('complementary', { name: 'Narrow down' })
      // One that was unfolded says so: each is the first of those that are left.
      const more = facets.getByRole('button', { name: /^\d+ more/ })
      for (let left = await more.count(); left > 0; left--) await more.first().click()
      await expect(more).toHaveCount(0)
      await expectSealed(page, at('all facets'))
      for (const name of ['Entities', 'Posture', 'ATT&CK', 'Inbox', 'Connections', 'Settings']) {
        await go(page, name)
        await page.waitForTimeout(300)
        await expectSealed(page, at(name))
      }
      for (const text of size.width === 900 ? hostileTexts.slice(-8) : hostileTexts) {
        await visit(page, `entities/${encodeURIComponent(text)}`)
        await expect(page.getByRole('region', { name: 'Entity' })).toBeVisible()
        await page.waitForTimeout(60)
        await expectSealed(page, at(`entity ${text.slice(0, 40)}`))
      }
      await visit(page, 'digest')
      await page.getByRole('radio', { name: '7 days' }).check({ force: true })
      await page.waitForTimeout(300)
      await expectSealed(page, at('digest'))
      await visit(page, `posture?framework=${encodeURIComponent(hostileTexts[1] ?? '')}`)
      await page.waitForTimeout(300)
      await expectSealed(page, at('compliance'))
    }

    await test.step('in completion, the palette, saved views, notices, labels, notes and the dialog of exports', async () => {
      await home(page)
      for (const begins of ['type:', 'source:', 'entity:', 'technique:', 'label:']) {
        await field(page).fill(begins)
        await page.waitForTimeout(250)
        await expectSealed(page, `completion of ${begins}`)
      }
      await page.keyboard.press('Escape')
      await home(page)
      for (const [index, text] of hostileTexts
        .filter((one) => one.trim() !== '')
        .slice(-20)
        .entries()) {
        const name = text.slice(0, 80)
        await ask(page, 'view:save', {
          id: null,
          name,
          address: `timeline?q=${encodeURIComponent(`"${text.replace(/["\\]/g, '')}"`)}`,
          isPinned: index < 12,
        })
        await ask(page, 'settings:write', { recentSearches: [text.slice(0, 200)] })
      }
      await expectSealed(page, 'rail')
      await page.keyboard.press('Control+k')
      await page.waitForTimeout(200)
      await expectSealed(page, 'palette')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Manage saved views' }).click()
      await page.waitForTimeout(200)
      await expectSealed(page, 'saved views')
      await page
        .getByRole('button', { name: /^Remove .*(⟨RLO⟩|\u202E)/ })
        .first()
        .click()
      await page.getByText(/was removed\./).waitFor()
      await expectSealed(page, 'a view that was removed')
      await page.keyboard.press('Escape')
      const { detections } = (await ask(page, 'timeline:page', {
        text: '',
        range: null,
        before: null,
        skip: 0,
        limit: 200,
      } as never)) as unknown as {
        detections: { id: string; organizationId: string }[]
      }
      const [one] = detections
      for (const text of hostileTexts) {
        const of = { kind: 'keys', keys: [{ id: one?.id, organizationId: one?.organizationId }] } as never
        await ask(page, 'triage:write', { of, change: { note: text, addLabel: text.slice(0, 60) } })
        await electron.evaluate(
          ({ BrowserWindow }, words) =>
            BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'notice:raised', {
              id: 'hostile',
              tone: 'trouble',
              title: words,
              text: words,
            }),
          text,
        )
      }
      await rows(page).last().waitFor()
      await page.waitForTimeout(300)
      await expectSealed(page, 'notices')
      await visit(page, `timeline?open=${encodeURIComponent(one?.organizationId ?? '')}/${encodeURIComponent(one?.id ?? '')}`)
      await expect(pane(page).getByRole('heading', { name: /^Notes, / })).toBeVisible()
      await expectSealed(page, 'notes and labels')
      await page.keyboard.press('Escape')
      for (const text of [hostileTexts[1] ?? '', 'שלום '.concat('X'.repeat(400))]) {
        await visit(page, `timeline?q=${encodeURIComponent(text)}`)
        await page.waitForTimeout(400)
        await expectSealed(page, `no match of ${text.slice(0, 20)}`)
      }
      await home(page)
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      await expectSealed(page, 'export')
      await page.keyboard.press('Escape')
    })

    await test.step('in a report, as a page', async () => {
      const report = join(dirname(profile.path), 'report.html')
      await electron.evaluate(({ dialog }, to) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: to })
      }, report)
      await go(page, 'Posture')
      await page.getByRole('button', { name: 'Report as HTML…' }).click()
      await expect.poll(() => statSync(report, { throwIfNoEntry: false })?.size ?? 0).toBeGreaterThan(1_000)
      const text = readFileSync(report, 'utf8')
      expect(text).not.toMatch(/<(script|img|iframe|svg\/|link|base|meta http-equiv="refresh"|a href="https:\/\/evil)/i)
      expect(text).not.toContain('\u202E')
    })

    await test.step('what overrides and hides is made visible', async () => {
      await home(page)
      await field(page).fill('exe')
      await field(page).press('Enter')
      await expect(rows(page).filter({ hasText: 'RLO' }).first()).toBeVisible()
      await expect(rows(page).first()).toHaveAttribute('aria-label', /⟨RLO⟩/)
    })

    expect(
      asked.filter((url) => !url.startsWith('app://tocsin/')),
      'nothing is asked for',
    ).toEqual([])
    expect(dialogs).toBe(0)
    expect(troubles).toEqual([])
    expect(page.url()).toMatch(/^app:\/\/tocsin\/(index\.html)?#\//)
    expect(electron.windows().length).toBe(1)
  } finally {
    await electron.close()
    profile.remove()
  }
})
