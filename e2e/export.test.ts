import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, type ElectronApplication } from '@playwright/test'
import { startApp, temporaryProfile, tocsin } from './support/app.ts'
import { rows } from './support/desk.ts'
import { believedSender } from './support/sender.ts'

/** The dialogs are the desktop's own: here the test is the user who chooses. */
async function choose(electron: ElectronApplication, to: string | null, from: readonly string[] = []): Promise<void> {
  await electron.evaluate(
    ({ dialog }, { to: filePath, from: filePaths }) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: filePath === null, filePath: filePath ?? '' })
      dialog.showOpenDialog = () => Promise.resolve({ canceled: filePaths.length === 0, filePaths })
    },
    { to, from: [...from] },
  )
}

test('what a search finds is exported where the user says, and files are imported, checked again, without a word too many', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  const { electron, page } = app
  const folder = dirname(profile.path)
  const csv = join(folder, 'threats.csv')
  const archive = join(folder, 'all.ndjson')
  const tokens = join(folder, 'tokens.txt')
  const panel = page.getByRole('region', { name: 'Exports and imports' })
  const exportAs = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await dialog.getByRole('radio', { name }).check()
    await dialog.getByRole('button', { name: 'Choose a file…' }).click()
    await expect(dialog).toHaveCount(0)
  }
  try {
    const sender = await believedSender(profile.path, app.url, 'export')
    await tocsin(profile.path, 'simulate', '--count', '60', '--seed', 'export')

    await test.step('an export of a search, and one that the user thinks better of', async () => {
      await page.getByLabel('Search the history').fill('kind:threat')
      await expect(page.getByText(/\d+\s+match/)).toBeVisible()
      await choose(electron, null)
      await exportAs('CSV')
      await expect(panel).toHaveCount(0)
      await choose(electron, csv)
      await exportAs('CSV')
      await expect(panel).toContainText(`exported to ${csv}.`)
      const lines = readFileSync(csv, 'utf8').trim().split('\r\n')
      expect(lines.length).toBeGreaterThan(1)
      expect(lines.slice(1).filter((line) => !line.includes(',"threat",'))).toEqual([])
      expect(statSync(csv).mode & 0o777).toBe(0o600)
      await panel.getByRole('button', { name: /^Dismiss/ }).click()
      await expect(panel).toHaveCount(0)
    })

    await test.step('an archive brings nothing twice, fresh tokens are checked and marked, and what is neither is said', async () => {
      await page.getByRole('button', { name: 'Clear the search' }).click()
      await choose(electron, archive)
      await exportAs('NDJSON')
      await expect(panel).toContainText(`exported to ${archive}.`)
      writeFileSync(tokens, `${sender.tokens(3).join('\n')}\nno token\n`)
      await choose(electron, null, [archive, tokens])
      await page.getByRole('navigation', { name: 'Views' }).getByText('Settings').first().click()
      await page.getByRole('button', { name: 'Import files…' }).click()
      await expect(panel).toContainText('Import of all.ndjson and 1 more')
      await expect(panel).toContainText(
        /3 deliveries are new, \d+ were here already\. 1 line or part of one could not be read\. The first is in tokens\.txt, line 4/,
      )
      await page.getByRole('navigation', { name: 'Views' }).getByText('Timeline').first().click()
      await page.getByLabel('Search the history').fill('is:imported')
      await expect(rows(page).first()).toHaveAttribute('aria-label', /imported/)
    })

    await test.step('what has ended is still told to a window that opens later', async () => {
      await page.reload()
      await expect(panel).toContainText('Import of all.ndjson and 1 more')
    })
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
  } finally {
    await electron.close()
    profile.remove()
  }
})
