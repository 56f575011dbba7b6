import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from '@playwright/test'
import type { Bridge } from '../../src/shared/ipc.ts'
import { send } from '../../src/main/sample/send.ts'
import { seedProfile } from '../../bench/seed.ts'
import type { Task, TaskId } from '../../src/shared/tasks.ts'
import { root, startAllowedApp, temporaryProfile, tocsin, type RunningApp } from '../support/app.ts'
import { ask, chart, field, list, rows as rowsOf, visit } from '../support/desk.ts'
import { fillRules } from '../support/rules.ts'
import { framework, hero, seedDesk } from '../support/seeds.ts'
import { setUpRelayByGuide, startDevelopmentRelay } from '../support/relay.ts'
import { endSearchesEarly } from '../support/slow-search.ts'
import { seedWays } from '../support/ways.ts'

const out = resolve(process.env['INIT_CWD'] ?? root, process.env['SCREENSHOTS_OUT'] ?? 'screenshots')
const rows = Number(process.env['SCREENSHOTS_ROWS'] ?? 240)
/** More are the data set of the benchmarks. */
const mostOfStory = 20_000
const themes = ['dark', 'light'] as const
const sizes = { large: { width: 1440, height: 900 }, normal: { width: 1200, height: 760 }, small: { width: 900, height: 600 } } as const

type Page = RunningApp['page']
/** What the profile holds: detections, also ways in and gaps, detections that take long to look through, or nothing at all. */
const profiles = ['history', 'ways', 'slow', 'nothing'] as const
type Profile = (typeof profiles)[number]
type View = {
  readonly name: string
  readonly of: Profile
  open(page: Page, electron: RunningApp['electron']): Promise<void>
  leave?(page: Page): Promise<void>
}

const go = (view: string) => (page: Page) => page.getByRole('navigation', { name: 'Views' }).getByText(view).first().click()

/** An organization of the user's own, whose issuer is nowhere, and deliveries that are not believed. */
async function addDoubts(page: Page, url: string): Promise<void> {
  await page.evaluate((organization) => (window as unknown as { tocsin: Bridge }).tocsin.invoke('organization:add', organization), {
    id: 'org_7d1f',
    name: 'Production',
    issuer: 'https://slashid.invalid',
    jwks: null,
  })
  for (const body of ['no token', 'neither is this', '<script>nor this</script>']) await send(url, body)
}

/** What only a running app has: what is not believed, notifications, views, notes, and something acknowledged. */
async function fill({ profile, page, url }: RunningApp): Promise<void> {
  await addDoubts(page, url)
  // Notifications are for those who do not look at the timeline.
  await visit(page, 'settings')
  await tocsin(profile, 'simulate', '--count', '24', '--seed', 'screenshots')
  await page.getByRole('button', { name: 'Not now' }).click()
  for (const [name, q] of [
    ['Open threats', 'kind:threat is:open'],
    ['Unread, 24 h', 'is:unread last:24h'],
    ['Okta without GitHub', 'source:okta_org'],
  ] as const)
    await ask(page, 'view:save', { id: null, name, address: `timeline?q=${encodeURIComponent(q)}`, isPinned: true })
  await ask(page, 'settings:write', { recentSearches: ['kind:threat confidence>=0.8', 'entity_type:okta_role is:open'] })
  await fillRules(page)
  const keys = [{ organizationId: 'tocsin-demo-organization', id: 'hero-stuffing' }] as never
  const change = {
    state: 'acknowledged',
    note: 'Asked her by phone: it was not her. Sessions ended, password reset.',
    addLabel: 'incident-7',
  } as const
  await ask(page, 'triage:write', { of: { kind: 'keys', keys }, change })
}

const search = (text: string) => async (page: Page) => {
  await visit(page, `timeline?q=${encodeURIComponent(text)}`)
  await page.waitForTimeout(600)
}
const leaveSearch = (page: Page) => visit(page, 'timeline')
const at = (place: string) => async (page: Page) => {
  await visit(page, place)
  await page.waitForTimeout(400)
}

