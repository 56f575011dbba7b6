import { mkdirSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { seedHistory } from '../bench/seed.ts'
import type { Bridge } from '../src/shared/ipc.ts'
import type { Health } from '../src/shared/health.ts'
import { detections, killHard, listening, spawnApp, startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'
import { rows } from './support/desk.ts'

type Page = RunningApp['page']

const dayMs = 86_400_000

function health(page: Page): Promise<Health> {
  return page.evaluate(() => (window as unknown as { tocsin: Bridge }).tocsin.invoke('health:read', null))
}

const goTo = (page: Page, view: string) => page.getByRole('navigation', { name: 'Views' }).getByText(view).first().click()

/** What a person would answer in the dialog of the desktop. */
async function answerDialogs(electron: RunningApp['electron'], button: number): Promise<() => Promise<readonly string[]>> {
  await electron.evaluate(({ dialog }, response) => {
    const asked: string[] = []
    Object.assign(globalThis, { askedDialogs: asked })
    dialog.showMessageBox = (...all: unknown[]) => {
      const options = all.at(-1) as { message: string; defaultId: number; cancelId: number; buttons: string[] }
      asked.push(`${options.message} ${options.buttons[options.defaultId]}`)
      return Promise.resolve({ response, checkboxChecked: false })
    }
  }, button)
  return () => electron.evaluate(() => (globalThis as unknown as { askedDialogs: string[] }).askedDialogs)
}

test('after kill -9 the history is looked at in another process, beside receiving, and Settings says so', async () => {
  const { path: profile, remove } = temporaryProfile()
  try {
    await seedHistory({ profile, count: 200, seed: 'care', endAt: Date.now(), spanMs: 7 * dayMs })
    const first = spawnApp(profile)
    await listening(profile, first.pid)
    await killHard(first)
    expect((await tocsin(profile, 'doctor')).stdout).toContain('never stopped')
    const app = await startApp(profile)
    try {
      await expect.poll(async () => (await health(app.page)).integrity.kind).toBe('checked')
      await goTo(app.page, 'Settings')
      await expect(app.page.getByText('Every table was looked at, and all is well')).toBeVisible()
    } finally {
      await app.electron.close()
    }
    const again = await startApp(profile)
    try {
      expect((await health(again.page)).integrity).toEqual({ kind: 'ok' })
    } finally {
      await again.electron.close()
    }
  } finally {
    remove()
  }
})

test('a backup is made and verified on request, and a restore takes it', async () => {
  const { path: profile, remove } = temporaryProfile()
  try {
    await seedHistory({ profile, count: 300, seed: 'care', endAt: Date.now(), spanMs: 7 * dayMs })
    const app = await startApp(profile)
    try {
      await goTo(app.page, 'Settings')
      await expect(app.page.getByText('There is none yet')).toBeVisible()
      await app.page.getByRole('button', { name: 'Make one now' }).click()
      await expect(app.page.getByText('A backup of 300 deliveries was made and verified')).toBeVisible()
      await expect(app.page.getByRole('table', { name: 'Backups' }).getByRole('row')).toHaveCount(2)
    } finally {
      await app.electron.close()
    }
    const restored = await tocsin(profile, 'restore')
    expect(restored.stderr).toContain('nothing is missing')
    expect(restored.code).toBe(0)
  } finally {
    remove()
  }
})

test('retention shows what would go, asks in a dialog, and what is marked to keep stays', async () => {
  const { path: profile, remove } = temporaryProfile()
  try {
    mkdirSync(profile, { recursive: true })
    await seedHistory({ profile, count: 300, seed: 'care', endAt: Date.now() - 30 * dayMs, spanMs: 200 * dayMs })
    const before = (await detections(profile)).filter(({ status }) => status !== 'ongoing')
    // The dialogs are answered below.
    const { page, electron } = await startApp(profile, { TOCSIN_NO_DIALOG: '' })
    try {
      await rows(page).first().click()
      const keep = page.getByRole('complementary', { name: 'Detection' }).getByRole('button', { name: 'Keep', exact: true })
      await keep.click()
      await expect(keep).toHaveAttribute('aria-pressed', 'true')
      await goTo(page, 'Settings')
      await expect(page.getByText('Everything is kept.')).toBeVisible()
      await page.getByLabel('Older than').fill('nine')
      await page.getByRole('button', { name: 'Show what would go' }).click()
      await expect(page.getByText('The age is a whole number of days')).toBeVisible()
      await page.getByLabel('Older than').fill('10')
      await page.getByRole('button', { name: 'Show what would go' }).click()
      await expect(page.getByText('Nothing would go.')).toBeVisible()
      await page.getByLabel('What nobody has taken up yet stays').uncheck()
      await page.getByRole('button', { name: 'Show what would go' }).click()
      await expect(page.getByText('Would go:')).toBeVisible()
      await expect(page.getByText('1 marked to keep')).toBeVisible()

      const refused = await answerDialogs(electron, 0)
      await page.getByRole('button', { name: 'Let go of it now…' }).click()
      await expect(page.getByText('It was not allowed in the dialog. Nothing was changed.')).toBeVisible()
      expect(await refused()).toEqual(['Let go of old detections now? Cancel'])
      expect((await detections(profile)).length).toBeGreaterThanOrEqual(before.length)

      await answerDialogs(electron, 1)
      await page.getByRole('button', { name: 'Do this every day…' }).click()
      await expect(page.getByText('Detections older than 10 days go every day.')).toBeVisible()
      await page.getByRole('button', { name: 'Let go of it now…' }).click()
      await expect(page.getByText('Gone:')).toBeVisible()
      expect((await detections(profile)).filter(({ status }) => status !== 'ongoing').length).toBeLessThanOrEqual(1)
      await page.getByRole('button', { name: 'Keep everything' }).click()
      await expect(page.getByText('Everything is kept.')).toBeVisible()
      expect((await health(page)).proof).toEqual({ kind: 'ok' })
    } finally {
      await electron.close()
    }
    expect((await tocsin(profile, 'verify')).code).toBe(0)
  } finally {
    remove()
  }
})
