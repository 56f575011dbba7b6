import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, type ElectronApplication } from '@playwright/test'
import type { AttackCounts } from '../src/shared/attack.ts'
import { spawnApp, startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'
import { address, ask, count, field, go, home, list, pane, rows, runCommand, search, visit } from './support/desk.ts'
import { failReads } from './support/failed-reads.ts'
import { framework, hero, seedDesk, seedInbox } from './support/seeds.ts'

const profile = temporaryProfile()
let app: RunningApp
let page: RunningApp['page']

test.beforeAll(async () => {
  await seedDesk({ profile: profile.path, count: 270, seed: 'views', endAt: Date.now() })
  seedInbox(profile.path, 1_200)
  app = await startApp(profile.path)
  page = app.page
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
})

const heading = (name: string) => page.getByRole('heading', { name, exact: true })
const saveTo = (electron: ElectronApplication, filePath: string) =>
  electron.evaluate(({ dialog }, to) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: to })
  }, filePath)

test('the first look after a while is offered what happened meanwhile, ranked, until it was seen', async () => {
  const offer = page.getByText('Something happened while you were away.')
  await expect(offer).toBeVisible()
  // Put off, it is offered again by a wake.
  await page.getByRole('button', { name: 'Not now' }).click()
  await expect(offer).toHaveCount(0)
  await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('suspend'))
  await page.waitForTimeout(1_100)
  await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('resume'))
  await expect(offer).toBeVisible()
  await page.getByRole('button', { name: 'Look', exact: true }).click()
  await expect(heading('While you were away')).toBeVisible()
  const threats = page.getByRole('region', { name: 'New threats' })
  await expect(threats.getByRole('link', { name: /CredentialStuffingAttempt/ }).first()).toBeVisible()
  const confidences = (await threats.getByRole('link').allTextContents())
    .map((text) => Number(/confidence\s*([\d.]+)/.exec(text)?.[1]))
    .filter((one) => !Number.isNaN(one))
  expect(confidences.length).toBeGreaterThan(1)
  expect(confidences).toEqual([...confidences].sort((a, b) => b - a))
  await page.getByRole('radio', { name: '7 days' }).check({ force: true })
  await expect(page.getByRole('region', { name: 'Not listening' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Newly open posture issues' })).toBeVisible()
  await page.getByRole('radio', { name: 'My last look' }).check({ force: true })
  const mark = page.getByRole('button', { name: 'Mark as seen' })
  const marked = page.getByText('Marked as seen.')
  await mark.click()
  await expect(marked).toBeVisible()
  // Taken back, by its offer and by its key, it is all news again.
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await expect(page.getByText('Undone: Marked as seen')).toBeVisible()
  await expect(threats.getByRole('link', { name: /CredentialStuffingAttempt/ }).first()).toBeVisible()
  await mark.click()
  await expect(marked).toBeVisible()
  await page.keyboard.press('Control+z')
  await mark.click()
  await expect(marked).toBeVisible()
  await page.reload()
  await go(page, 'Timeline')
  await expect(list(page)).toBeVisible()
  await expect(page.getByText('Something happened while you were away.')).toHaveCount(0)
})

test('an entity has one page: what was open when the attack began, types, sources, issues, notes and neighbours', async () => {
  await go(page, 'Entities')
  await page.getByRole('textbox', { name: 'Entities whose id begins with' }).fill('00u1a2b')
  // Before its answer the lines may move between press and release.
  await expect(page.getByText('1 entity', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: hero }).click()
  await expect(page.getByRole('heading', { name: hero })).toBeVisible()
  await expect(page.getByText(/^MissingMFA was open when CredentialStuffingAttempt began,/)).toBeVisible()
  const strip = page.getByRole('group', { name: /What happened when/ })
  await expect(strip.getByRole('link', { name: /^CredentialStuffingAttempt, threat/ })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Open issues' }).getByRole('link', { name: /MissingMFA/ })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Types' }).getByRole('link', { name: 'MissingMFA' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Techniques' })).toContainText('T1110.004 Credential Stuffing')
  await strip.getByRole('link', { name: /^CredentialStuffingAttempt, threat/ }).focus()
  await page.keyboard.press('Enter')
  await expect(pane(page).getByRole('heading', { name: 'CredentialStuffingAttempt' })).toBeVisible()
})

test('the pane says all of a detection, filters by its metadata, and keeps a note that the entity shows too', async () => {
  await visit(page, 'timeline?q=id%3Ahero-stuffing')
  await rows(page).first().click()
  for (const words of ['Entity', 'Source', 'Connection', 'Confidence', 'Happened', 'Received'])
    await expect(pane(page).getByText(words, { exact: true }).first()).toBeVisible()
  await expect(pane(page).getByText('T1110.004', { exact: false }).first()).toContainText('T1110.004')
  await expect(pane(page).getByRole('link', { name: /Credential Access/ })).toBeVisible()
  await pane(page).getByRole('textbox', { name: 'A note of yours' }).fill('Asked the user: it was not her.')
  await page.keyboard.press('Control+Enter')
  await expect(pane(page).getByRole('heading', { name: 'Notes, 1' })).toBeVisible()
  await pane(page).getByRole('radio', { name: 'Acknowledged' }).check({ force: true })
  await pane(page).getByRole('combobox', { name: 'Verdict' }).selectOption({ label: 'True positive' })
  await expect(pane(page).getByRole('textbox', { name: 'Why' })).toBeVisible()
  await pane(page).getByRole('textbox', { name: 'Add a label' }).fill('incident-7')
  await page.keyboard.press('Enter')
  await expect(pane(page).getByRole('button', { name: 'Take the label incident-7 away' })).toBeVisible()
  await home(page)
  await search(page, 'has:note verdict:true-positive label:incident-7 triage:acknowledged')
  await expect.poll(() => count(page)).toBe(1)

  await rows(page).first().click()
  await pane(page).getByRole('button', { name: 'Filter by this country' }).focus()
  await page.keyboard.press('Enter')
  await expect(field(page)).toHaveValue(/metadata\.country:NL$/)
  await visit(page, `entities/${hero}`)
  await expect(page.getByText('Asked the user: it was not her.')).toBeVisible()
})

test('a note that was begun waits while another detection is looked at', async () => {
  await visit(page, 'timeline?q=entity%3A' + hero)
  await expect.poll(() => count(page)).toBeGreaterThan(1)
  const note = pane(page).getByRole('textbox', { name: 'A note of yours' })
  await rows(page).nth(0).click()
  await note.fill('Half a thought')
  await rows(page).nth(1).click()
  await expect(note).toHaveValue('')
  await rows(page).nth(0).click()
  await expect(note).toHaveValue('Half a thought')
  await note.fill('')
})

test('a label that could not be written stays in its field until it is', async () => {
  const label = pane(page).getByRole('textbox', { name: 'Add a label' })
  await failReads(app.electron, ['triage:write'])
  await label.fill('written later')
  await label.press('Enter')
  await expect(page.getByText('It could not be done')).toBeVisible()
  await expect(label).toHaveValue('written later')
  await failReads(app.electron, [])
  await label.press('Enter')
  await pane(page).getByRole('button', { name: 'Take the label written later away' }).click()
  await expect(label).toHaveValue('')
  await page.getByRole('button', { name: 'Dismiss' }).first().click()
})

test('posture: open issues by what they share, weeks, times to resolve, a framework, and a report as a page and as PDF', async () => {
  await visit(page, 'timeline')
  await go(page, 'Posture')
  for (const name of ['The last half year', 'Open now', 'Open the longest', 'Time to resolve', 'Compliance'])
    await expect(heading(name)).toBeVisible()
  await page.getByRole('region', { name: 'Compliance' }).getByRole('link', { name: framework }).click()
  await expect(heading('Compliance')).toBeVisible()
  await expect.poll(() => address(page)).toContain('framework=')
  const folder = dirname(profile.path)
  const [html, pdf] = [join(folder, 'report.html'), join(folder, 'report.pdf')]
  await saveTo(app.electron, html)
  await page.getByRole('button', { name: 'Report as HTML…' }).click()
  await expect.poll(() => statSync(html, { throwIfNoEntry: false })?.size ?? 0).toBeGreaterThan(1_000)
  const text = readFileSync(html, 'utf8')
  expect(text).toContain(framework)
  expect(text).toContain(hero)
  expect(text).not.toMatch(/<script|https?:\/\/(?!\S*slashid)/i)
  await saveTo(app.electron, pdf)
  await page.getByRole('button', { name: 'as PDF…' }).click()
  await expect.poll(() => statSync(pdf, { throwIfNoEntry: false })?.size ?? 0, { timeout: 30_000 }).toBeGreaterThan(1_000)
  expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-')
  await page
    .getByRole('region', { name: 'Open by type' })
    .getByRole('link', { name: /MissingMFA/ })
    .click()
  await expect(field(page)).toHaveValue(/framework:".*" type:MissingMFA$/)
  await expect.poll(() => count(page)).toBe(1)
})

test('in forced colours the line of what is open is set apart from the bars that it crosses', async () => {
  await visit(page, 'posture')
  await expect(page.getByText(/open at the end of the week/)).toBeVisible()
  await page.emulateMedia({ forcedColors: 'active' })
  const colours = await page.getByRole('region', { name: 'The last half year' }).evaluate((region) => ({
    strokes: [...region.querySelectorAll('svg > path')].map((path) => getComputedStyle(path).stroke),
    ground: getComputedStyle(document.body).backgroundColor,
  }))
  await page.emulateMedia({ forcedColors: null })
  expect(colours.strokes).toHaveLength(2)
  expect(colours.strokes.indexOf(colours.ground), 'behind the line').toBe(0)
  expect(colours.strokes[1]).not.toBe(colours.ground)
})

test('ATT&CK: a cell narrows to what it counted, unknown words and those without a mapping are counted, and a layer is saved', async () => {
  await visit(page, 'timeline')
  await go(page, 'ATT&CK')
  const grid = page.getByRole('grid', { name: 'Detections by tactic and technique' })
  const cell = grid.getByRole('link', { name: /^T1110 Brute Force/ }).first()
  await expect(cell).toBeVisible()
  const answer = (await ask(page, 'attack:read', { text: '', range: null })) as { kind: string } & AttackCounts
  await expect(page.getByText(/without a mapping\./)).toContainText(String(answer.unmapped))
  await expect(page.getByText('Dream Walking')).toBeVisible()
  const part = grid.getByRole('link', { name: /^T1110\.004/ })
  const wanted = Number(((await part.textContent()) ?? '').trim().split(/\s+/).at(-1))
  expect(wanted).toBe(answer.techniques['T1110.004'])
  await part.focus()
  await page.keyboard.press('Enter')
  await expect(list(page)).toBeVisible()
  await expect.poll(() => count(page)).toBe(wanted)

  const layer = join(dirname(profile.path), 'layer.json')
  await saveTo(app.electron, layer)
  await visit(page, 'attack')
  await page.getByRole('button', { name: 'Navigator layer' }).click()
  await expect(page.getByRole('region', { name: 'Exports and imports' })).toContainText(`exported to ${layer}.`)
  const { techniques } = JSON.parse(readFileSync(layer, 'utf8')) as { techniques: { techniqueID: string; score: number }[] }
  expect(techniques.find(({ techniqueID }) => techniqueID === 'T1110.004')?.score).toBe(wanted)
  await page
    .getByRole('region', { name: 'Exports and imports' })
    .getByRole('button', { name: /^Dismiss/ })
    .click()
})

test('the inbox has what was told and what was kept quiet, and each line leads to its detection', async () => {
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.blur())
  await go(page, 'Inbox')
  expect((await tocsin(profile.path, 'simulate', '--count', '40', '--seed', 'inbox')).code).toBe(0)
  await expect(page.getByText(/^(Told|Kept quiet)/).first()).toBeVisible()
  const shown = page.getByRole('navigation', { name: 'What is shown' })
  await shown.getByRole('link', { name: 'Kept quiet' }).click()
  await expect.poll(() => address(page)).toBe('#/inbox?show=quiet')
  await expect(page.getByText(/^Kept quiet: /).first()).toBeVisible()
  await shown.getByRole('link', { name: 'Everything' }).click()
  const line = page.getByRole('region', { name: 'Inbox' }).getByRole('listitem').first().getByRole('link')
  const words = (await line.textContent()) ?? ''
  await line.click()
  const type = await pane(page).getByRole('heading', { level: 2 }).textContent()
  expect(words).toContain(type?.trim())
  await expect(pane(page).getByRole('heading', { name: /^Why was I (not )?told\?$/ })).toBeVisible()
})

test('an inbox of thousands has only those in sight in the page, and is read to its end by keyboard', async () => {
  await visit(page, 'inbox')
  const region = page.getByRole('region', { name: 'Inbox' })
  const lines = region.getByRole('listitem')
  const drawn = async () => {
    expect(await lines.count()).toBeLessThan(60)
    return Number(await lines.last().getAttribute('aria-posinset'))
  }
  await expect(lines.first()).toHaveAttribute('aria-posinset', '1')
  // Tab goes from line to line, and what has the focus stays in the page wherever it is scrolled to.
  await lines.first().getByRole('link').focus()
  for (let press = 0; press < 30; press++) await page.keyboard.press('Tab')
  await expect(lines.getByRole('link').and(page.locator(':focus'))).toHaveCount(1)
  const held = () => page.evaluate(() => document.activeElement?.closest('li')?.dataset['line'] ?? null)
  const line = await held()
  expect(line).not.toBeNull()
  await expect
    .poll(
      async () => {
        await region.evaluate((box) => box.scrollTo(0, box.scrollHeight))
        await drawn()
        // The page that ends it makes it longer once more.
        const last = lines.last()
        const isLast = (await last.getAttribute('aria-posinset')) === (await last.getAttribute('aria-setsize'))
        return isLast && (await region.getByText('The inbox begins here.').count()) === 1
      },
      { timeout: 30_000, intervals: [100] },
    )
    .toBe(true)
  await expect.poll(drawn).toBeGreaterThan(1_000)
  expect(await held()).toBe(line)
})

test('a search is begun from any other view, by the palette and by the field, and with the text that the field shows', async () => {
  await home(page)
  await visit(page, 'settings')
  await runCommand(page, 'search kind threat')
  await expect(field(page)).toHaveValue('kind:threat is:open')
  await expect.poll(() => address(page)).toBe('#/timeline?q=kind%3Athreat%20is%3Aopen')
  await visit(page, 'settings')
  await runCommand(page, 'zoom to the last 7')
  await expect.poll(() => address(page)).toMatch(/^#\/timeline\?q=.+&from=.+&to=/)
  await home(page)
  await go(page, 'ATT&CK')
  await search(page, 'kind:threat')
  await expect.poll(() => address(page)).toBe('#/attack?q=kind%3Athreat')
  await visit(page, 'settings')
  await field(page).press('End')
  await field(page).pressSequentially(' okta')
  await expect(field(page)).toHaveValue('kind:threat okta')
  await expect.poll(() => address(page)).toBe('#/timeline?q=kind%3Athreat%20okta')
  await search(page, '')
})

test('a form that is asked for by name has the keyboard, is in sight, and gives the keyboard back', async () => {
  const focused = page.locator('*:focus')
  await visit(page, 'settings')
  await runCommand(page, 'add an organization')
  await expect(focused).toHaveAccessibleName('Organization id')
  await expect(focused).toBeInViewport()
  // What was begun waits while another page is looked at.
  await focused.fill('half-an-id')
  await visit(page, 'settings')
  await visit(page, 'connections')
  const form = page.getByRole('form', { name: 'Add an organization' })
  await expect(form.getByRole('textbox', { name: 'Organization id' })).toHaveValue('half-an-id')
  await visit(page, 'settings')
  await runCommand(page, 'add a hook')
  await expect(focused).toHaveAccessibleName('Name')
  await expect(page.getByRole('button', { name: 'Save' })).toBeInViewport()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(focused).toHaveAccessibleName('Add a hook')
  await home(page)
})

test('a view is copied as a link, and a link that another start was given is opened, whatever it says', async () => {
  await home(page)
  await search(page, 'kind:threat confidence>=0.9')
  await page.keyboard.press('Escape')
  await visit(page, 'timeline?q=kind%3Athreat%20confidence%3E%3D0.9')
  await runCommand(page, 'copy a link')
  await expect.poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText())).toMatch(/^tocsin:\/\/open\/timeline\?q=/)
  const link = await app.electron.evaluate(({ clipboard }) => clipboard.readText())
  await go(page, 'Settings')
  const open = async (argument: string): Promise<void> => {
    const [code] = (await once(spawnApp(profile.path, { args: [argument] }), 'exit')) as [number]
    expect(code).toBe(0)
  }
  await open(link)
  await expect(field(page)).toHaveValue('kind:threat confidence>=0.9')
  await open(`tocsin://open/entities/${hero}`)
  await expect(page.getByRole('heading', { name: hero })).toBeVisible()
  const here = await address(page)
  for (const evil of ['tocsin://open/../../etc/passwd', 'tocsin://run/timeline', 'tocsin://open/nowhere?q=x']) await open(evil)
  expect(await address(page)).toBe(here)
  expect(page.url()).toMatch(/^app:\/\/tocsin\//)
})

test('what a view shows stands in its address: back, forward, another load and a copied link have it again', async () => {
  const begins = page.getByRole('textbox', { name: 'Entities whose id begins with' })
  const chosen = (name: string) => page.getByRole('radio', { name, exact: true })
  const whole = page.getByRole('checkbox', { name: 'All techniques' })
  await visit(page, 'entities')
  await begins.fill('')
  await begins.pressSequentially('00u1', { delay: 200 })
  await chosen('7 days').check({ force: true })
  await expect.poll(() => address(page)).toBe('#/entities?begins=00u1&days=7')
  await visit(page, 'digest')
  await chosen('24 hours').check({ force: true })
  await expect.poll(() => address(page)).toBe('#/digest?since=day')
  await visit(page, 'attack')
  await whole.check()
  await expect.poll(() => address(page)).toBe('#/attack?techniques=all')

  await page.goBack()
  await expect(whole).not.toBeChecked()
  await page.goBack()
  await expect(chosen('24 hours')).toBeChecked()
  await page.goBack()
  await expect(chosen('My last look')).toBeChecked()
  await page.goBack()
  await expect(chosen('7 days')).toBeChecked()
  await expect(begins).toHaveValue('00u1')
  await page.goBack()
  await expect(chosen('Ever')).toBeChecked()
  await expect(begins).toHaveValue('00u1')
  // What was typed is one step.
  await page.goBack()
  await expect(begins).toHaveValue('')
  for (let step = 0; step < 6; step++) await page.goForward()
  await expect(whole).toBeChecked()
  await page.reload()
  await expect(whole).toBeChecked()

  await visit(page, 'entities?begins=00u1&days=7')
  await expect(begins).toHaveValue('00u1')
  await page.reload()
  await expect(begins).toHaveValue('00u1')
  await expect(chosen('7 days')).toBeChecked()
  await expect(page.getByRole('link', { name: hero })).toBeVisible()
  await runCommand(page, 'copy a link')
  await expect.poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe('tocsin://open/entities?begins=00u1&days=7')
})

test('settings apply at once, and what a row shows is the same after a restart', async () => {
  await go(page, 'Settings')
  await page.getByRole('radio', { name: 'Light' }).check({ force: true })
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('checkbox', { name: 'Show a notification when a detection arrives' }).uncheck()
  await expect.poll(async () => (await ask(page, 'settings:read', null)).notify).toBe(false)
  await home(page)
  const tall = (await rows(page).first().boundingBox())?.height ?? 0
  await page.getByRole('button', { name: 'Rows', exact: true }).click()
  await page.getByRole('menuitemradio', { name: 'One line' }).click()
  await expect.poll(async () => (await rows(page).first().boundingBox())?.height ?? 0).toBeLessThan(tall)
  await page.getByRole('menuitemcheckbox', { name: 'Source' }).click()
  await page.keyboard.press('Escape')
  const small = (await rows(page).first().boundingBox())?.height ?? 0

  await app.electron.close()
  app = await startApp(profile.path)
  page = app.page
  await expect(rows(page).first()).toBeVisible()
  expect((await rows(page).first().boundingBox())?.height).toBe(small)
  await page.getByRole('button', { name: 'Rows', exact: true }).click()
  await expect(page.getByRole('menuitemcheckbox', { name: 'Source' })).toHaveAttribute('aria-checked', 'false')
  await page.keyboard.press('Escape')
})