async function zoomIn(page: Page): Promise<void> {
  await visit(page, 'timeline')
  await chart(page).focus()
  await page.keyboard.press('End')
  for (let press = 0; press < 24; press++) await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Enter')
  await page.waitForTimeout(500)
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
}

const task = (id: string, more: Pick<Task, 'kind' | 'title' | 'done' | 'total' | 'state'>): Task => ({ id: id as TaskId, ...more })
const running = { kind: 'running' } as const
const csvDone = { kind: 'done', detail: '97 detections exported to /home/me/threats.csv.' } as const
const importFailed = {
  kind: 'failed',
  detail:
    'The import came to no end: ENOSPC: no space left on device. What it kept until then is safe; import the same files again to go on.',
} as const
const tasks: readonly Task[] = [
  task('a', { kind: 'export', title: 'Export as NDJSON to detections.ndjson', done: 412_000, total: 1_000_000, state: running }),
  task('b', { kind: 'import', title: 'Import of tokens.txt', done: 1, total: null, state: running }),
  task('c', { kind: 'export', title: 'Export as CSV to threats.csv', done: 240, total: 240, state: csvDone }),
  task('d', { kind: 'import', title: 'Import of archive.ndjson', done: 10, total: 100, state: importFailed }),
]

/** What the picture before set up would show in this one. */
async function startOver(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as { tocsin: Bridge }).tocsin.invoke('settings:write', { publicOrigin: null }))
  await page.reload()
}

async function guide(page: Page): Promise<void> {
  await go('Timeline')(page)
  await page.getByRole('button', { name: 'Begin the guide' }).click()
}

