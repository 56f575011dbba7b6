import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@playwright/test'
import { startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'
import {
  address,
  chart,
  count,
  field,
  go,
  home,
  list,
  pane,
  pointOf,
  rows,
  runCommand,
  search,
  toolbar,
  visible,
  visit,
} from './support/desk.ts'
import { seedDesk } from './support/seeds.ts'

const profile = temporaryProfile()
let app: RunningApp
let page: RunningApp['page']

test.beforeAll(async () => {
  await seedDesk({ profile: profile.path, count: 270, seed: 'desk', endAt: Date.now() })
  app = await startApp(profile.path)
  page = app.page
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(1280, 860))
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
})
test.beforeEach(() => home(page))

const dayMs = 86_400_000
const rangeOf = async (): Promise<readonly number[]> => {
  const parameters = new URLSearchParams((await address(page)).split('?')[1] ?? '')
  return ['from', 'to'].map((name) => Date.parse(parameters.get(name) ?? ''))
}

test.describe('the chart', () => {
  test('a drag zooms, the list follows, and a double click shows everything again', async () => {
    const all = await count(page)
    const [from, to] = [await pointOf(chart(page), 0.5, 0.2), await pointOf(chart(page), 0.8, 0.2)]
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 6 })
    await page.mouse.up()
    await expect.poll(() => address(page)).toContain('from=')
    await expect(page.getByText('in this range')).toBeVisible()
    const [start = 0, end = 0] = await rangeOf()
    // Whole bars of three tenths of what is shown, which is four weeks at the most.
    expect(end - start).toBeGreaterThan(3 * dayMs)
    expect(end - start).toBeLessThan(11 * dayMs)
    await expect.poll(() => count(page)).toBeLessThan(all)
    // A drag the other way, given up with Escape, changes nothing.
    const before = await address(page)
    await page.mouse.move(to.x, to.y)
    await page.mouse.down()
    await page.mouse.move(from.x, from.y, { steps: 3 })
    await page.keyboard.press('Escape')
    await page.mouse.up()
    expect(await address(page)).toBe(before)

    await page.mouse.dblclick(to.x, to.y)
    await expect.poll(() => address(page)).not.toContain('from=')
    await expect.poll(() => count(page)).toBe(all)
  })

  test('the wheel zooms where the pointer is, and moves the range with Shift', async () => {
    const at = await pointOf(chart(page), 0.6, 0.2)
    await page.mouse.move(at.x, at.y)
    await page.mouse.wheel(0, -600)
    await expect.poll(() => address(page)).toContain('from=')
    const [from = 0, to = 0] = await rangeOf()
    await page.mouse.wheel(-200, 0)
    await expect.poll(async () => (await rangeOf())[0]).toBeLessThan(from)
    const [earlier = 0, end = 0] = await rangeOf()
    expect(Math.abs(end - earlier - (to - from))).toBeLessThan(120_000)
    await page.getByRole('button', { name: 'Show everything' }).click()
    await expect.poll(() => address(page)).not.toContain('from=')
  })

  test('the keys walk from bar to bar, say exact counts and gaps, select, zoom and reset', async () => {
    await chart(page).focus()
    // A click before has left the keys where it was.
    await page.keyboard.press('End')
    const said = page.locator('[aria-live=polite]')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await expect(said.filter({ hasText: /: (\d+|no) threats?.*(\d+|no) posture/ })).toHaveCount(1)
    await expect
      .poll(
        async () => {
          await page.keyboard.press('ArrowLeft')
          // What a key does is said with the next picture.
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
          return said.filter({ hasText: 'not listening' }).count()
        },
        // A bar that is passed quickly is not said.
        { intervals: [400], timeout: 20_000 },
      )
      .toBe(1)
    for (let press = 0; press < 5; press++) await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await expect.poll(() => address(page)).toContain('from=')
    const [from = 0, to = 0] = await rangeOf()
    await page.keyboard.press('-')
    await expect.poll(async () => (await rangeOf())[0]).not.toBe(from)
    await page.keyboard.press('+')
    await page.keyboard.press('PageUp')
    await expect.poll(async () => (await rangeOf())[1]).toBeLessThan(to)
    await page.keyboard.press('0')
    await expect.poll(() => address(page)).not.toContain('from=')
  })

  test('the minimap shows everything, and moves the range of the chart above it', async () => {
    await chart(page).focus()
    await page.keyboard.press('End')
    for (let press = 0; press < 20; press++) await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await expect.poll(() => address(page)).toContain('from=')
    const [from = 0] = await rangeOf()
    const at = await pointOf(chart(page), 0.3, 0.92)
    await page.mouse.click(at.x, at.y)
    await expect.poll(async () => (await rangeOf())[0]).toBeLessThan(from - dayMs)
  })

  test('a click on a bar scrolls the list to what was detected then, and nothing is narrowed', async () => {
    const first = (await visible(page))[0]
    const at = await pointOf(chart(page), 0.4, 0.6)
    await page.mouse.click(at.x, at.y)
    await expect.poll(async () => (await visible(page))[0]).not.toBe(first)
    expect(await address(page)).not.toContain('from=')
    expect(await list(page).evaluate((box) => box.scrollTop)).toBeGreaterThan(500)
  })

  test('a bar is shown in the list by the one of what it counts that changed last', async () => {
    await chart(page).focus()
    await page.keyboard.press('End')
    const said = page.locator('[aria-live=polite]')
    for (let press = 0; press < 12; press++) await page.keyboard.press('ArrowLeft')
    await expect
      .poll(
        async () => {
          await page.keyboard.press('ArrowLeft')
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
          return said.filter({ hasText: /\d threat|\d posture/ }).count()
        },
        { intervals: [100], timeout: 20_000 },
      )
      .toBe(1)
    await page.keyboard.press(' ')
    await expect(list(page)).toHaveAttribute('aria-activedescendant', /^entry-\d+$/)
    const id = (await list(page).getAttribute('aria-activedescendant')) ?? ''
    const name = await list(page).locator(`[id="${id}"]`).getAttribute('aria-label')
    expect(name).toMatch(/./)
    // What the bar counts, as the list has it.
    await page.keyboard.press('Enter')
    await expect.poll(() => address(page)).toContain('from=')
    await expect(page.getByText('in this range')).toBeVisible()
    await expect(rows(page).first()).toHaveAttribute('aria-label', name ?? '')
  })

  test('what the pointer is over is told, and all of it stands in a table', async () => {
    const at = await pointOf(chart(page), 0.9, 0.55)
    await page.mouse.move(at.x, at.y)
    const region = page.getByRole('region', { name: 'Timeline chart' })
    await expect(region.getByText(/\d\d:\d\d–\d\d:\d\d$/)).toBeVisible()
    await page.getByRole('button', { name: 'Show as table' }).click()
    const table = page.getByRole('region', { name: 'The bars as a table' })
    await expect(table.getByRole('columnheader', { name: 'Posture' })).toBeVisible()
    await expect(table.getByRole('row')).not.toHaveCount(1)
    await page.getByRole('button', { name: 'Show as table' }).click()
    await expect(table).toHaveCount(0)
  })
})

