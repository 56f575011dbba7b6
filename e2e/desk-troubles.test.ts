import { expect, test } from '@playwright/test'
import { startApp, temporaryProfile, type RunningApp } from './support/app.ts'
import { address, ask, field, home, list, rows, search, visible, visit } from './support/desk.ts'
import { failReads } from './support/failed-reads.ts'
import { seedDesk, seedInbox } from './support/seeds.ts'

const profile = temporaryProfile()
let app: RunningApp
let page: RunningApp['page']

test.beforeAll(async () => {
  await seedDesk({ profile: profile.path, count: 120, seed: 'troubles', endAt: Date.now() })
  seedInbox(profile.path, 40)
  app = await startApp(profile.path)
  page = app.page
  await page.getByRole('button', { name: 'Not now' }).click()
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
})

const before = (words: string) => page.getByRole('alert').filter({ hasText: `${words}; what you see is the answer before it.` })

test('what stays of a read that failed is said to be from before, on every page, until it is read again', async () => {
  await visit(page, 'entities')
  const first = page.getByRole('row').nth(1)
  await expect(first).toBeVisible()
  await page.getByRole('radio', { name: '7 days' }).check({ force: true })
  await expect(first).toBeVisible()
  await failReads(app.electron, ['entities:list', 'inbox:page', 'timeline:page'])
  await page.getByRole('radio', { name: '24 hours' }).check({ force: true })
  await expect(page.getByRole('heading', { name: 'The entities could not be read' })).toBeVisible()
  await expect(first, 'the seven days are no answer').toHaveCount(0)
  await failReads(app.electron, [])
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(first).toBeVisible()
  await page.getByRole('radio', { name: 'Ever' }).check({ force: true })
  await expect(first).toBeVisible()
  await visit(page, 'inbox')
  await expect(page.getByRole('listitem').first()).toBeVisible()
  await visit(page, 'attack')
  const cell = page.getByRole('gridcell').getByRole('link').first()
  await expect(cell).toBeVisible()
  await visit(page, 'timeline')
  await expect(rows(page).first()).toBeVisible()

  await failReads(app.electron, ['entities:list', 'inbox:page', 'timeline:page', 'attack:read'])
  await field(page).fill('kind:threat')
  await field(page).press('Enter')
  const pages = [
    { to: 'timeline?q=kind:threat', words: 'This search could not be done', line: rows(page).first() },
    { to: 'entities', words: 'The entities could not be read', line: first },
    { to: 'attack?q=kind:threat', words: 'The counts could not be read', line: cell },
    { to: 'inbox', words: 'The inbox could not be read', line: page.getByRole('listitem').first() },
  ]
  for (const { to, words, line } of pages) {
    await visit(page, to)
    await expect(before(words)).toContainText('Tocsin could not do this; its log says why')
    await expect(line).toBeVisible()
  }
  await failReads(app.electron, [])
  for (const { to, words, line } of pages.reverse()) {
    await visit(page, to)
    // Entities are read again by coming to them.
    if (to !== 'entities') await before(words).getByRole('button', { name: 'Try again' }).click()
    await expect(before(words)).toHaveCount(0)
    await expect(line).toBeVisible()
  }
  await home(page)
})

test('posture and an entity that could not be read again are said to be from before too', async () => {
  await visit(page, 'entities')
  await page.getByRole('row').nth(1).getByRole('link').first().click()
  await expect.poll(() => address(page)).toMatch(/^#\/entities\/./)
  const entity = (await address(page)).slice('#/'.length)
  for (const { to, name, words, line } of [
    { to: 'posture', name: 'posture:read', words: 'Posture could not be read', line: page.getByRole('heading', { name: 'Open now' }) },
    {
      to: entity,
      name: 'entity:read',
      words: 'It could not be read',
      line: page.getByRole('link', { name: 'All its detections' }),
    },
  ] as const) {
    await visit(page, to)
    await expect(line).toBeVisible()
    await failReads(app.electron, [name])
    await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'detections:changed', { changed: [], more: true }),
    )
    await expect(before(words)).toBeVisible({ timeout: 10_000 })
    await expect(line).toBeVisible()
    await failReads(app.electron, [])
    await before(words).getByRole('button', { name: 'Try again' }).click()
    await expect(before(words)).toHaveCount(0)
  }
  await home(page)
})

test('quarantine, drift and the organizations are read again where they could not be', async () => {
  const reads = ['quarantine:page', 'drift:list', 'organizations:list'] as const
  await failReads(app.electron, reads)
  await page.reload()
  const again = page.getByRole('main').getByRole('button', { name: 'Try again' })
  for (const { to, words, after } of [
    { to: 'connections', words: 'They could not be read', after: page.getByRole('main').getByText('Demo organization').first() },
    { to: 'connections/quarantine', words: 'Quarantine could not be read', after: page.getByText('Nothing is in quarantine') },
    { to: 'connections/drift', words: 'Drift could not be read', after: page.getByRole('table').first() },
  ]) {
    await failReads(app.electron, reads)
    await visit(page, to)
    await expect(page.getByText(words)).toBeVisible()
    await failReads(app.electron, [])
    await again.first().click()
    await expect(after).toBeVisible()
    await expect(page.getByText(words)).toHaveCount(0)
  }
  await home(page)
})

