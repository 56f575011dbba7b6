import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from '@playwright/test'
import type { Bridge } from '../../src/shared/ipc.ts'
import { send } from '../../src/main/sample/send.ts'
import { seedHistory } from '../../bench/seed.ts'
import type { Task, TaskId } from '../../src/shared/tasks.ts'
import { root, startAllowedApp, temporaryProfile, type RunningApp } from '../support/app.ts'
import { setUpRelayByGuide, startDevelopmentRelay } from '../support/relay.ts'
import { endSearchesEarly } from '../support/slow-search.ts'
import { seedWays } from '../support/ways.ts'

const out = resolve(process.env['INIT_CWD'] ?? root, process.env['SCREENSHOTS_OUT'] ?? 'screenshots')
const rows = Number(process.env['SCREENSHOTS_ROWS'] ?? 240)
const dayMs = 86_400_000
const themes = ['dark', 'light'] as const
const sizes = { large: { width: 1440, height: 900 }, normal: { width: 1200, height: 760 }, small: { width: 900, height: 600 } } as const

type Page = RunningApp['page']
/** What the profile holds: detections, also ways in and gaps, or nothing at all. */
const profiles = ['history', 'ways', 'nothing'] as const
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

const search = (text: string) => async (page: Page) => {
  await go('Timeline')(page)
  await page.getByLabel('Search the history').fill(text)
  await page.waitForTimeout(600)
}
const leaveSearch = (page: Page) => page.getByLabel('Search the history').fill('')

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
      await page.getByRole('option').nth(1).click()
      await page.getByRole('complementary', { name: 'Detection' }).getByRole('heading').first().waitFor()
    },
  },
  {
    name: 'no-match',
    of: 'history',
    open: search('nothing has these words'),
    leave: leaveSearch,
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
    leave: async (page) => void (await page.reload()),
  },
  {
    name: 'searched-back',
    of: 'history',
    async open(page, electron) {
      await endSearchesEarly(electron)
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
    test.setTimeout(300_000)
    mkdirSync(out, { recursive: true })
    const profile = temporaryProfile()
    if (profileOf !== 'nothing') {
      await seedHistory({ profile: profile.path, count: rows, seed: 'screenshots', endAt: Date.now(), spanMs: 9 * dayMs })
    }
    if (profileOf === 'ways') seedWays(profile.path)
    const app = await startAllowedApp(profile.path)
    const { electron, page, url } = app
    try {
      if (profileOf === 'history') await addDoubts(page, url)
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