test.describe('the list', () => {
  test('every row says its place, and End and Home reach both ends', async () => {
    const all = await count(page)
    await list(page).press('End')
    await expect(rows(page).last()).toHaveAttribute('aria-posinset', String(all))
    await expect(page.getByText('The history begins here')).toBeVisible()
    await list(page).press('Home')
    await expect.poll(() => list(page).evaluate((box) => box.scrollTop)).toBe(0)
  })

  test('rows are marked with x, Shift and arrows, Ctrl and clicks, all at once, and let go with Escape', async () => {
    const selected = toolbar(page).getByRole('status')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await expect(selected).toHaveText('1 selected')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await expect(selected).toHaveText('3 selected')
    await rows(page)
      .nth(6)
      .click({ modifiers: ['Control'] })
    await expect(selected).toHaveText('4 selected')
    await rows(page)
      .nth(8)
      .click({ modifiers: ['Shift'] })
    await expect(rows(page).nth(8)).toHaveAttribute('aria-selected', 'true')
    await rows(page)
      .nth(7)
      .click({ modifiers: ['Control'] })
    await expect(rows(page).nth(7)).toHaveAttribute('aria-selected', 'false')
    await list(page).press('Control+a')
    await expect(selected).toHaveText(/^all [\d,]+\+? selected$/)
    await page.keyboard.press('Escape')
    await expect(toolbar(page)).toHaveCount(0)
  })

  test('of all that are selected x takes one out, and what is left can be exported', async () => {
    const all = await count(page)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await list(page).press('Control+a')
    await page.keyboard.press('x')
    await expect(toolbar(page).getByRole('status')).toHaveText(`${(all - 1).toLocaleString('en')} selected, 1 taken out`)
    const out = list(page).getByRole('option', { selected: false })
    await expect(out).toHaveCount(1)
    await expect(list(page)).toHaveAttribute('aria-activedescendant', (await out.getAttribute('id')) ?? '')
    const exported = async (name: string): Promise<string> => {
      const file = join(dirname(profile.path), name)
      await app.electron.evaluate(({ dialog }, to) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: to })
      }, file)
      await toolbar(page).getByRole('button', { name: 'Export' }).click()
      await page.getByRole('button', { name: 'Choose a file…' }).click()
      const tasks = page.getByRole('region', { name: 'Exports and imports' })
      await expect(tasks).toContainText(`exported to ${file}.`)
      await tasks
        .getByRole('button', { name: /^Dismiss/ })
        .first()
        .click()
      return readFileSync(file, 'utf8')
    }
    expect((await exported('but-one.csv')).trimEnd().split('\r\n').length - 1).toBe(all - 1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('x')
    await list(page).press('Shift+ArrowDown')
    await expect(toolbar(page).getByRole('status')).toHaveText('2 selected')
    expect((await exported('two.csv')).trimEnd().split('\r\n').length - 1).toBe(2)
  })

  test('in a window of 900 × 600 what can be done with marked rows leaves room for the rows', async () => {
    const resize = (width: number, height: number) =>
      app.electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height), {
        width,
        height,
      })
    await resize(900, 600)
    try {
      await page.keyboard.press('j')
      await page.keyboard.press('x')
      for (const isOpen of [false, true]) {
        if (isOpen) await page.keyboard.press('Enter')
        await expect(pane(page)).toHaveCount(isOpen ? 1 : 0)
        const box = await list(page).boundingBox()
        // At most it is as wide as what the pane leaves.
        const right = isOpen ? ((await pane(page).boundingBox())?.x ?? 0) : 900
        for (const name of ['Acknowledge', 'Done', 'Snooze', 'Label', 'Unread', 'Export', 'Copy', 'Select nothing (Escape)']) {
          const button = await toolbar(page).getByRole('button', { name, exact: true }).boundingBox()
          expect(button && button.x >= 0 && button.x + button.width <= right + 1, `${name}, ${isOpen ? 'beside the pane' : 'alone'}`).toBe(
            true,
          )
          expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual((box?.y ?? 0) + 1)
        }
        expect((await visible(page)).length, isOpen ? 'beside the pane' : 'alone').toBeGreaterThanOrEqual(3)
      }
    } finally {
      await resize(1280, 860)
    }
  })

  test('what arrives while one reads moves nothing, and is said', async () => {
    await list(page).hover()
    await page.mouse.wheel(0, 1_500)
    await expect.poll(async () => (await visible(page)).length).toBeGreaterThan(3)
    await expect.poll(() => list(page).evaluate((box) => box.scrollTop)).toBeGreaterThan(1_000)
    await expect.poll(async () => (await visible(page))[0]).not.toBe('')
    const before = await visible(page)
    expect((await tocsin(profile.path, 'simulate', '--count', '2', '--seed', 'arrives')).code).toBe(0)
    const more = page.getByRole('button', { name: '2 new' })
    await expect(more).toBeVisible()
    expect(await visible(page)).toEqual(before)
    await more.click()
    await expect.poll(() => list(page).evaluate((box) => box.scrollTop)).toBe(0)
    await expect(more).toHaveCount(0)
  })

  test('what arrives after all were selected is not among them', async () => {
    const before = await count(page)
    await list(page).press('Control+a')
    const selected = toolbar(page).getByRole('status')
    await expect(selected).toHaveText(`all ${before.toLocaleString('en')} selected`)
    expect((await tocsin(profile.path, 'simulate', '--count', '2', '--seed', 'after')).code).toBe(0)
    await expect.poll(() => count(page)).toBe(before + 2)
    await expect(selected).toHaveText(`all ${before.toLocaleString('en')} selected, but not what came since`)
    await expect(list(page).getByRole('option', { selected: false })).toHaveCount(2)
    await toolbar(page).getByRole('button', { name: 'Acknowledge' }).click()
    await expect(
      page.getByText(`${before.toLocaleString('en')} detections acknowledged; 2 that came or changed since were left`),
    ).toBeVisible()
    await search(page, 'triage:new')
    await expect.poll(() => count(page)).toBe(2)
    await home(page)
    await page.keyboard.press('z')
    await expect(page.getByText(/^Undone: .* acknowledged/)).toBeVisible()
  })

  test('one is acknowledged, done, snoozed and made unread by a key each, and each is undone', async () => {
    const notices = page.getByRole('status')
    const said = (text: string) => notices.filter({ hasText: text }).first()
    await page.keyboard.press('j')
    for (const [key, words, query] of [
      ['a', '1 detection acknowledged', 'triage:acknowledged'],
      ['e', '1 detection done', 'triage:done'],
      ['s', '1 detection snoozed for 1 hour', 'is:snoozed'],
    ] as const) {
      await page.keyboard.press(key)
      await expect(said(words)).toBeVisible()
      await search(page, query)
      await expect.poll(() => count(page)).toBe(1)
      await field(page).press('Escape')
      await page.keyboard.press('z')
      await expect(said(`Undone: ${words}`)).toBeVisible()
      await search(page, query)
      await expect(page.getByRole('heading', { name: 'Nothing in the history matches' })).toBeVisible()
      await home(page)
      await page.keyboard.press('j')
    }
    await page.keyboard.press('Enter')
    await expect(pane(page)).toBeVisible()
    const open = list(page).getByRole('option', { selected: true })
    await expect(open).not.toHaveAttribute('aria-label', /^unread/)
    await page.keyboard.press('u')
    await expect(open).toHaveAttribute('aria-label', /^unread/)
    await page.keyboard.press('z')
    await expect(open).not.toHaveAttribute('aria-label', /^unread/)
  })

  test('a key that is held down acts once, and moves as long as it is held', async () => {
    const at = () => list(page).getAttribute('aria-activedescendant')
    await list(page).press('Home')
    await expect.poll(at).toBe('entry-0')
    for (let press = 0; press < 3; press++) await page.keyboard.down('j')
    await page.keyboard.up('j')
    await expect.poll(at).toBe('entry-3')
    for (let press = 0; press < 5; press++) await page.keyboard.down('a')
    await page.keyboard.up('a')
    await expect(page.getByText('1 detection acknowledged', { exact: true })).toBeVisible()
    await page.keyboard.press('z')
    await expect(page.getByText('Undone: 1 detection acknowledged')).toBeVisible()
    await expect(page.getByText('It could not be done')).toHaveCount(0)
  })

  test('what is marked gets a verdict, a label and a snooze from its bar', async () => {
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('Shift+ArrowDown')
    await toolbar(page).getByRole('button', { name: 'Done' }).click()
    await page.getByRole('menuitem', { name: 'False positive' }).click()
    await expect(page.getByText('2 detections done as false positive')).toBeVisible()
    await search(page, 'verdict:false-positive')
    await expect.poll(() => count(page)).toBe(2)
    await list(page).press('Control+a')
    await toolbar(page).getByRole('button', { name: 'Label' }).click()
    await page.getByRole('textbox', { name: 'Label', exact: true }).fill('drill')
    await page.keyboard.press('Enter')
    await expect(page.getByText('2 detections labelled “drill”')).toBeVisible()
    await search(page, 'label:drill')
    await expect.poll(() => count(page)).toBe(2)
    for (let undo = 0; undo < 2; undo++) {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.keyboard.press('z')
      await expect(page.getByText(/^Undone: 2 detections/).first()).toBeVisible()
    }
    await search(page, 'has:label or has:verdict')
    await expect(page.getByRole('heading', { name: 'Nothing in the history matches' })).toBeVisible()
  })
})

