import { expect, test, type ElectronApplication } from '@playwright/test'
import { seedHistory } from '../bench/seed.ts'
import { launchApp, temporaryProfile } from './support/app.ts'
import { rows } from './support/desk.ts'
import { endSearchesEarly } from './support/slow-search.ts'

const count = 240
const dayMs = 86_400_000

async function withHistory(
  use: (app: { electron: ElectronApplication; page: Awaited<ReturnType<ElectronApplication['firstWindow']>> }) => Promise<void>,
) {
  const profile = temporaryProfile()
  await seedHistory({ profile: profile.path, count, seed: 'search', endAt: Date.now(), spanMs: 9 * dayMs })
  const app = await launchApp(profile.path)
  try {
    await use(app)
  } finally {
    await app.electron.close()
    profile.remove()
  }
}

test('the field speaks the query language; what is no search is said where it is wrong, and the list stays', async () => {
  await withHistory(async ({ page }) => {
    const field = page.getByLabel('Search the history')
    const found = rows(page)
    await expect(found.first()).toBeVisible()
    const before = await found.first().getAttribute('aria-label')
    await page.keyboard.press('/')
    await page.keyboard.type('type:', { delay: 20 })
    await expect(field).toHaveAttribute('aria-invalid', 'true')
    // The values it could be stand over what is wrong, until they are put away.
    await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeVisible()
    await page.keyboard.press('Escape')
    const why = page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`)
    await expect(why).toHaveRole('status')
    await expect(why).toContainText('Nothing stands behind type:')
    expect(await found.first().getAttribute('aria-label')).toBe(before)

    await field.fill('kind:threat tipe:x')
    await expect(why).toContainText('There is no field tipe. Did you mean type?')
    await expect(why.locator('mark')).toHaveText('tipe')
    await expect(why).toContainText('It is about “tipe”, character 13.')
    expect(await found.first().getAttribute('aria-label')).toBe(before)

    await field.fill('kind:threat -status:resolved')
    await expect(field).toHaveAttribute('aria-invalid', 'false')
    await expect(page.getByText(/\d+\s+match/)).toBeVisible()
    for (const name of await found.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label')))) {
      expect(name).toContain('threat')
      expect(name).not.toContain('resolved')
    }
    await field.focus()
    await page.keyboard.press('Escape')
    await expect(field).toHaveValue('')
    await expect(found.first()).toHaveAttribute('aria-label', before ?? '')
  })
})

test('a search that takes too long says how far back it came, and goes on from there', async () => {
  await withHistory(async ({ electron, page }) => {
    await endSearchesEarly(electron)
    await page.getByLabel('Search the history').fill('kind:threat')
    await expect(page.getByText(/^Searched back to /)).toBeVisible()
    const loaded = await rows(page).count()
    const goOn = page.getByRole('button', { name: 'Search further back' })
    await goOn.focus()
    await page.keyboard.press('Enter')
    await expect(goOn).toHaveCount(0)
    await expect.poll(() => rows(page).count()).toBeGreaterThan(loaded)

    await page.getByLabel('Search the history').fill('nothing has these words')
    await expect(page.getByRole('heading', { name: 'Nothing found yet' })).toBeVisible()
    await goOn.click()
    await expect(page.getByRole('heading', { name: 'Nothing in the history matches' })).toBeVisible()
  })
})

test('the help has a table of the language', async () => {
  await withHistory(async ({ page }) => {
    await page.keyboard.press('?')
    const help = page.getByRole('dialog')
    await expect(help.getByRole('rowheader', { name: 'confidence>=0.8' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(help).toHaveCount(0)
  })
})