test('a facet is chosen by what the list was narrowed by, not by a search that was refused', async () => {
  const facet = page.getByRole('complementary', { name: 'Narrow down' }).getByRole('button', { name: /^threat/ })
  await expect(facet).toHaveAttribute('aria-pressed', 'false')
  await field(page).fill('kind:threat tipe:nothing')
  await field(page).press('Enter')
  await expect(page.getByRole('status').filter({ hasText: 'tipe' }).first()).toBeVisible()
  await expect(facet).toHaveAttribute('aria-pressed', 'false')
  await facet.click()
  await expect(field(page)).toHaveValue('kind:threat')
  await expect(facet).toHaveAttribute('aria-pressed', 'true')
  await search(page, '')
  await expect(facet).toHaveAttribute('aria-pressed', 'false')
})

test('in a window of 900 × 600 what went wrong covers neither rows nor buttons, is announced, and can be dismissed', async () => {
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(900, 600))
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(900)
  for (const place of ['timeline', 'entities', 'inbox', 'rules', 'connections', 'settings']) {
    await visit(page, place)
    for (const id of [1, 2, 3, 4])
      await app.electron.evaluate(
        ({ BrowserWindow }, notice) => BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'notice:raised', notice),
        {
          id: `trouble-${id}`,
          tone: 'trouble',
          title: `It was not kept, ${id} of 4`,
          text: 'The disk is full. What came before is safe; free some room, and it is kept from then on.',
        },
      )
    const troubles = page.getByRole('status').filter({ hasText: 'It was not kept, 4 of 4' })
    await expect(troubles).toBeInViewport()
    await expect(troubles).toHaveAttribute('aria-live', 'polite')
    const box = await troubles.boundingBox()
    expect(box?.height).toBeLessThanOrEqual(181)
    const main = await page.getByRole('main').boundingBox()
    expect((main?.y ?? 0) + (main?.height ?? 0), `${place} ends where they begin`).toBeLessThanOrEqual((box?.y ?? 0) + 1)
    if (place === 'timeline') expect((await visible(page)).length).toBeGreaterThanOrEqual(2)
    for (const left of [3, 2, 1, 0]) {
      await page.getByRole('status').filter({ hasText: 'It was not kept' }).getByRole('button', { name: 'Dismiss' }).first().click()
      await expect(page.getByText(/^It was not kept/)).toHaveCount(left)
    }
  }
  await home(page)
  await expect(list(page)).toBeVisible()
})

test('however much went wrong, in a window of 900 × 600 and at 200 % the view keeps room, and all of it is reached by keyboard', async () => {
  const push = (name: string, what: unknown) =>
    app.electron.evaluate(({ BrowserWindow }, sent) => BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', ...sent), [
      name,
      what,
    ] as const)
  const detail = 'The disk is full. What came before is safe; free some room, and it is kept from then on. '.repeat(3)
  const health = await ask(page, 'health:read', null)
  for (const { zoom, least } of [
    { zoom: 1, least: 150 },
    { zoom: 2, least: 90 },
  ]) {
    await app.electron.evaluate(({ BrowserWindow }, to) => {
      const [window] = BrowserWindow.getAllWindows()
      window?.setContentSize(900, 600)
      window?.webContents.setZoomFactor(to)
    }, zoom)
    await expect.poll(() => page.evaluate(() => innerWidth)).toBe(900 / zoom)
    await push('health:changed', {
      ...health,
      storage: { kind: 'failing', detail, since: new Date().toISOString() },
      integrity: { kind: 'mending', detail },
      backups: { ...health.backups, kind: 'failing', detail },
    })
    for (const id of [1, 2, 3, 4]) {
      await push('notice:raised', { id: `trouble-${id}`, tone: 'trouble', title: `It was not kept, ${id} of 4`, text: detail })
      await push('task:changed', {
        ...{ id: `task-${id}`, kind: 'import', title: `Import of archive-${id}.ndjson`, done: 1, total: 2 },
        state: { kind: 'failed', detail },
      })
    }
    const main = page.getByRole('main')
    await expect.poll(async () => (await main.boundingBox())?.height ?? 0, `at ${zoom}`).toBeGreaterThan(least)
    for (const region of [
      main,
      page.getByRole('status').filter({ hasText: '4 of 4' }),
      page.getByRole('region', { name: 'Exports and imports' }),
    ])
      await expect(region).toBeInViewport({ ratio: 0.99 })
    const head = page.getByRole('region', { name: 'What to know first' })
    await head.focus()
    await page.keyboard.press('End')
    await expect.poll(() => head.evaluate((one) => one.scrollHeight - one.clientHeight - one.scrollTop)).toBeLessThan(2)
  }
})
