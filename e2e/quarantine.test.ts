import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import type { Bridge } from '../src/shared/ipc.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { historyFile } from '../src/main/profile.ts'
import { loadDemoSigner, type DemoSigner } from '../src/main/sample/demo.ts'
import { scenario } from '../src/main/sample/scenario.ts'
import { verifyChain } from '../src/main/store/chain.ts'
import { openStore } from '../src/main/store/store.ts'
import { detections, startApp, temporaryProfile, tocsin } from './support/app.ts'
import { rows } from './support/desk.ts'

const organization = 'org-real'

function post(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST' }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sending.on('error', reject).end(body)
  })
}

function newSigner(): DemoSigner {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-signer-'))
  const signer = loadDemoSigner(folder)
  rmSync(folder, { recursive: true })
  return signer
}

/** Publishes its signer's keys, once it is up. */
async function openIssuer(signer: DemoSigner) {
  const state = { isUp: false }
  const server = createServer((_request, response) => {
    response.statusCode = state.isUp ? 200 : 503
    response.end(state.isUp ? JSON.stringify(signer.jwks) : '')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, state, close: () => server.close() }
}

test('quarantine is a place: it fills while the issuer is down, shows hostile claims as text, discards, and releases once keys appear', async () => {
  const profile = temporaryProfile()
  const signer = newSigner()
  const stranger = newSigner()
  const issuer = await openIssuer(signer)
  const app = await startApp(profile.path)
  const { page } = app
  const claims = (more: Record<string, unknown> = {}) => {
    const [sample] = scenario({ seed: randomUUID(), count: 1, startAt: Date.now() })
    return { ...sample?.claims, aud: organization, iss: issuer.url, ...more } as Parameters<DemoSigner['sign']>[0]
  }
  try {
    await tocsin(profile.path, 'org', 'add', '--id', organization, '--issuer', issuer.url, '--name', 'Production')
    const hostile = '<img src=x onerror="window.harmed = true"><script>window.harmed = true</script>\u202e'
    // Asked, not tried: a delivery that comes too early is refused, and would stand in quarantine as well.
    const believed = () => page.evaluate(() => (window as unknown as { tocsin: Bridge }).tocsin.invoke('organizations:list', null))
    await expect.poll(async () => (await believed()).length, { timeout: 5_000 }).toBe(1)
    expect(await post(app.url, signer.sign(claims()))).toBe(200)
    expect(await post(app.url, signer.sign(claims({ sub: hostile })))).toBe(200)
    expect(await post(app.url, stranger.sign(claims()))).toBe(200)
    expect(await post(app.url, `${hostile} is no token`)).toBe(401)

    await page.getByRole('link', { name: 'Connections' }).click()
    await page.getByRole('navigation', { name: 'Connections' }).getByRole('link', { name: 'Quarantine' }).click()
    expect(await page.evaluate(() => location.hash)).toBe('#/connections/quarantine')
    const kept = page.getByRole('list', { name: 'Deliveries in quarantine, newest first' }).locator('> li')
    await expect(kept).toHaveCount(4)
    await expect(page.getByText('3 wait · 1 refused')).toBeVisible()
    await expect(kept.first()).toContainText('The body is not a signed token')
    await expect(kept.nth(1)).toContainText('keys could not be fetched yet')

    await kept.nth(2).getByRole('button', { expanded: false }).click()
    await expect(kept.nth(2).getByText('as sent, untrusted')).toBeVisible()
    await expect(kept.nth(2)).toContainText('<script>window.harmed = true</script>')
    await expect(kept.nth(2)).toContainText('RLO')
    await kept.first().getByRole('button', { expanded: false }).click()
    await expect(kept.first()).toContainText('is no token')
    expect(await page.evaluate(() => 'harmed' in window)).toBe(false)
    expect(await page.locator('main img, main script').count()).toBe(0)

    await kept
      .first()
      .getByRole('button', { name: /^Discard delivery/ })
      .click()
    await expect(kept.first().getByRole('button', { name: 'Keep' })).toBeFocused()
    await kept.first().getByRole('button', { name: 'Discard', exact: true }).click()
    await expect(kept).toHaveCount(3)
    await expect(page.getByText('1 discarded by you; a tombstone of each stays in the history')).toBeVisible()

    issuer.state.isUp = true
    await page.getByRole('button', { name: 'Look again for Production' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'The issuer answered with its keys. Now: 2 released' })).toBeVisible()
    await expect(kept).toHaveCount(1)
    await expect(kept).toContainText('a key the organization has not published yet')
    expect((await detections(profile.path)).map(({ organizationId }) => organizationId)).toEqual([organization, organization])
    await page.getByRole('link', { name: 'Timeline' }).click()
    await expect(rows(page)).toHaveCount(2)
  } finally {
    await app.electron.close()
    issuer.close()
  }

  const opened = openStore({ file: historyFile(profile.path), readOnly: true, contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { chain, quarantine, close } = opened.store
  expect(verifyChain(chain.genesis(), chain.chain(null))).toMatchObject({ checked: 4, removed: 1, broken: 0 })
  expect(quarantine.counts()).toEqual({ waiting: 1, refused: 0, crowdedOut: 0, discarded: 1 })
  close()
  profile.remove()
})
