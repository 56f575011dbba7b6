import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from '@playwright/test'
import type { Bridge } from '../src/shared/ipc.ts'
import type { Health } from '../src/shared/health.ts'
import { demoOrganization, loadDemoSigner } from '../src/main/sample/demo.ts'
import { scenario } from '../src/main/sample/scenario.ts'
import { detections, startApp, temporaryProfile, tocsin, type RunningApp } from './support/app.ts'
import { rows } from './support/desk.ts'

type Reply = { readonly status: number; readonly body: string }

function post(url: string, body: string | Buffer, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: options.method ?? 'POST', headers: options.headers ?? {} }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

function health(app: RunningApp): Promise<Health> {
  return app.page.evaluate(() => (window as unknown as { tocsin: Bridge }).tocsin.invoke('health:read', null))
}

const claims = (change: Record<string, unknown> = {}) => {
  const [sample] = scenario({ seed: randomUUID(), count: 1, startAt: Date.now() })
  return { ...sample?.claims, ...change } as Parameters<ReturnType<typeof loadDemoSigner>['sign']>[0]
}

test('what cannot be believed is answered alike, counted by reason, and shown nowhere', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  try {
    expect((await tocsin(profile.path, 'simulate', '--count', '1')).code).toBe(0)
    const known = await detections(profile.path)
    const signer = loadDemoSigner(profile.path)
    const elsewhere = mkdtempSync(`${tmpdir()}/tocsin-other-`)
    const stranger = loadDemoSigner(elsewhere)
    rmSync(elsewhere, { recursive: true })
    const now = Math.floor(Date.now() / 1000)
    const good = signer.sign(claims())
    const forged = `${good.slice(0, good.lastIndexOf('.') + 1)}${signer.sign(claims()).split('.')[2] ?? ''}`

    const refused: readonly (readonly [string, string | Buffer])[] = [
      ['not-a-token', '{"hello":"world"}'],
      ['not-a-token', ''],
      ['not-a-token', `${good}\n`],
      ['signature-invalid', forged],
      ['organization-unknown', signer.sign(claims({ aud: 'another-organization' }))],
      ['issuer-mismatch', signer.sign(claims({ iss: 'https://api.slashid.com' }))],
      ['expired', signer.sign(claims({ iat: now - 1000, exp: now - 700 }))],
      ['issued-in-future', signer.sign(claims({ iat: now + 700, exp: now + 1000 }))],
      ['key-unknown', stranger.sign(claims())],
    ]
    const before = await health(app)
    const replies: Reply[] = []
    for (const [because, body] of refused) {
      const reply = await post(app.url, body)
      expect(reply.status, because).toBe(401)
      replies.push(reply)
    }
    expect(new Set(replies.map(({ body }) => body)).size, 'one constant body').toBe(1)

    const counted = (await health(app)).counters.refused
    for (const reason of new Set(refused.map(([because]) => because))) {
      const times = refused.filter(([because]) => because === reason).length
      expect(counted[reason as keyof typeof counted], reason).toBe((before.counters.refused[reason as keyof typeof counted] ?? 0) + times)
    }

    const address = new URL(app.url)
    expect((await post(app.url, Buffer.alloc(257 * 1024, 'a'))).status).toBe(413)
    expect((await post(app.url, good, { method: 'PUT' })).status).toBe(405)
    expect((await post(app.url, '', { method: 'GET' })).status).toBe(405)
    expect((await post(`${address.origin}/in/${'A'.repeat(22)}`, good)).status).toBe(404)
    expect((await post(`${address.origin}/`, good)).status).toBe(404)
    expect((await post(app.url, good, { headers: { 'Content-Encoding': 'gzip' } })).status).toBe(415)
    expect((await post(app.url, good, { headers: { Host: 'rebound.example.com' } })).status).toBe(404)

    expect(await detections(profile.path), 'nothing of it is a detection').toEqual(known)
    expect((await post(app.url, good)).status, 'the app is unharmed').toBe(200)
    expect((await post(app.url, good)).status, 'a duplicate is answered alike').toBe(200)
    expect((await detections(profile.path)).length).toBe(known.length + 1)
    expect((await health(app)).counters.duplicate).toBe(1)
  } finally {
    await app.electron.close()
    profile.remove()
  }
})

test('deliveries whose keys cannot be fetched wait in quarantine and appear once the keys are there', async () => {
  const profile = temporaryProfile()
  const app = await startApp(profile.path)
  const folder = mkdtempSync(`${tmpdir()}/tocsin-issuer-`)
  const signer = loadDemoSigner(folder)
  rmSync(folder, { recursive: true })
  let isUp = false
  const issuer = createServer((_request, response) => {
    response.statusCode = isUp ? 200 : 503
    response.end(isUp ? JSON.stringify(signer.jwks) : '')
  })
  await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done))
  const base = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  try {
    expect((await tocsin(profile.path, 'org', 'add', '--id', 'org-real', '--issuer', base)).code).toBe(0)
    await expect
      .poll(() => post(app.url, signer.sign(claims({ aud: 'org-real', iss: base }))).then(({ status }) => status), { timeout: 5_000 })
      .toBe(200)
    expect(await detections(profile.path)).toEqual([])
    expect((await health(app)).waiting).toBe(1)

    isUp = true
    await expect.poll(async () => (await detections(profile.path)).length, { timeout: 45_000 }).toBe(1)
    expect((await health(app)).waiting).toBe(0)
    await expect(rows(app.page)).toHaveCount(1)
    expect((await detections(profile.path))[0]?.organizationId).not.toBe(demoOrganization.id)
  } finally {
    await app.electron.close()
    issuer.close()
    profile.remove()
  }
})
