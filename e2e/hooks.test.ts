import { expect, test } from '@playwright/test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { startApp, temporaryProfile, type RunningApp } from './support/app.ts'
import { visit } from './support/desk.ts'

const profile = temporaryProfile()
let app: RunningApp

test.beforeAll(async () => {
  app = await startApp(profile.path, { TOCSIN_NO_DIALOG: '' })
  await answer(0)
})
test.afterAll(async () => {
  await app.electron.close()
  profile.remove()
})

/** What the person in front of the screen says to whatever is asked: 0 is Cancel. */
function answer(response: 0 | 1): Promise<void> {
  return app.electron.evaluate(({ dialog }, response) => {
    dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false })
  }, response)
}

test('a hook is added after a person agreed, its secret is shown once, and the receiver can check a sample with it', async () => {
  const { page } = app
  const received: { headers: Record<string, string>; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await visit(page, 'rules')
    const hooks = page.getByRole('region', { name: 'Outgoing hooks' })
    await hooks.getByRole('button', { name: 'Add a hook' }).click()
    await hooks.getByLabel('Name').fill('My SIEM')
    await hooks.getByLabel('Address').fill(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
    await hooks.getByRole('button', { name: 'Save' }).click()
    await expect(hooks.getByRole('alert')).toContainText('not allowed')
    await answer(1)
    await hooks.getByRole('button', { name: 'Save' }).click()
    await hooks.getByRole('button', { name: 'Show the secret' }).click()
    const secret = (await hooks.getByRole('status').locator('code').textContent()) ?? ''
    expect(secret).toMatch(/^whsec_/)
    await hooks.getByRole('button', { name: 'I have it' }).click()
    await expect(page.getByText(secret)).toHaveCount(0)
    await hooks.getByRole('button', { name: 'Test My SIEM' }).click()
    await expect(hooks.getByText(/The sample was taken: answered 204/)).toBeVisible()
    expect(new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers ?? {})).toMatchObject({ data: { demo: true } })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
