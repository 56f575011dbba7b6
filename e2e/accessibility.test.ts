import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import type { Bridge } from '../src/shared/ipc.ts'
import { launchApp, temporaryProfile, type RunningApp } from './support/app.ts'
import { ask, list, pane, rail, rows, visit } from './support/desk.ts'
import { fillRules } from './support/rules.ts'
import { framework, hero, seedDesk } from './support/seeds.ts'
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

async function closed(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
}

async function unmarked(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
}

async function complete(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Show as table' }).click()
  await page.getByLabel('Search the history').fill('')
  await page.getByLabel('Search the history').press('ArrowDown')
  await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeVisible()
}

async function fromPalette(page: Page, words: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Find a command' }).fill(words)
  await page.keyboard.press('Enter')
}

/** Leaves the guide where the next theme finds it at its beginning. */
async function goLater(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: 'To all connections' }).click()
}

for (const isFilled of [true, false]) {
  test(`axe finds nothing serious in any view, in both themes, ${isFilled ? 'with a history' : 'with nothing received'}`, async () => {
    test.setTimeout(240_000)
    const profile = temporaryProfile()
    if (isFilled) {
      await seedDesk({ profile: profile.path, count: 60, seed: 'axe', endAt: Date.now() })
      seedWays(profile.path)
    }
    const { electron, page } = await launchApp(profile.path)
    if (isFilled) await fillRules(page)
    const views: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['timeline', () => go(page, 'Timeline')],
      ...(isFilled
        ? ([
            ['detection', () => rows(page).nth(1).click()],
            [
              'selection',
              () =>
                rows(page)
                  .nth(2)
                  .click({ modifiers: ['Control'] }),
            ],
            ['rows menu', () => unmarked(page).then(() => page.getByRole('button', { name: 'Rows', exact: true }).click())],
            ['bars as a table', () => page.getByRole('button', { name: 'Show as table' }).click()],
            ['completion', () => complete(page)],
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
      ['inbox', () => closed(page).then(() => go(page, 'Inbox'))],
      ['digest', () => visit(page, 'digest')],
      ['entities', () => go(page, 'Entities')],
      ['entity', () => visit(page, `entities/${hero}`)],
      ['posture', () => go(page, 'Posture')],
      ['compliance', () => visit(page, `posture?framework=${encodeURIComponent(framework)}`)],
      ['ATT&CK', () => go(page, 'ATT&CK')],
      ['rules', () => go(page, 'Rules')],
      ['mutes', () => visit(page, 'rules/mutes')],
      ['mute', () => page.getByRole('button', { name: 'Mute…' }).click()],
      ['suppressions', () => closed(page).then(() => visit(page, 'rules/suppressions'))],
      ['suppress', () => page.getByRole('button', { name: 'Suppress…' }).click()],
      ['a rule', () => closed(page).then(() => visit(page, isFilled ? 'rules/2' : 'rules/new'))],
      // What it would have told comes after a moment.
      ['a rule, tried', () => expect(page.getByText(/^(In|Nothing came in) the last 30 days/)).toBeVisible()],
      ['palette', () => page.keyboard.press('Control+k')],
      ['saved views', () => fromPalette(page, 'manage saved')],
      [
        'save a view',
        () =>
          closed(page)
            .then(() => page.keyboard.press('Control+k'))
            .then(() => fromPalette(page, 'save this')),
      ],
      ['connections', () => closed(page).then(() => go(page, 'Connections'))],
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
          // Only colours differ between the themes.
          const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] })
          const { violations } = await (theme === 'dark' ? axe : axe.withRules(['color-contrast'])).analyze()
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

const places = [
  'timeline',
  'timeline?open=tocsin-demo-organization/hero-stuffing',
  'timeline?q=nothing+like+this',
  'inbox',
  'digest',
  'entities',
  `entities/${hero}`,
  'posture',
  `posture?framework=${encodeURIComponent(framework)}`,
  'attack',
  'connections',
  'connections/connect',
  'connections/quarantine',
  'connections/drift',
  'rules',
  'rules/1',
  'rules/mutes',
  'rules/suppressions',
  'settings',
] as const

async function withDesk(use: (app: Pick<RunningApp, 'electron' | 'page'>) => Promise<void>): Promise<void> {
  const profile = temporaryProfile()
  await seedDesk({ profile: profile.path, count: 60, seed: 'keys', endAt: Date.now() })
  const app = await launchApp(profile.path)
  await fillRules(app.page)
  try {
    await use(app)
  } finally {
    await app.electron.close()
    profile.remove()
  }
}

/** What has the focus, by its name, and whether anything of it looks other than without. */
function focused(page: Page): Promise<{ readonly name: string; readonly isSeen: boolean; readonly isInView: boolean } | null> {
  return page.evaluate(() => {
    const one = document.activeElement
    if (!(one instanceof HTMLElement || one instanceof SVGElement) || one === document.body) return null
    const around = [one, one.parentElement, one.nextElementSibling, ...one.querySelectorAll('*')].filter((part) => part !== null)
    const looks = (): string =>
      around
        .map((part) => getComputedStyle(part))
        .map((style) => [style.outline, style.boxShadow, style.borderColor, style.backgroundColor, style.stroke, style.strokeWidth].join())
        .join(';')
    const { top, bottom, left, right, width } = one.getBoundingClientRect()
    const withFocus = looks()
    one.blur()
    const isSeen = looks() !== withFocus
    one.focus({ preventScroll: true })
    const isInView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth && (width > 0 || one.tagName === 'A')
    const name = one.getAttribute('aria-label') ?? one.closest('label')?.textContent ?? one.textContent ?? ''
    return { name: `${one.tagName} ${one.getAttribute('role') ?? ''} ${name.trim().slice(0, 60)}`, isSeen, isInView }
  })
}

test('every view is walked by keyboard alone: what has the focus is seen, and none keeps it', async () => {
  test.setTimeout(180_000)
  await withDesk(async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' })
    for (const place of places) {
      await visit(page, place)
      await page.waitForTimeout(400)
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      const passed: string[] = []
      for (let press = 0; press < 60; press++) {
        await page.keyboard.press('Tab')
        const now = await focused(page)
        if (now === null) break
        expect(now, `${place}: ${now.name}`).toMatchObject({ isSeen: true, isInView: true })
        passed.push(now.name)
      }
      expect(passed.length, place).toBeGreaterThan(8)
      const [first, second] = [passed.at(-1), passed.at(-2)]
      expect(first === second && second === passed.at(-3), `${place} keeps the focus at ${first}`).toBe(false)
    }
  })
})

test('the way of an alert goes by keyboard: from the inbox to its detection, its entity, and back', async () => {
  await withDesk(async ({ page }) => {
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await expect(rows(page).first()).toBeVisible()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await expect(pane(page).getByRole('heading', { level: 2 })).toBeVisible()
    await pane(page).getByRole('region', { name: 'All about this detection' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('region', { name: 'Entity' })).toBeVisible()
    await page.keyboard.press('Alt+ArrowLeft')
    await expect(pane(page)).toBeVisible()
  })
})

/** What a person would have to scroll sideways for, or could not reach at all. */
function cutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth
    const isScrolledAcross = (one: Element): boolean => {
      for (let at: Element | null = one; at; at = at.parentElement) {
        const { overflowX } = getComputedStyle(at)
        if ((overflowX === 'auto' || overflowX === 'scroll') && at.scrollWidth > at.clientWidth) return true
      }
      return false
    }
    const controls = [...document.querySelectorAll('a, button, input, select, textarea, h1, h2, [role=option]')]
      .filter((one) => one.checkVisibility() && !isScrolledAcross(one))
      .map((one) => ({ one, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && (box.right > wide + 1 || box.left < -1))
      .map(
        ({ one, box }) =>
          `${one.tagName} ${one.getAttribute('aria-label') ?? one.textContent?.trim().slice(0, 40) ?? ''} to ${Math.round(box.right)}`,
      )
    const page = document.documentElement.scrollWidth > wide ? [`the page is ${document.documentElement.scrollWidth} wide`] : []
    return [...page, ...controls.slice(0, 5)]
  })
}

test('nothing is cut off at 900 × 600, nor at 200 %, nor with forced colours', async () => {
  test.setTimeout(120_000)
  await withDesk(async ({ electron, page }) => {
    await ask(page, 'view:save', { id: null, name: 'Open threats', address: 'timeline?q=kind%3Athreat', isPinned: true })
    for (const { name, width, height, zoom, forced } of [
      { name: 'small', width: 900, height: 600, zoom: 1, forced: false },
      { name: '200 %', width: 1280, height: 800, zoom: 2, forced: false },
      { name: 'small at 200 %', width: 900, height: 600, zoom: 2, forced: false },
      { name: 'forced colours', width: 900, height: 600, zoom: 1, forced: true },
    ]) {
      await page.emulateMedia({ forcedColors: forced ? 'active' : 'none', reducedMotion: forced ? 'reduce' : 'no-preference' })
      await electron.evaluate(
        ({ BrowserWindow }, to) => {
          const [window] = BrowserWindow.getAllWindows()
          window?.setContentSize(to.width, to.height)
          window?.webContents.setZoomFactor(to.zoom)
        },
        { width, height, zoom },
      )
      await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width / zoom)
      for (const place of places) {
        await visit(page, place)
        await page.waitForTimeout(250)
        expect(await cutOff(page), `${place}, ${name}`).toEqual([])
      }
      expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), `${name} is no higher than the window`).toBe(0)
      await expect(rail(page).getByRole('link', { name: /^Open threats/ }), name).toBeInViewport({ ratio: 0.9 })
      if (!forced) continue
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
      await visit(page, 'timeline')
      await rows(page)
        .nth(1)
        .click({ modifiers: ['Control'] })
      const ticks = list(page).locator('[data-check] svg')
      await expect(ticks.nth(1), 'a row that is selected has a tick').toBeVisible()
      await expect(ticks.nth(0), 'one that is not has none, whatever the colours').toBeHidden()
    }
  })
})
