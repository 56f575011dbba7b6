import { expect, test } from '@playwright/test'
import { seedProfile } from '../bench/seed.ts'
import { startApp, temporaryProfile } from './support/app.ts'
import { list, rows, search, toolbar } from './support/desk.ts'

const total = 100_000

test('of a hundred thousand the last is reached, all of a search are marked, and done and undone at once', async () => {
  test.setTimeout(180_000)
  const profile = temporaryProfile()
  await seedProfile({ profile: profile.path, count: total, seed: 'large', endAt: Date.now() })
  const { electron, page } = await startApp(profile.path)
  try {
    const last = rows(page).last()
    await expect(rows(page).first()).toBeVisible()
    await expect(page.getByText(/^100,000 detections$/)).toBeVisible()
    await list(page).press('End')
    await expect(last).toHaveAttribute('aria-posinset', String(total), { timeout: 20_000 })
    await expect(last).toHaveAttribute('aria-label', /./)
    await expect(page.getByText('The history begins here')).toBeVisible()
    await list(page).press('Home')
    await expect(rows(page).first()).toHaveAttribute('aria-posinset', '1')

    await search(page, 'type:StaleTravel')
    await expect(page.getByText(/[\d,]+\+?\s+matches/)).toBeVisible()
    // Each press loads what is known to follow, until nothing does.
    const toTheEnd = () =>
      expect(async () => {
        await list(page).press('End')
        await expect(page.getByText('No older matches')).toBeVisible({ timeout: 300 })
      }).toPass({ timeout: 60_000, intervals: [50] })
    await toTheEnd()
    const found = Number(await rows(page).last().getAttribute('aria-setsize'))
    expect(found).toBeGreaterThan(1_000)
    await list(page).press('Control+a')
    await expect(toolbar(page).getByRole('status')).toHaveText(`all ${found.toLocaleString('en')} selected`)
    await page.keyboard.press('e')
    const done = `${found.toLocaleString('en')} detections done`
    await expect(page.getByText(done, { exact: true })).toBeVisible({ timeout: 20_000 })
    await search(page, 'triage:done')
    await expect(page.getByText(/[\d,]+\+?\s+matches/)).toBeVisible()
    await toTheEnd()
    await expect(rows(page).last()).toHaveAttribute('aria-setsize', String(found))
    await page.keyboard.press('z')
    await expect(page.getByText(`Undone: ${done}`)).toBeVisible({ timeout: 20_000 })
    // What one reads stays until one goes back to the top.
    await list(page).press('Home')
    await expect(page.getByRole('heading', { name: /^Nothing (in the history matches|found yet)$/ })).toBeVisible({ timeout: 20_000 })
  } finally {
    await electron.close()
    profile.remove()
  }
})