test.describe('search and facets', () => {
  test('the field completes fields, values that were seen, and what was searched for before', async () => {
    const suggestions = page.getByRole('listbox', { name: 'Suggestions' })
    await page.keyboard.press('/')
    await page.keyboard.type('sou')
    await expect(suggestions.getByRole('option', { name: /^source:/ })).toBeVisible()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(field(page)).toHaveValue('source:')
    await page.keyboard.type('okta')
    await expect(suggestions.getByRole('option', { name: 'okta_org' })).toBeVisible()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
    await expect(field(page)).toHaveValue('source:okta_org ')
    await page.keyboard.press('Enter')
    await expect(page.getByText(/[\d,]+\+?\s+match/)).toBeVisible()
    for (const name of await visible(page)) expect(name).toContain('okta_org')
    await field(page).fill('')
    await field(page).press('ArrowDown')
    await expect(suggestions.getByRole('option', { name: 'source:okta_org' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(suggestions).toBeHidden()
  })

  test('a facet narrows and leaves out, and its counts follow', async () => {
    const facets = page.getByRole('complementary', { name: 'Narrow down' })
    const threat = facets.getByRole('button', { name: /^threat/ })
    await expect(facets).toHaveAttribute('aria-busy', 'false')
    const many = Number(((await threat.textContent()) ?? '').replace(/\D/g, ''))
    await threat.click()
    await expect(field(page)).toHaveValue('kind:threat')
    await expect(threat).toHaveAttribute('aria-pressed', 'true')
    await expect.poll(() => count(page)).toBe(many)
    const source = facets.getByRole('button', { name: /^okta_org/ })
    await expect(facets.getByRole('button', { name: /^posture/ })).toHaveCount(0)
    await expect(facets).toHaveAttribute('aria-busy', 'false')
    const left = Number(((await source.textContent()) ?? '').replace(/\D/g, ''))
    await facets.getByRole('button', { name: 'Leave out okta_org' }).click()
    await expect(field(page)).toHaveValue('kind:threat -source:okta_org')
    await expect.poll(() => count(page)).toBe(many - left)
    await threat.click()
    await expect(field(page)).toHaveValue('-source:okta_org')
  })

  test('back and forward lead through what was looked at, by the keys of browsers', async () => {
    await go(page, 'Posture')
    await go(page, 'Entities')
    await page.getByRole('heading', { name: 'Entities' }).waitFor()
    await page.keyboard.press('Alt+ArrowLeft')
    await expect(page.getByRole('heading', { name: 'Posture', exact: true })).toBeVisible()
    await page.keyboard.press('Alt+ArrowRight')
    await expect(page.getByRole('heading', { name: 'Entities' })).toBeVisible()
    await page.goBack()
    await page.goBack()
    await expect(list(page)).toBeVisible()
  })
})

test('each search is a step back, however it was typed; what was refused and what was only looked at are none', async () => {
  await search(page, 'kind:threat')
  await expect.poll(() => count(page)).toBeGreaterThan(0)
  await field(page).fill('')
  await field(page).pressSequentially('kind:posture', { delay: 180 })
  await field(page).press('Enter')
  await expect.poll(() => address(page)).toContain('posture')
  await field(page).fill('tipe:x')
  await field(page).press('Enter')
  await expect(page.getByText(/There is no field tipe/).first()).toBeVisible()
  await search(page, 'type:OddMapping')
  await expect.poll(() => count(page)).toBe(1)
  await page.goBack()
  await expect(field(page)).toHaveValue('kind:posture')
  await page.goBack()
  await expect(field(page)).toHaveValue('kind:threat')
  await page.goForward()
  await page.goForward()
  await expect(field(page)).toHaveValue('type:OddMapping')
  // Opening and moving on are no steps, closing is.
  await page.goBack()
  await expect(field(page)).toHaveValue('kind:posture')
  await expect.poll(() => count(page)).toBeGreaterThan(3)
  await rows(page).first().click()
  await expect(pane(page)).toBeVisible()
  await list(page).press('ArrowDown')
  await expect.poll(() => address(page)).toContain('open=')
  const open = await address(page)
  await page.keyboard.press('Escape')
  await expect(pane(page)).toHaveCount(0)
  await page.goBack()
  await expect(pane(page)).toBeVisible()
  await expect.poll(() => address(page)).toBe(open)
  await page.goBack()
  await expect(field(page)).toHaveValue('kind:threat')
})

test('who asked for a dialog has the focus again, however it is closed and whichever came after it', async () => {
  const button = page.getByRole('button', { name: 'Export', exact: true })
  const dialog = page.getByRole('dialog')
  for (const close of [
    () => page.keyboard.press('Escape'),
    () => dialog.getByRole('button', { name: 'Cancel' }).click(),
    () => dialog.getByRole('button', { name: /^Close/ }).click(),
  ]) {
    await button.focus()
    await page.keyboard.press('Enter')
    await expect(dialog).toBeVisible()
    await close()
    await expect(dialog).toHaveCount(0)
    await expect(button).toBeFocused()
  }
  await list(page).focus()
  await runCommand(page, 'save this view')
  await expect(page.getByRole('dialog', { name: 'Save this view' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(list(page)).toBeFocused()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys, marks and searches' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(list(page)).toBeFocused()
})

test('a search that is too long is refused in words, and no link to what would not be opened is copied', async () => {
  const all = await count(page)
  await visit(page, `timeline?q=${'x'.repeat(1_200)}`)
  await expect(page.getByText(/A search may have 1,000 characters; this one has 1,200/).first()).toBeVisible()
  await expect.poll(() => count(page)).toBe(all)
  await home(page)
  await visit(page, `timeline?q=${encodeURIComponent(`type:"${'ü'.repeat(700)}"`)}`)
  await runCommand(page, 'copy a link')
  await expect(page.getByText(/A link may have 4,000 characters/)).toBeVisible()
  await page
    .getByRole('button', { name: /^Dismiss/ })
    .first()
    .click()
})

test('a search is saved as a view, counted in the rail while it grows, removed and put back', async () => {
  await search(page, 'type:OddMapping')
  await runCommand(page, 'save this')
  const dialog = page.getByRole('dialog', { name: 'Save this view' })
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Odd ones')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const link = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Odd ones/ })
  await expect(link).toHaveText(/Odd ones\s*1$/)
  await expect(link).toHaveAttribute('aria-current', 'page')
  await home(page)
  await link.click()
  await expect(field(page)).toHaveValue('type:OddMapping')
  await expect.poll(() => count(page)).toBe(1)
  const zoomTo = (zoom: number) =>
    app.electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(to), zoom)
  await zoomTo(2)
  await expect(page.getByRole('navigation', { name: 'Views' }).getByText('Odd ones')).toBeHidden()
  await expect(link, 'the narrow rail tells the count by the name').toHaveAccessibleName('Odd ones: 1')
  await zoomTo(1)
  await page.getByRole('button', { name: 'Manage saved views' }).click()
  const views = page.getByRole('dialog', { name: 'Saved views' })
  await views.getByRole('button', { name: 'Remove Odd ones' }).click()
  await expect(link).toHaveCount(0)
  await views.getByRole('button', { name: 'Undo' }).click()
  await expect(link).toBeVisible()
  const name = views.getByRole('textbox', { name: 'Name of Odd ones' })
  await name.fill('')
  await name.blur()
  await expect(name, 'a view has a name').toHaveValue('Odd ones')
  await name.fill('Odder ones')
  await name.blur()
  await expect(link).toHaveCount(0)
  await expect(views.getByRole('status')).toContainText('Odder ones has a new name.')
  await views.getByRole('button', { name: 'Undo' }).click()
  await expect(link).toBeVisible()
  await views.getByRole('checkbox', { name: 'pinned' }).uncheck()
  await expect(link).toHaveCount(0)
  await views.getByRole('button', { name: 'Undo' }).click()
  await expect(link).toBeVisible()
  await views.getByRole('button', { name: /^Close/ }).click()
})

test('the palette does everything by name: themes, ranges, views, help', async () => {
  const run = (words: string) => runCommand(page, words)
  await run('theme light')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  await run('theme dark')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await run('last 24 hours')
  await expect.poll(() => address(page)).toContain('from=')
  await run('zoom out')
  await expect.poll(() => address(page)).not.toContain('from=')
  await run('go to att')
  await expect(page.getByRole('heading', { name: 'ATT&CK' })).toBeVisible()
  await run('go to timeline')
  await expect(list(page)).toBeVisible()
  await run('marks and searches')
  await expect(page.getByRole('dialog', { name: 'Keys, marks and searches' })).toBeVisible()
  await page.keyboard.press('Escape')
  await run('go to mutes')
  await expect.poll(() => address(page)).toBe('#/rules/mutes')
  await run('back to where')
  await expect(list(page)).toBeVisible()
})

test('the palette does what bars and buttons do: all of a search is given a verdict and a label, and a report is saved', async () => {
  const run = (words: string) => runCommand(page, words)
  await search(page, 'type:OddMapping')
  await expect.poll(() => count(page)).toBe(1)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find a command' }).fill('select all')
  await expect(page.getByRole('option', { name: 'Select all Ctrl A' })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  const bar = page.getByRole('toolbar', { name: 'What to do with the selected' })
  await expect(bar).toBeVisible()
  await run('unselect')
  await expect(bar).toHaveCount(0)
  await run('select all')
  await run('done expected')
  await expect(page.getByText('1 detection done as expected')).toBeVisible()
  await run('select all')
  await run('label')
  const dialog = page.getByRole('dialog', { name: 'Label' })
  await dialog.getByRole('textbox', { name: 'Label' }).fill('by name')
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('1 detection labelled “by name”')).toBeVisible()
  await run('undo')
  await run('undo')
  await run('accessible')
  await expect(page.getByRole('button', { name: 'Show as table' })).toHaveAttribute('aria-expanded', 'true')
  await run('table')
  await expect(page.getByRole('button', { name: 'Show as table' })).toHaveAttribute('aria-expanded', 'false')
  await expect(page.getByText('Undone: 1 detection done as expected')).toBeVisible()
  await visit(page, 'posture')
  await expect(page.getByRole('button', { name: 'as PDF…' })).toBeEnabled()
  const file = join(dirname(profile.path), 'posture.html')
  await app.electron.evaluate(({ dialog: native }, to) => {
    native.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: to })
  }, file)
  await run('report as html')
  await expect(page.getByText('Report saved')).toBeVisible()
  expect(readFileSync(file, 'utf8')).toContain('<!doctype html>')
})
