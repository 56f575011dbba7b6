import { expect, test, type Page } from '@playwright/test'
import type { Answer, Argument, Bridge, RequestName } from '../src/shared/ipc.ts'
import type { Gap, InletId } from '../src/shared/inlets.ts'
import { killHard, startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'

const receiver = 'receiver' as InletId

function ask<N extends RequestName>(page: Page, name: N, argument: Argument<N>): Promise<Answer<N>> {
  return page.evaluate(([asked, given]) => (window as unknown as { tocsin: Bridge }).tocsin.invoke(asked as RequestName, given as never), [
    name,
    argument,
  ] as const) as Promise<Answer<N>>
}

const gaps = (page: Page) => ask(page, 'gaps:list', { inlet: receiver, since: null, limit: 10 })
const word = async (page: Page) => (await ask(page, 'health:read', null)).ways
const emit = ({ electron }: RunningApp, signal: 'suspend' | 'resume') =>
  electron.evaluate(({ powerMonitor }, name) => void powerMonitor.emit(name), signal)

test('sleep and resume make a gap with its reason and its end, and deliveries arrive before and after', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    const { page } = app
    expect(await word(page)).toMatchObject([{ id: 'receiver', state: 'live' }])
    expect(await gaps(page)).toEqual([])
    expect((await tocsin(profile.path, 'simulate', '--count', '1', '--seed', 'before')).code).toBe(0)
    await page.evaluate(() => {
      const told: Gap[] = []
      Object.assign(window, { told })
      ;(window as unknown as { tocsin: Bridge }).tocsin.on('gap:changed', (gap) => told.push(gap))
    })

    const before = Date.now()
    await emit(app, 'suspend')
    expect(await word(page)).toMatchObject([{ state: 'down', because: 'asleep' }])
    expect(await gaps(page)).toMatchObject([{ inlet: 'receiver', because: 'asleep', to: null, end: { kind: 'open' } }])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await emit(app, 'resume')
    const [gap] = await gaps(page)
    expect(gap).toMatchObject({ because: 'asleep', end: { kind: 'unknown' } })
    expect(Date.parse(gap?.from ?? '')).toBeGreaterThanOrEqual(before)
    expect(Date.parse(gap?.to ?? '') - Date.parse(gap?.from ?? '')).toBeGreaterThanOrEqual(100)
    expect(await word(page)).toMatchObject([{ state: 'live' }])
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { told: Gap[] }).told.map(({ end }) => end.kind)))
      .toEqual(['open', 'unknown'])
    const { inlets } = await ask(page, 'ways:read', null)
    expect(inlets).toMatchObject([{ id: 'receiver', state: { kind: 'live' }, counters: { kept: 1 }, gaps: [gap] }])
    expect((await tocsin(profile.path, 'simulate', '--count', '1', '--seed', 'after')).code).toBe(0)
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('the time in which the app was closed is a gap, after a quit and after a crash', async () => {
  const profile = temporaryProfile()
  const quit = await startApp(profile.path)
  await quit.electron.close()
  const closedAt = Date.now()

  const crashed = await startApp(profile.path)
  await expect.poll(() => gaps(crashed.page)).toMatchObject([{ because: 'app-closed', end: { kind: 'unknown' } }])
  const [first] = await gaps(crashed.page)
  expect(Date.parse(first?.from ?? '')).toBeLessThanOrEqual(closedAt)
  expect(Date.parse(first?.to ?? '')).toBeGreaterThanOrEqual(closedAt)
  await killHard(crashed.electron.process())

  const again = await startApp(profile.path)
  try {
    await expect.poll(() => gaps(again.page)).toMatchObject([{ because: 'app-closed', end: { kind: 'unknown' } }, first])
    expect((await gaps(again.page)).map(({ from, to }) => from <= (to ?? ''))).toEqual([true, true])
  } finally {
    await again.electron.close()
    profile.remove()
  }
})

test('a program is run as a tunnel only where a person allows it, and a page that is declined changes nothing', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path, { TOCSIN_NO_DIALOG: '1' })
  try {
    const command = { kind: 'command', command: ['/bin/sh', '-c', 'echo https://evil.example.org'], origin: null } as const
    expect(await ask(app.page, 'tunnel:save', command)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('not allowed') })
    const draft = { kind: 'relay', name: 'Evil', address: null, url: 'https://evil.example.org' } as const
    const saved = await ask(app.page, 'inlet:save', { id: null, draft, secret: 'file:/etc/hostname' })
    expect(saved).toMatchObject({ kind: 'refused', detail: expect.stringContaining('not allowed') })
    const { inlets, tunnel } = await ask(app.page, 'ways:read', null)
    expect(inlets.map(({ id }) => id)).toEqual(['receiver'])
    expect(tunnel).toEqual({ setUp: null, state: { kind: 'off' } })
  } finally {
    await app.electron.close()
    profile.remove()
  }
})
