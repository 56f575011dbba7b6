import { expect, test, type Page } from '@playwright/test'
import type { Answer, Argument, Bridge, RequestName } from '../src/shared/ipc.ts'
import { killHard, listening, spawnApp, startAllowedApp, temporaryProfile } from './support/app.ts'
import { rows } from './support/desk.ts'
import { storedSigningHashes } from './support/history.ts'
import { setUpRelayByGuide, startDevelopmentRelay, type DevelopmentRelay } from './support/relay.ts'
import { demoSender, type DemoSender } from './support/sender.ts'

let profile: ReturnType<typeof temporaryProfile>
let relay: DevelopmentRelay
/** Everything that a relay answered 200 to. */
let sent: string[]

// One relay and one profile for all of them, in their order: what one test leaves behind is what the next one starts from.
test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  profile = temporaryProfile()
  relay = await startDevelopmentRelay()
  sent = []
})
test.afterAll(async () => {
  await relay.stop()
  profile.remove()
})

test('the guide sets a relay up by role and name, and all six steps of its test pass', async () => {
  const app = await startAllowedApp(profile.path)
  try {
    await setUpRelayByGuide(app.page, relay)
    const steps = app.page.getByRole('list', { name: 'Steps of the test of Tocsin relay' })
    await expect(steps.getByRole('listitem')).toHaveCount(6)
    await expect(steps.getByText(/^passed/)).toHaveCount(6)
    await app.page.screenshot({ path: test.info().outputPath('test-passed.png') })
    await app.page.getByRole('button', { name: 'Done: go to the timeline' }).click()
    await expect(rows(app.page)).toHaveCount(1)
    await expect(health(app.page, 'listening')).toBeVisible()
  } finally {
    await app.electron.close()
  }
})

test('what was posted while the app was closed is all there once, in a gap that says so', async () => {
  sent.push(...(await postAll(demoSender(profile.path), 25, 'closed')))
  // A shorter time in which nothing was missed is no gap.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const app = await startAllowedApp(profile.path)
  try {
    await everythingOnce()
    await expect(health(app.page, 'listening')).toBeVisible()
    await app.page.getByRole('link', { name: 'Connections' }).click()
    const way = app.page.getByRole('listitem', { name: 'Tocsin relay' })
    await expect(way.getByText(/^Tocsin was closed .*· backlog of 25 came in$/)).toBeVisible()
    await expect(way.getByText(/25 from a backlog/)).toBeVisible()
    expect((await gaps(app.page)).map(({ because, end }) => ({ because, end }))).toEqual([
      { because: 'app-closed', end: { kind: 'backlog', delivered: 25 } },
    ])
  } finally {
    await app.electron.close()
  }
})

test('what was posted while the computer slept comes in after it, and is told as the backlog of that gap', async () => {
  const app = await startAllowedApp(profile.path)
  const pid = app.electron.process().pid ?? 0
  try {
    await expect(health(app.page, 'listening')).toBeVisible()
    await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('suspend'))
    await expect(health(app.page, 'not listening')).toBeVisible()
    // A process that sleeps does not run.
    process.kill(pid, 'SIGSTOP')
    sent.push(...(await postAll(demoSender(profile.path), 300, 'asleep')))
    process.kill(pid, 'SIGCONT')
    await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('resume'))
    await everythingOnce()
    await expect(health(app.page, 'listening')).toBeVisible()
    await expect
      .poll(async () => (await gaps(app.page)).map(({ because, end }) => ({ because, end }))[0])
      .toEqual({ because: 'asleep', end: { kind: 'backlog', delivered: 300 } })
  } finally {
    await app.electron.close()
  }
})

test('kill -9 in the middle of a backlog of 2,000, twice: nothing is lost, nothing is there twice', async () => {
  test.setTimeout(120_000)
  const before = storedSigningHashes(profile.path).length
  sent.push(...(await postAll(demoSender(profile.path), 2_000, 'killed')))
  const came: number[] = []
  for (const atLeast of [200, 900]) {
    const app = spawnApp(profile.path)
    await listening(profile.path, app.pid)
    await expect.poll(() => storedSigningHashes(profile.path).length - before, { intervals: [10] }).toBeGreaterThanOrEqual(atLeast)
    await killHard(app)
    came.push(storedSigningHashes(profile.path).length - before)
  }
  expect(Math.max(...came), 'it was killed in the middle').toBeLessThan(2_000)
  const survivor = await startAllowedApp(profile.path)
  try {
    await everythingOnce()
    figure(`killed after ${came.join(' and ')} of 2,000`)
  } finally {
    await survivor.electron.close()
  }
})

