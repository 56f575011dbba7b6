import { expect, type Locator, type Page } from '@playwright/test'
import type { Answer, Argument, Bridge, RequestName } from '../../src/shared/ipc.ts'

/** The rail, the list and the fields as a person finds them: by role and name. */
export const rail = (page: Page): Locator => page.getByRole('navigation', { name: 'Views' })
export const list = (page: Page): Locator => page.getByRole('listbox', { name: /^Detections/ })
export const rows = (page: Page): Locator => list(page).getByRole('option')
export const field = (page: Page): Locator => page.getByRole('combobox', { name: 'Search the history' })
export const pane = (page: Page): Locator => page.getByRole('complementary', { name: 'Detection' })
export const chart = (page: Page): Locator => page.getByRole('application', { name: /^Timeline chart/ })
export const toolbar = (page: Page): Locator => page.getByRole('toolbar', { name: 'What to do with the selected' })
export const address = (page: Page): Promise<string> => page.evaluate(() => window.location.hash)

export const go = (page: Page, view: string): Promise<void> => rail(page).getByText(view).first().click()

/** Any place of the app by its address. */
export async function visit(page: Page, to: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash
  }, `#/${to}`)
}

/** Everything, with nothing open, marked or searched for. */
export async function home(page: Page): Promise<void> {
  for (let press = 0; press < 3; press++) await page.keyboard.press('Escape')
  await visit(page, 'timeline')
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await expect(page.getByText(/^[\d,]+ detections?$/)).toBeVisible()
}

export async function search(page: Page, text: string): Promise<void> {
  await field(page).fill(text)
  await field(page).press('Enter')
  await expect(field(page)).toHaveValue(text)
}

/** Runs the command of the palette that these words find first. */
export async function runCommand(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find a command' }).fill(words)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Commands' })).toHaveCount(0)
}

/** How many the list has, once it knows. */
export async function count(page: Page): Promise<number> {
  await expect(rows(page).first()).toBeVisible()
  return Number(await rows(page).first().getAttribute('aria-setsize'))
}

/** The names of the rows that can be seen, from the top. */
export function visible(page: Page): Promise<readonly string[]> {
  return list(page).evaluate((box) => {
    const { top, bottom } = box.getBoundingClientRect()
    return [...box.querySelectorAll('[role=option]')]
      .map((row) => ({ name: row.getAttribute('aria-label') ?? '', place: row.getBoundingClientRect() }))
      .filter(({ place }) => place.top >= top && place.bottom <= bottom)
      .sort((a, b) => a.place.top - b.place.top)
      .map(({ name }) => name)
  })
}

export function ask<N extends RequestName>(page: Page, name: N, argument: Argument<N>): Promise<Answer<N>> {
  return page.evaluate(([asked, given]) => (window as unknown as { tocsin: Bridge }).tocsin.invoke(asked as RequestName, given as never), [
    name,
    argument,
  ] as const) as Promise<Answer<N>>
}

/** From the middle of what is seen by its share of width and height. */
export async function pointOf(what: Locator, x: number, y: number): Promise<{ readonly x: number; readonly y: number }> {
  const box = await what.boundingBox()
  if (box === null) throw new Error('it is not on screen')
  return { x: box.x + box.width * x, y: box.y + box.height * y }
}
