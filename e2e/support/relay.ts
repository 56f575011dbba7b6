import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { root } from './app.ts'

export type DevelopmentRelay = {
  readonly origin: string
  /** The target URL to post to. */
  readonly address: string
  /** Where the reader token stands, as the form takes it: there is no keychain in a test, and it has to survive a restart. */
  readonly tokenReference: string
  stop(): Promise<void>
}

/** `npm run relay:dev`: Cloudflare's own runtime on loopback, with a folder and a configuration of its own. */
export async function startDevelopmentRelay(): Promise<DevelopmentRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-e2e-relay-'))
  const child = spawn('node', [join(root, 'scripts/relay.mjs'), 'dev', '--port', '0'], {
    env: { ...process.env, XDG_CONFIG_HOME: folder, APPDATA: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let printed = ''
  const told = (what: string): string => new RegExp(`^ +${what} +(\\S+)$`, 'm').exec(printed)?.[1] ?? ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (told('reader token') !== '') resolve()
    })
    child.on('exit', (code) => reject(new Error(`the relay ended with ${code}: ${printed}`)))
  })
  const tokenFile = join(folder, 'reader-token')
  writeFileSync(tokenFile, told('reader token'), { mode: 0o600 })
  return {
    origin: told('relay'),
    address: told('post to'),
    tokenReference: `file:${tokenFile}`,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The whole guide as somebody goes through it who has never seen the app, up to where the test has passed. */
export async function setUpRelayByGuide(page: Page, relay: DevelopmentRelay): Promise<void> {
  await page.getByRole('button', { name: 'Begin the guide' }).click()
  await page.getByRole('button', { name: /^Tocsin relay/ }).click()
  const form = page.getByRole('form', { name: 'Tocsin relay: set-up' })
  await form.getByLabel('Address of the relay').fill(relay.origin)
  await form.getByLabel('Reader token').fill(relay.tokenReference)
  await form.getByLabel(/^Target URL/).fill(relay.address)
  await form.getByRole('button', { name: 'Save and go on' }).click()

  await expect(page.getByRole('heading', { name: 'Whose detections are these?' })).toBeVisible()
  const organization = page.getByRole('form', { name: 'Add an organization' })
  await organization.getByLabel('Organization id').fill('org-e2e')
  await organization.getByLabel('Environment').selectOption('other')
  // Nobody is there: the organization is believed once its keys can be fetched, and nothing here waits for that.
  await organization.getByLabel(/^Issuer/).fill('http://127.0.0.1:9')
  await organization.getByRole('button', { name: 'Add organization' }).click()

  await expect(page.getByRole('heading', { name: 'Tell SlashID where to send' })).toBeVisible()
  await expect(page.getByText(`${relay.origin}/in/`)).toBeVisible()
  await page.getByRole('button', { name: 'Go on to the test' }).click()
  await page.getByRole('button', { name: 'Test this way in' }).click()
  await expect(page.getByText(/^The sample arrived whole/)).toBeVisible()
}