test('10,000 that waited come in while the window keeps answering', async () => {
  // Half a minute on two cores of its own; what is judged is the window, and not how fast they can be posted.
  test.setTimeout(240_000)
  const app = await startAllowedApp(profile.path)
  try {
    const { inlets } = await ask(app.page, 'ways:read', null)
    const id = inlets.find(({ kind }) => kind === 'relay')?.id ?? fail('no relay')
    await ask(app.page, 'inlet:switch', { id, isOn: false })
    const postedAt = performance.now()
    sent.push(...(await postAll(demoSender(profile.path), 10_000, 'waiting')))
    const postedMs = performance.now() - postedAt

    const measuring = measure(app.page)
    const startedAt = performance.now()
    await ask(app.page, 'inlet:switch', { id, isOn: true })
    await expect.poll(() => missing().length, { timeout: 120_000, intervals: [250] }).toBe(0)
    const drainedMs = performance.now() - startedAt
    await app.page.evaluate(() => Object.assign(window, { isDrained: true }))
    const { frames, answers } = await measuring
    await everythingOnce()
    figure(`posted in ${(postedMs / 1_000).toFixed(1)} s, in the history after ${(drainedMs / 1_000).toFixed(1)} s`)
    figure(`frames: ${words(frames)}; answers to the page: ${words(answers)}`)
    // Wide enough for a machine that does other things as well; a window that waits for the backlog is slower by far.
    expect(quantile(answers, 0.95)).toBeLessThan(1_000)
    expect(quantile(frames, 0.95)).toBeLessThan(500)
    expect(Math.max(...frames, ...answers)).toBeLessThan(3_000)
  } finally {
    await app.electron.close()
  }
})

/** The one word that every view shows. */
const health = (page: Page, word: string) => page.getByRole('button', { name: `Health: ${word}`, exact: true })

function ask<N extends RequestName>(page: Page, name: N, argument: Argument<N>): Promise<Answer<N>> {
  return page.evaluate(([asked, given]) => (window as unknown as { tocsin: Bridge }).tocsin.invoke(asked as RequestName, given as never), [
    name,
    argument,
  ] as const) as Promise<Answer<N>>
}

/** Of the relay, the newest first. */
async function gaps(page: Page) {
  const { inlets } = await ask(page, 'ways:read', null)
  return inlets.find(({ kind }) => kind === 'relay')?.gaps ?? []
}

/** Posts so many deliveries to the relay; the identities of those that it took. */
async function postAll(sender: DemoSender, count: number, seed: string): Promise<readonly string[]> {
  const tokens = sender.tokens(count, seed)
  const taken: string[] = []
  const lanes = Array.from({ length: 64 }, async () => {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
      expect(await sender.send(relay.address, token)).toEqual({ kind: 'acknowledged', status: 200 })
      taken.push(sender.identity(token))
    }
  })
  await Promise.all(lanes)
  return taken
}

/** Every delivery that the relay took is in the history, and none is there twice. The samples of the tests of the way in are beside them. */
async function everythingOnce(): Promise<void> {
  await expect.poll(() => missing().length, { timeout: 20_000, intervals: [100] }).toBe(0)
  const stored = storedSigningHashes(profile.path)
  expect(new Set(stored).size, 'none twice').toBe(stored.length)
  expect(stored.length, 'and the sample of the test').toBe(sent.length + 1)
}

function missing(): readonly string[] {
  const stored = new Set(storedSigningHashes(profile.path))
  return sent.filter((identity) => !stored.has(identity))
}

/** Times between frames of the page, and of answers that it gets from main, until the page is told that it is over. In ms. */
function measure(page: Page) {
  return page.evaluate(async () => {
    const { tocsin } = window as unknown as { tocsin: Bridge }
    const frames: number[] = []
    const answers: number[] = []
    const isOver = (): boolean => 'isDrained' in window
    let last = performance.now()
    requestAnimationFrame(function frame(now) {
      frames.push(now - last)
      last = now
      if (!isOver()) requestAnimationFrame(frame)
    })
    while (!isOver()) {
      const askedAt = performance.now()
      await tocsin.invoke('timeline:page', { text: '', range: null, before: null, skip: 0, limit: 50 })
      answers.push(performance.now() - askedAt)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return { frames, answers }
  })
}

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.POSITIVE_INFINITY
}

function words(values: readonly number[]): string {
  const [half, most, worst] = [0.5, 0.95, 1].map((part) => quantile(values, part).toFixed(0))
  return `${values.length}, median ${half} ms, 95 of 100 within ${most} ms, at worst ${worst} ms`
}

function figure(description: string): void {
  console.log(`    ${description}`)
  test.info().annotations.push({ type: 'figure', description })
}

function fail(why: string): never {
  throw new Error(why)
}
