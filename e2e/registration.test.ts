import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { startAllowedApp, temporaryProfile, tocsin } from './support/app.ts'

const apiKey = 'canary-e2e-8c41'

/** As much of SlashID as the app talks to when it registers. The unit tests hold every request against its OpenAPI document. */
async function startSlashId() {
  const webhooks: { id: string; target_url: string; timeout?: string; custom_headers?: Record<string, string[]> }[] = []
  const triggers: { trigger_name: string }[] = []
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const say = (status: number, result?: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? '' : JSON.stringify({ meta: {}, result }))
      const [, , , id, part] = (request.url ?? '').split('/')
      if (id === 'verification-jwks') return response.writeHead(200).end('{"keys":[]}')
      if (request.headers['slashid-api-key'] !== apiKey) return say(401)
      if (id === undefined && request.method === 'GET') return say(200, webhooks)
      if (id === undefined) {
        webhooks.push({ ...(body as (typeof webhooks)[0]), id: 'wh-e2e' })
        return say(201, webhooks[0])
      }
      if (webhooks.length === 0) return say(404)
      if (part === 'triggers' && request.method === 'GET') return say(200, triggers)
      if (part === 'triggers') return (triggers.push(body as (typeof triggers)[0]), say(201))
      if (request.method === 'PATCH') Object.assign(webhooks[0] ?? {}, body)
      if (request.method !== 'DELETE') return say(200, webhooks[0])
      webhooks.length = 0
      return say(204)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, webhooks, triggers, stop: () => server.close() }
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? null : JSON.parse(text)
}

test('a webhook is registered, compared, repaired and removed from the window, and the key is in no file', async () => {
  const slashid = await startSlashId()
  const profile = temporaryProfile()
  const app = await startAllowedApp(profile.path)
  try {
    await tocsin(profile.path, 'org', 'add', '--id', 'org-e2e', '--name', 'Example', '--issuer', slashid.issuer)
    const { page } = app
    await page.getByRole('link', { name: 'Connections' }).click()
    await page.getByLabel('Public origin of your tunnel').fill('https://example.ngrok.app')
    await page.getByLabel('Public origin of your tunnel').press('Enter')

    const form = page.getByRole('form', { name: 'Register Example' })
    await expect(form.getByText('https://example.ngrok.app/in/')).toBeVisible()
    await expect(form.getByText(/kept (until Tocsin quits|by the system)/)).toBeVisible()
    await form.getByLabel('API key').fill('wrong-key')
    await form.getByRole('button', { name: 'Register' }).click()
    await expect(form.getByRole('alert').first()).toContainText('does not accept this API key')
    await form.getByRole('button', { name: 'Replace' }).click()
    await form.getByLabel('API key').fill(apiKey)
    await form.getByRole('button', { name: 'Register' }).click()
    await expect(form.getByText('is as it should be')).toBeVisible()
    expect(slashid.webhooks[0]?.timeout).toBe('10s')
    expect(slashid.webhooks[0]?.target_url).toBe(`https://example.ngrok.app${new URL(app.url).pathname}`)
    expect(slashid.triggers.map(({ trigger_name }) => trigger_name)).toEqual(['threat_detection', 'posture_detection'])
    expect(await page.content()).not.toContain(apiKey)
    await expect(page.getByLabel('Turn away deliveries that come without it')).toBeChecked()
    expect((await tocsin(profile.path, 'simulate', '--count', '3')).code, 'the simulator knows how to come in').toBe(0)

    Object.assign(slashid.webhooks[0] ?? {}, { timeout: '2s' })
    await form.getByRole('button', { name: 'Look at SlashID' }).click()
    await expect(form.getByText('waits 2 s for an answer')).toBeVisible()
    await form.getByRole('button', { name: 'Repair' }).click()
    await expect(form.getByText('is as it should be')).toBeVisible()
    expect(slashid.webhooks[0]?.timeout).toBe('10s')

    const header = slashid.webhooks[0]?.custom_headers?.['X-Tocsin-Secret']?.[0] ?? ''
    expect(header).toMatch(/^[A-Za-z0-9_-]{22}$/)
    // A file that takes the place of another is there for a moment under its other name.
    const lasting = files(profile.path).filter((file) => !file.endsWith('.new'))
    const leaks = lasting.filter((file) => [apiKey, header].some((secret) => readFileSync(file).includes(secret)))
    expect(leaks).toEqual([])

    // A relay beside the tunnel: the webhook has one address, and the guide gives it the relay's.
    const relay = 'https://tocsin-relay.invalid'
    await page.getByRole('button', { name: 'Add a way in' }).click()
    await page.getByRole('button', { name: /^Tocsin relay/ }).click()
    await page.getByLabel('Address of the relay').fill(relay)
    await page.getByLabel('Reader token').fill('A'.repeat(43))
    await page.getByLabel(/^Target URL/).fill(`${relay}/in/mailbox`)
    await page.getByRole('button', { name: 'Save and go on' }).click()
    await form.getByRole('button', { name: 'Have SlashID send here instead' }).click()
    // What the form says of the address before may still be there.
    await expect.poll(() => slashid.webhooks.map(({ target_url }) => target_url)).toEqual([`${relay}/in/mailbox`])
    await expect(form.getByText('is as it should be')).toBeVisible()
    await page.getByRole('button', { name: 'Go on later' }).click()
    await form.getByRole('button', { name: 'Look at SlashID' }).click()
    await expect(form.getByText('is as it should be'), 'it stays with the relay').toBeVisible()

    await form.getByRole('button', { name: 'Remove…' }).click()
    await form.getByRole('button', { name: 'Remove it at SlashID' }).click()
    await expect(form.getByText('has no webhook with this address')).toBeVisible()
    expect(slashid.webhooks).toEqual([])
  } finally {
    await app.electron.close()
    profile.remove()
    slashid.stop()
  }
})

function files(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : []
  })
}
