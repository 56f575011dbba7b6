import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { loadDemoSigner } from '../src/main/sample/demo.ts'
import { scenario } from '../src/main/sample/scenario.ts'
import { startApp, temporaryProfile, tocsin } from './support/app.ts'
import { ask, go, rows } from './support/desk.ts'
import { demoSender } from './support/sender.ts'

const issuer = 'https://issuer.example.org'

for (const answer of ['Yes', 'No'] as const) {
  test(`whoever receives detections of their own is asked once whether Tocsin starts at login, and ${answer} is remembered`, async () => {
    const profile = temporaryProfile()
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-login-'))
    const signer = loadDemoSigner(folder)
    const sender = demoSender(folder)
    const jwks = join(folder, 'jwks.json')
    writeFileSync(jwks, JSON.stringify(signer.jwks))
    const env = { XDG_CONFIG_HOME: folder }
    let app = await startApp(profile.path, env)
    const question = () => app.page.getByText('Start Tocsin when you log in', { exact: false })
    const setting = async () => (await ask(app.page, 'settings:read', null)).startAtLogin
    try {
      expect((await tocsin(profile.path, 'simulate', '--count', '1')).code).toBe(0)
      await expect(rows(app.page)).toHaveCount(1)
      await expect(question(), 'nobody is asked for a demonstration').toHaveCount(0)

      expect((await tocsin(profile.path, 'org', 'add', '--id', 'org-real', '--issuer', issuer, '--jwks', jwks)).code).toBe(0)
      const [sample] = scenario({ seed: 'login', count: 1, startAt: Date.now() })
      const token = signer.sign({ ...sample?.claims, aud: 'org-real', iss: issuer } as Parameters<typeof signer.sign>[0])
      await expect.poll(async () => (await sender.send(app.url, token)).status).toBe(200)
      await expect(rows(app.page)).toHaveCount(2)
      await expect(question()).toBeVisible()
      expect(await setting()).toBeNull()
      await app.page.getByRole('button', { name: answer, exact: true }).press('Enter')
      await expect(question()).toHaveCount(0)
      await expect.poll(setting).toBe(answer === 'Yes')
      expect(existsSync(join(folder, 'autostart', 'tocsin.desktop'))).toBe(answer === 'Yes')

      await app.electron.close()
      app = await startApp(profile.path, env)
      await go(app.page, 'Timeline')
      await expect(rows(app.page)).toHaveCount(2)
      await expect(question()).toHaveCount(0)
      expect(await setting()).toBe(answer === 'Yes')
    } finally {
      await app.electron.close()
      profile.remove()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