const views: readonly View[] = [
  { name: 'timeline', of: 'history', open: go('Timeline') },
  {
    name: 'detection',
    of: 'history',
    async open(page) {
      await go('Timeline')(page)
      await rowsOf(page).first().click()
      await page.getByRole('complementary', { name: 'Detection' }).getByRole('heading').first().waitFor()
    },
  },
  {
    name: 'no-match',
    of: 'history',
    open: search('nothing has these words'),
    leave: leaveSearch,
  },
  { name: 'timeline-zoomed', of: 'history', open: zoomIn, leave: leaveSearch },
  {
    name: 'timeline-pointed',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await chart(page).hover({ position: { x: 500, y: 40 } })
    },
    leave: (page) => page.mouse.move(4, 400),
  },
  {
    name: 'selection',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await rowsOf(page)
        .nth(0)
        .click({ modifiers: ['Control'] })
      await rowsOf(page)
        .nth(3)
        .click({ modifiers: ['Shift'] })
      await rowsOf(page)
        .nth(1)
        .click({ modifiers: ['Control'] })
    },
    leave: (page) => list(page).press('Escape'),
  },
  { name: 'facets', of: 'history', open: search('kind:threat -source:okta_org status:ongoing'), leave: leaveSearch },
  {
    name: 'compact',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await ask(page, 'settings:write', { density: 'compact' })
    },
    leave: async (page) => void (await ask(page, 'settings:write', { density: 'comfortable' })),
  },
  {
    name: 'completion',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await field(page).fill('kind:threat source:')
      await page.waitForTimeout(300)
      await page.keyboard.press('ArrowDown')
    },
    leave: leaveSearch,
  },
  {
    name: 'completion-fields',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await field(page).fill('')
      await field(page).press('ArrowDown')
    },
    leave: leaveSearch,
  },
  { name: 'entities', of: 'history', open: at('entities') },
  { name: 'entity', of: 'history', open: at(`entities/${hero}`) },
  { name: 'posture', of: 'history', open: at('posture') },
  { name: 'compliance', of: 'history', open: at(`posture?framework=${encodeURIComponent(framework)}`) },
  { name: 'attack', of: 'history', open: at('attack') },
  { name: 'rules', of: 'history', open: at('rules') },
  {
    name: 'rule',
    of: 'history',
    async open(page) {
      await visit(page, 'rules/3')
      await page.getByRole('combobox', { name: 'Which detections' }).fill('kind:threat')
      await page.getByText(/^In the last 30 days/).waitFor()
      await page.waitForTimeout(600)
    },
    // What was not saved is no part of the next picture.
    leave: (page) => page.getByRole('button', { name: 'Cancel' }).click(),
  },
  { name: 'mutes', of: 'history', open: at('rules/mutes') },
  { name: 'suppressions', of: 'history', open: at('rules/suppressions') },
  { name: 'digest', of: 'history', open: at('digest') },
  { name: 'inbox', of: 'history', open: at('inbox') },
  {
    name: 'palette',
    of: 'history',
    async open(page) {
      await visit(page, 'timeline')
      await page.keyboard.press('Control+k')
    },
  },
  {
    name: 'views',
    of: 'history',
    async open(page) {
      await page.getByRole('button', { name: 'Manage saved views' }).click()
    },
  },
  {
    name: 'save-view',
    of: 'history',
    async open(page) {
      await search('kind:threat is:open confidence>=0.8')(page)
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find a command' }).fill('save this')
      await page.keyboard.press('Enter')
    },
    async leave(page) {
      await page.keyboard.press('Escape')
      await visit(page, 'timeline')
    },
  },
  { name: 'search-refused', of: 'history', open: search('kind:threat last:7d tipe:Credential* -source:github'), leave: leaveSearch },
  {
    name: 'help',
    of: 'history',
    async open(page) {
      await go('Timeline')(page)
      await page.keyboard.press('?')
    },
  },
  {
    name: 'export',
    of: 'history',
    async open(page) {
      await search('kind:threat')(page)
      await page.getByRole('button', { name: 'Export', exact: true }).click()
    },
    async leave(page) {
      await page.keyboard.press('Escape')
      await leaveSearch(page)
    },
  },
  {
    name: 'tasks',
    of: 'history',
    async open(page, electron) {
      await go('Timeline')(page)
      await electron.evaluate(({ BrowserWindow }, all) => {
        for (const one of all) BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'task:changed', one)
      }, tasks)
    },
    async leave(page) {
      await page.reload()
      await page.getByRole('button', { name: 'Not now' }).click()
    },
  },
  {
    name: 'searched-back',
    of: 'slow',
    async open(page) {
      await search('kind:threat')(page)
    },
    leave: leaveSearch,
  },
  { name: 'connections', of: 'ways', open: go('Connections') },
  {
    name: 'test-failed',
    of: 'ways',
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('button', { name: 'Test Tocsin relay' }).click()
      const steps = page.getByRole('list', { name: 'Steps of the test of Tocsin relay' })
      await steps.getByText('failed').waitFor()
      await steps.scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'gaps',
    of: 'ways',
    async open(page) {
      await go('Timeline')(page)
      await page
        .getByText(/^not listening/)
        .first()
        .waitFor()
      await page
        .getByText(/^not listening/)
        .first()
        .scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'quarantine',
    of: 'history',
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('link', { name: /Quarantine/ }).click()
    },
  },
  {
    name: 'drift',
    of: 'history',
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('link', { name: /Drift/ }).click()
    },
  },
  {
    name: 'registration',
    of: 'history',
    async open(page) {
      await go('Connections')(page)
      await page.getByRole('heading', { name: 'At SlashID' }).scrollIntoViewIfNeeded()
      await page.getByRole('form', { name: 'Register Production' }).scrollIntoViewIfNeeded()
    },
  },
  { name: 'settings', of: 'history', open: go('Settings') },
  { name: 'empty', of: 'nothing', open: go('Timeline') },
  { name: 'inbox-empty', of: 'nothing', open: at('inbox') },
  { name: 'entities-empty', of: 'nothing', open: at('entities') },
  { name: 'posture-empty', of: 'nothing', open: at('posture') },
  { name: 'attack-empty', of: 'nothing', open: at('attack') },
  { name: 'rules-empty', of: 'nothing', open: at('rules') },
  { name: 'digest-empty', of: 'nothing', open: at('digest') },
  { name: 'connections-empty', of: 'nothing', open: go('Connections') },
  { name: 'connect-choose', of: 'nothing', open: guide },
  {
    name: 'connect-relay',
    of: 'nothing',
    async open(page) {
      await guide(page)
      await page.getByRole('button', { name: /^Tocsin relay/ }).click()
    },
  },
  {
    name: 'connect-tunnel',
    of: 'nothing',
    async open(page) {
      await guide(page)
      await page.getByRole('button', { name: /^A tunnel/ }).click()
    },
  },
  {
    name: 'connect-organization',
    of: 'nothing',
    async open(page) {
      await guide(page)
      await page.getByRole('button', { name: /^A tunnel/ }).click()
      await page.getByLabel('Tunnel', { exact: true }).selectOption('own')
      await page.getByLabel('Public origin of your tunnel').fill('https://tocsin.invalid')
      await page.getByRole('button', { name: 'Save and go on' }).click()
      await page.getByRole('heading', { name: 'Whose detections are these?' }).waitFor()
    },
  },
]

