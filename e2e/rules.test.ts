import { expect, test } from '@playwright/test'
import type { Rules } from '../src/shared/rules.ts'
import { startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'
import { address, ask, field, home, pane, rail, rows, visit } from './support/desk.ts'
import { hero, seedDesk } from './support/seeds.ts'

const profile = temporaryProfile()
let app: RunningApp
let page: RunningApp['page']

test.beforeAll(async () => {
  await seedDesk({ profile: profile.path, count: 200, seed: 'rules', endAt: Date.now() })
  app = await startApp(profile.path)
  page = app.page
  await page.getByRole('button', { name: 'Not now' }).click()
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
})

const kept = (): Promise<Rules> => ask(page, 'rules:list', null)
const names = async () => (await kept()).rules.map(({ name }) => name)
const dryRun = () => page.getByRole('region', { name: 'What it would have told' })
const impact = () => page.getByRole('region', { name: 'What it would have hidden' })
const notice = (words: string | RegExp) => page.getByText(words)

/** Until this has the focus, with no more presses than a person would bear. */
async function tabTo(role: Parameters<typeof page.getByRole>[0], name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name }).first()
  for (let press = 0; press < 60; press++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${String(name)}`)
}

test('a rule is written by keyboard alone: tried on the history before it is saved, and saved with Enter', async () => {
  await home(page)
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await expect(page.getByRole('heading', { name: 'Rules', exact: true })).toBeVisible()
  await expect(page.getByText('Other threats are told.')).toBeVisible()
  await tabTo('button', 'New rule')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.keyboard.type('No threats at all')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('combobox', { name: 'Which detections' })).toBeFocused()
  await page.keyboard.type('kind:thr')
  await expect(page.getByRole('option', { name: 'threat', exact: true })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('combobox', { name: 'Which detections' })).toHaveValue(/^kind:threat ?$/)
  await page.keyboard.press('Escape')
  await tabTo('radio', /^Tell /)
  for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: /^Keep quiet/ })).toBeChecked()

  await expect(
    dryRun().getByText(/^In the last 30 days this would have told [\d,]+ instead of [\d,]+, 0 urgent instead of \d+/),
  ).toBeVisible()
  await expect(dryRun().getByText(/urgent now would not be: nobody would be told of them/)).toBeVisible()
  await expect(dryRun().getByRole('heading', { name: /would be told otherwise/ })).toBeVisible()
  await expect(dryRun().getByRole('link').first()).toHaveAttribute('href', /^#\/timeline\?open=/)
  expect(await names()).toEqual([])

  await page.getByRole('textbox', { name: 'Name' }).focus()
  await page.keyboard.press('Enter')
  await expect(notice('Saved “No threats at all”')).toBeVisible()
  await expect(page.getByRole('link', { name: 'No threats at all' })).toBeVisible()
  expect((await kept()).rules).toMatchObject([{ name: 'No threats at all', action: 'silence', isOn: true }])
})

test('a query that cannot be read is told of at its characters, and keeps the rule from being tried', async () => {
  await visit(page, 'rules/new')
  await page.getByRole('textbox', { name: 'Name' }).fill('Red')
  const query = page.getByRole('combobox', { name: 'Which detections' })
  await query.fill('okta colour:red')
  await expect(query).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByText('There is no field colour', { exact: false })).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(query).toHaveAttribute('aria-invalid', 'true')
  expect(await names()).toEqual(['No threats at all'])
  await page.getByRole('button', { name: 'Cancel' }).click()
})

test('a rule that an earlier one leaves nothing to says so', async () => {
  await visit(page, 'rules/new')
  await page.getByRole('textbox', { name: 'Name' }).fill('Stuffing')
  await page.getByRole('combobox', { name: 'Which detections' }).fill('type:CredentialStuffingAttempt')
  await expect(dryRun().getByText(/^Rules above it decide about everything it finds/)).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect.poll(names).toEqual(['No threats at all', 'Stuffing'])
})

test('rules are moved and removed by keyboard, tried before it holds, and both can be undone', async () => {
  await visit(page, 'rules')
  await page.getByRole('link', { name: 'Stuffing' }).focus()
  await page.keyboard.press('Alt+ArrowUp')
  await expect(page.getByRole('button', { name: /^Move Stuffing down/ })).toBeFocused()
  await expect(page.getByText('Not saved yet: changed the order of the rules', { exact: false })).toBeVisible()
  await expect(dryRun().getByText(/^In the last 30 days /)).toBeVisible()
  expect(await names()).toEqual(['No threats at all', 'Stuffing'])
  await page.keyboard.press('Control+Enter')
  await expect.poll(names).toEqual(['Stuffing', 'No threats at all'])
  await expect(dryRun()).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Stuffing' })).toBeFocused()
  await page.keyboard.press('z')
  await expect.poll(names).toEqual(['No threats at all', 'Stuffing'])

  await page.getByRole('button', { name: 'Remove No threats at all' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: 'Stuffing' })).toBeFocused()
  await expect(
    dryRun().getByText(/^In the last 30 days this would have told [\d,]+ instead of [\d,]+, \d+ urgent instead of 0/),
  ).toBeVisible()
  await expect(dryRun().getByRole('heading', { name: /would be told otherwise/ })).toBeVisible()
  expect(await names()).toEqual(['No threats at all', 'Stuffing'])
  await tabTo('button', 'Discard changes')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: 'No threats at all' })).toBeFocused()
  await page.getByRole('button', { name: 'Remove No threats at all' }).focus()
  await page.keyboard.press('Enter')
  await tabTo('button', 'Save changes')
  await page.keyboard.press('Enter')
  await expect.poll(names).toEqual(['Stuffing'])
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await expect.poll(names).toEqual(['No threats at all', 'Stuffing'])

  await page.getByRole('switch', { name: 'Stuffing: on' }).uncheck()
  await expect(page.getByText('Not saved yet: turned “Stuffing” off', { exact: false })).toBeVisible()
  await expect(dryRun().getByText(/it would have changed nothing/)).toBeVisible()
  expect((await kept()).rules[1]?.isOn).toBe(true)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect.poll(async () => (await kept()).rules[1]?.isOn).toBe(false)
})

test('what is muted from a detection is listed, and ends by keyboard', async () => {
  await visit(page, 'timeline?q=id%3Ahero-stuffing')
  await rows(page).first().click()
  await pane(page).getByRole('button', { name: 'Hush' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Mute this entity…' })).toBeFocused()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Mute' })
  await expect(dialog.getByRole('radio', { name: 'Entity' })).toBeChecked()
  await expect(dialog.getByRole('textbox', { name: 'Entity to mute' })).toHaveValue(hero)
  await dialog.getByRole('radio', { name: 'Until I end it' }).check()
  await dialog.getByRole('button', { name: 'Mute' }).press('Enter')
  await expect.poll(async () => (await kept()).mutes).toMatchObject([{ of: { kind: 'field', field: 'entity', value: hero }, until: null }])
  await expect(page.getByText(`Muted: Entity ${hero}`)).toBeVisible()
  await page.keyboard.press('z')
  await expect.poll(async () => (await kept()).mutes).toEqual([])
  await pane(page).getByRole('button', { name: 'Hush' }).press('Enter')
  await page.getByRole('menuitem', { name: 'Mute this entity…' }).press('Enter')
  await dialog.getByRole('radio', { name: 'Until I end it' }).check()
  await dialog.getByRole('button', { name: 'Mute' }).press('Enter')
  await expect.poll(async () => (await kept()).mutes.length).toBe(1)
  await visit(page, 'rules/mutes')
  await expect(page.getByText('until you end it', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: `Tell of Entity ${hero} again` }).press('Enter')
  await expect(page.getByText('Nothing is muted')).toBeVisible()
})

test('a mute is taken back by its key once its offer is gone too, and what was done before it stays', async () => {
  await home(page)
  await rows(page).first().click()
  await page.keyboard.press('a')
  await expect(notice('1 detection acknowledged')).toBeVisible()
  await pane(page).getByRole('button', { name: 'Hush' }).click()
  await page.getByRole('menuitem', { name: 'Mute this type…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Mute', exact: true }).click()
  await expect(notice(/^Muted: Type /)).toBeVisible()
  await page.locator('.notice').filter({ hasText: 'Muted: Type' }).getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('main').click({ position: { x: 4, y: 4 } })
  await visit(page, 'posture')
  await page.keyboard.press('z')
  await expect(notice(/^Undone: Muted: Type /)).toBeVisible()
  expect((await kept()).mutes).toEqual([])
  await page.keyboard.press('z')
  await expect(notice('Undone: 1 detection acknowledged')).toBeVisible()
})

test('all of Tocsin that is muted is shown on every page, is why nothing was told, and ends with one press', async () => {
  await visit(page, 'rules/mutes')
  await page.getByRole('button', { name: 'Mute…' }).click()
  await page.getByRole('dialog', { name: 'Mute' }).getByRole('button', { name: 'Mute' }).click()
  await visit(page, 'settings')
  const mark = page.getByRole('button', { name: /^Muted until .* Unmute$/ })
  await expect(mark).toBeVisible()
  await tocsin(profile.path, 'simulate', '--count', '1', '--seed', 'muted')
  const isMuted = async () => {
    const { lines } = await ask(page, 'inbox:page', { filter: 'quiet', notification: null, before: null, limit: 20 })
    return lines.find(({ said }) => said.kind === 'quiet' && said.because === 'muted')?.key.id ?? ''
  }
  await expect.poll(isMuted).not.toBe('')
  await visit(page, `timeline?q=${encodeURIComponent(`id:"${await isMuted()}"`)}`)
  await expect(rows(page)).toHaveCount(1)
  await rows(page).first().click()
  await expect(pane(page).getByText('Kept quiet: all of Tocsin was muted.')).toBeVisible()
  await pane(page).getByRole('link', { name: 'See what is muted' }).click()
  expect(await address(page)).toBe('#/rules/mutes')
  await mark.press('Enter')
  await expect(mark).toHaveCount(0)
  expect((await kept()).mutes).toEqual([])
})

test('noise is suppressed only after what it would have hidden was shown, can be hidden on the timeline, and is lifted', async () => {
  await visit(page, 'timeline?q=type%3AMissingMFA')
  await page.getByRole('button', { name: 'Hush' }).first().click()
  await page.getByRole('menuitem', { name: 'Suppress these…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Suppress known noise' })
  await expect(dialog.getByRole('combobox', { name: 'Which detections to suppress' })).toHaveValue('type:MissingMFA')
  await expect(impact().getByText(/^In the last 30 days it would have hidden \d+ detections? /)).toBeVisible()
  const suppress = dialog.getByRole('button', { name: 'Suppress', exact: true })
  await expect(suppress).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'Why' }).fill('Contractors, known')
  await expect(suppress).toBeEnabled()
  await dialog.getByRole('combobox', { name: 'Which detections to suppress' }).fill('type:MissingMFA is:suppressed')
  await expect(suppress).toBeDisabled()
  await expect(dialog.getByText('Leave it out', { exact: false }).first()).toBeVisible()
  await expect(suppress).toBeDisabled()
  await dialog.getByRole('combobox', { name: 'Which detections to suppress' }).fill('type:MissingMFA')
  await expect(suppress).toBeEnabled()
  await suppress.click()
  await expect
    .poll(async () => (await kept()).suppressions)
    .toMatchObject([{ query: 'type:MissingMFA', reason: 'Contractors, known', liftedAt: null }])

  await visit(page, 'timeline')
  const chip = page.getByRole('button', { name: /^Hide suppressed [\d,]+$/ })
  await chip.click()
  await expect(field(page)).toHaveValue('-is:suppressed')
  await expect(rows(page).filter({ hasText: 'MissingMFA' })).toHaveCount(0)
  await page.getByRole('button', { name: /^Hide suppressed/ }).click()
  await expect(field(page)).toHaveValue('')

  await rail(page).getByText('Rules').click()
  await page.getByRole('link', { name: /^Suppressions/ }).click()
  await page.getByRole('button', { name: 'Lift the suppression of type:MissingMFA' }).click()
  await expect(page.getByText('lifted today')).toBeVisible()
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await expect.poll(async () => (await kept()).suppressions.map(({ liftedAt }) => liftedAt)).toEqual([null])
})

test('quiet hours apply at once, and say in words that they end the next day', async () => {
  await visit(page, 'settings')
  await page.getByRole('checkbox', { name: /^Quiet hours/ }).check()
  await expect(page.getByText('22:00 to 07:00 the next day, every day')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Sunday' }).uncheck({ force: true })
  await expect
    .poll(async () => (await ask(page, 'settings:read', null)).quietHours)
    .toEqual({ days: [1, 2, 3, 4, 5, 6], from: 1_320, to: 420 })
  await page.getByRole('radio', { name: 'Never more than how many' }).check()
  await expect.poll(async () => (await ask(page, 'settings:read', null)).notificationContent).toBe('hidden')
})
