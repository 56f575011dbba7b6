import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, type Page } from '@playwright/test'
import { startApp, temporaryProfile, type RunningApp } from './support/app.ts'

let app: RunningApp
let profile: ReturnType<typeof temporaryProfile>
/** A server that a sealed page can never reach. */
const hits: string[] = []
const server = createServer((request, response) => {
  hits.push(request.url ?? '')
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.end('reached')
})
let origin = ''

test.beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  profile = temporaryProfile()
  app = await startApp(profile.path)
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
  server.close()
})
test.afterEach(() => expect(hits, 'nothing left the page').toEqual([]))

/** Whether the page's policy stopped what `attempt` tried, as Chromium itself reports it. */
async function violations(page: Page, attempt: string): Promise<readonly string[]> {
  return page.evaluate(async (source) => {
    const seen: string[] = []
    const note = (event: SecurityPolicyViolationEvent) => seen.push(event.effectiveDirective)
    document.addEventListener('securitypolicyviolation', note)
    try {
      // The debugger may evaluate where the page may not: what is evaluated acts as a script of the page would.
      await (new Function(`return (async () => { ${source} })()`) as () => Promise<unknown>)()
    } catch {
      // Being stopped is what is expected.
    }
    await new Promise((done) => setTimeout(done, 300))
    document.removeEventListener('securitypolicyviolation', note)
    return seen
  }, attempt)
}

test('the page is served over app:// with a policy that begins with nothing', async () => {
  expect(app.page.url()).toMatch(/^app:\/\/tocsin\//)
  const policy = await app.page.evaluate(async () => document.querySelector('meta[http-equiv]')?.getAttribute('content') ?? null)
  expect(policy, 'the policy is a header, which a page cannot take away').toBeNull()
})

for (const [what, attempt, directive] of [
  [
    'an inline script',
    `const s = document.createElement('script'); s.text = 'window.injected = true'; document.body.append(s)`,
    'require-trusted-types-for',
  ],
  [
    'a script from elsewhere',
    `const s = document.createElement('script'); s.src = ORIGIN + '/x.js'; document.body.append(s)`,
    'require-trusted-types-for',
  ],
  [
    'an inline style',
    `const s = document.createElement('style'); s.textContent = 'body{color:red}'; document.body.append(s)`,
    'style-src-elem',
  ],
  ['an image from elsewhere', `const i = new Image(); i.src = ORIGIN + '/x.png'; document.body.append(i)`, 'img-src'],
  ['a fetch', `await fetch(ORIGIN + '/x')`, 'connect-src'],
  ['a socket', `new WebSocket(ORIGIN.replace('http', 'ws'))`, 'connect-src'],
  ['a beacon', `navigator.sendBeacon(ORIGIN + '/x')`, 'connect-src'],
  ['a frame', `const f = document.createElement('iframe'); f.src = ORIGIN + '/'; document.body.append(f)`, 'frame-src'],
  ['a plugin', `const o = document.createElement('object'); o.data = ORIGIN + '/x'; document.body.append(o)`, 'require-trusted-types-for'],
  [
    'a form',
    `const f = document.createElement('form'); f.action = ORIGIN + '/'; f.method = 'post'; document.body.append(f); f.submit()`,
    'form-action',
  ],
  ['a base address', `const b = document.createElement('base'); b.href = ORIGIN + '/'; document.head.append(b)`, 'base-uri'],
  ['a worker from text', `new Worker(URL.createObjectURL(new Blob(['1'])))`, 'require-trusted-types-for'],
] as const) {
  test(`the policy stops ${what}`, async () => {
    const seen = await violations(app.page, attempt.replaceAll('ORIGIN', JSON.stringify(origin)))
    expect(seen).toContain(directive)
    expect(await app.page.evaluate(() => 'injected' in window)).toBe(false)
  })
}

test('the page cannot leave, open windows, or reach files', async () => {
  const before = app.page.url()
  for (const attempt of [
    `location.href = ${JSON.stringify(origin)}`,
    `location.href = 'file:///etc/passwd'`,
    `location.href = 'data:text/html,x'`,
  ]) {
    await app.page.evaluate((source) => (new Function(source) as () => void)(), attempt)
    await app.page.waitForTimeout(200)
    expect(app.page.url()).toBe(before)
  }
  expect(await app.page.evaluate((url) => window.open(url), origin)).toBeNull()
  expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

test('nothing outside the built page is served', async () => {
  for (const path of [
    '../main/index.cjs',
    '%2e%2e/main/index.cjs',
    '..%2fpackage.json',
    'index.html/../../../package.json',
    '/etc/passwd',
  ]) {
    const status = await app.electron.evaluate(
      async ({ net }, url) => (await net.fetch(url)).status,
      new URL(path, 'app://tocsin/').href.replace('app://tocsin/', 'app://tocsin/'),
    )
    expect(status, path).toBe(404)
  }
})

test('the window has the sandbox on, Node off, and asks for no permission', async () => {
  const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
    const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag } = contents.getLastWebPreferences()
    return { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag }
  })
  expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false })
  expect(await app.page.evaluate(() => Notification.requestPermission())).toBe('denied')
  expect(await app.page.evaluate(() => Object.keys((window as unknown as { tocsin: object }).tocsin).sort())).toEqual(['invoke', 'on'])
  expect(await app.page.evaluate(() => typeof (globalThis as Record<string, unknown>)['require'])).toBe('undefined')
})

test('the gate refuses unknown requests and arguments of another shape', async () => {
  const attempts: readonly (readonly [string, unknown])[] = [
    ['nothing:here', null],
    ['__proto__', null],
    ['constructor', null],
    ['timeline:page', null],
    ['timeline:page', { text: '', range: null, before: null, skip: 0, limit: 1e9 }],
    ['timeline:page', { text: 'x'.repeat(100_000), range: null, before: null, skip: 0, limit: 10 }],
    ['timeline:page', { text: '', range: null, before: null, skip: 0, limit: 10, extra: true }],
    ['settings:write', { theme: 'red' }],
    ['settings:write', { pathSecret: 'x' }],
    ['clipboard:write', { toString: 'x' }],
    ['detection:open', 'x'],
  ]
  for (const [name, argument] of attempts) {
    const answer = await app.page.evaluate(
      async ([request, value]) => {
        const bridge = (window as unknown as { tocsin: { invoke(name: unknown, argument: unknown): Promise<unknown> } }).tocsin
        try {
          return { kind: 'answered', value: await bridge.invoke(request, value) }
        } catch {
          return { kind: 'refused' }
        }
      },
      [name, argument] as const,
    )
    expect(answer, `${name} ${JSON.stringify(argument).slice(0, 60)}`).toEqual({ kind: 'refused' })
  }
})