const themed = (page: Page, theme: (typeof themes)[number]) =>
  page.evaluate((chosen) => (window as unknown as { tocsin: Bridge }).tocsin.invoke('settings:write', { theme: chosen }), theme)
const sized = ({ electron }: RunningApp, bounds: (typeof sizes)[keyof typeof sizes]) =>
  electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height), bounds)

test('pictures of a test of a way in that passed', async () => {
  test.setTimeout(900_000)
  mkdirSync(out, { recursive: true })
  const profile = temporaryProfile()
  const relay = await startDevelopmentRelay()
  const app = await startAllowedApp(profile.path)
  try {
    await setUpRelayByGuide(app.page, relay)
    for (const theme of themes) {
      await themed(app.page, theme)
      for (const [size, bounds] of Object.entries(sizes)) {
        await sized(app, bounds)
        await app.page.waitForTimeout(250)
        await app.page.screenshot({ path: join(out, `test-passed-${theme}-${size}.png`) })
      }
    }
  } finally {
    await app.electron.close()
    await relay.stop()
    profile.remove()
  }
})

for (const profileOf of profiles) {
  test(`pictures of every view, ${profileOf}`, async () => {
    test.setTimeout(900_000)
    mkdirSync(out, { recursive: true })
    const profile = temporaryProfile()
    if (profileOf !== 'nothing') {
      const wanted = { profile: profile.path, count: rows, seed: 'screenshots', endAt: Date.now() }
      await (rows > mostOfStory ? seedProfile(wanted) : seedDesk({ ...wanted, days: 40 }))
    }
    if (profileOf === 'ways') seedWays(profile.path)
    const app = await startAllowedApp(profile.path)
    const { electron, page } = app
    try {
      if (profileOf === 'history') await fill(app)
      if (profileOf === 'slow') await endSearchesEarly(electron)
      for (const theme of themes) {
        await themed(page, theme)
        for (const [size, bounds] of Object.entries(sizes)) {
          await sized(app, bounds)
          for (const view of views.filter((view) => view.of === profileOf)) {
            if (profileOf === 'nothing') await startOver(page)
            await page.keyboard.press('Escape')
            await view.open(page, electron)
            await page.waitForTimeout(250)
            await page.screenshot({ path: join(out, `${view.name}-${theme}-${size}.png`) })
            await view.leave?.(page)
          }
        }
      }
    } finally {
      await electron.close()
      profile.remove()
    }
  })
}
