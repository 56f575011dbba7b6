import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { send } from '../src/main/sample/send.ts'
import { killHard, startApp, temporaryProfile } from './support/app.ts'
import { rows } from './support/desk.ts'
import { demoSender } from './support/sender.ts'

const origin = 'https://quiet-brook-tocsin.trycloudflare.com'

/** A folder for PATH in which `cloudflared` draws its box and stays, deaf to SIGTERM as a hung program is. */
function standIn(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'cloudflared')
  const box = `process.stderr.write('2026-01-01T00:00:00Z INF |  ${origin}  |\\n')`
  writeFileSync(program, `#!${process.execPath}\n${box}\nprocess.on('SIGTERM', () => {})\nsetInterval(() => {}, 1e6)\n`)
  chmodSync(program, 0o755)
  return bin
}

/** The stand-ins that run. */
function running(bin: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(bin, 'cloudflared'))
      } catch {
        // It ended while we looked.
        return false
      }
    })
    .map(Number)
}

async function chooseCloudflared(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Connections' }).click()
  const form = page.getByRole('form', { name: 'Tunnel: set-up' })
  await form.getByLabel('Tunnel', { exact: true }).selectOption('cloudflared')
  await form.getByRole('button', { name: 'Save' }).click()
}

test('a tunnel that Tocsin runs says where it begins, lets its host in, and leaves nothing behind after a quit or a crash', async () => {
  const profile = temporaryProfile()
  const bin = standIn(dirname(profile.path))
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  try {
    const app = await startApp(profile.path, env)
    const { page } = app
    await chooseCloudflared(page)
    await expect(page.getByText(`It leads ${origin} here`)).toBeVisible()
    await expect(page.getByRole('button', { name: 'Health: listening', exact: true })).toBeVisible()
    const receiver = page.getByRole('listitem', { name: 'Receiver' })
    await receiver.getByText('Address', { exact: true }).click()
    await expect(receiver.getByText(`${origin}/in/`)).toBeVisible()
    // As the tunnel passes it on: to loopback, under the name that SlashID asked for.
    await page.getByRole('button', { name: 'Send a sample detection' }).click()
    await expect(rows(page)).toHaveCount(1)
    const [token = ''] = demoSender(profile.path).tokens(1, 'tunnel')
    expect(await send(app.url, token, undefined, { host: new URL(origin).host })).toMatchObject({ status: 200 })
    expect(await send(app.url, token, undefined, { host: 'elsewhere.trycloudflare.com' })).toMatchObject({ status: 404 })
    expect(running(bin).length).toBeGreaterThan(0)
    await app.electron.close()
    await expect.poll(() => running(bin), { timeout: 10_000 }).toEqual([])

    const again = await startApp(profile.path, env)
    await again.page.getByRole('link', { name: 'Connections' }).click()
    await expect(again.page.getByText(`It leads ${origin} here`)).toBeVisible()
    await killHard(again.electron.process())
    await expect.poll(() => running(bin), { timeout: 10_000 }).toEqual([])
  } finally {
    profile.remove()
  }
})

test('a tunnel whose program is not on this computer says so, and what to do', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    await chooseCloudflared(app.page)
    await expect(app.page.getByText('cloudflared is missing.')).toBeVisible()
    const words = 'The program cloudflared is not on this computer, or may not be run. Install it from Cloudflare'
    await expect(app.page.getByRole('region', { name: 'Tunnel' }).getByText(words)).toBeVisible()
    await expect(app.page.getByRole('button', { name: 'Health: not listening', exact: true })).toBeVisible()
  } finally {
    await app.electron.close()
    profile.remove()
  }
})
