import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadDemoSigner } from './demo.ts'
import { send } from './send.ts'
import { simulate, type SimulateOptions } from './simulate.ts'

type Seen = { readonly token: string; readonly id: string; readonly jti: string }

/** A receiver that answers as told, and a signer. */
async function receiving(answer: (seen: Seen, arrived: number) => number | Promise<number>) {
  const seen: Seen[] = []
  const listener: RequestListener = (request, response) => {
    let token = ''
    request.setEncoding('latin1').on('data', (part: string) => (token += part))
    request.on('end', () => {
      const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
      const one = { token, id: claims.trigger_content.id, jti: claims.jti }
      seen.push(one)
      void Promise.resolve(answer(one, seen.length)).then((status) => {
        if (status === 0) request.socket.destroy()
        else response.writeHead(status).end('{}')
      })
    })
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-simulate-'))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
    rmSync(profile, { recursive: true })
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`
  const options: SimulateOptions = { url, signer: loadDemoSigner(profile), count: 50, ratePerSecond: null, seed: 's', now: Date.now }
  return { seen, options, server }
}

test('sends every delivery once and counts what was acknowledged', async () => {
  const { seen, options } = await receiving(() => 200)
  const progress: number[] = []
  const result = await simulate({ ...options, onProgress: (tally) => progress.push(tally.sent) })
  expect(result).toMatchObject({ sent: 50, acknowledged: 50, refused: 0, failed: 0, trouble: null })
  expect(result.latency!.p50).toBeLessThanOrEqual(result.latency!.most)
  expect(new Set(seen.map((one) => one.jti)).size).toBe(50)
  expect(progress).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
})

test('tells refusals from silence', async () => {
  const { options } = await receiving((_, arrived) => (arrived % 10 === 0 ? 503 : arrived % 10 === 5 ? 0 : 200))
  const result = await simulate({ ...options, concurrency: 1 })
  expect(result).toMatchObject({ sent: 50, acknowledged: 40, refused: 5, failed: 5 })
  expect(result.trouble).not.toBeNull()
})

test('never has two deliveries of one detection under way', async () => {
  const underWay = new Set<string>()
  let overlaps = 0
  const { options, seen } = await receiving(async ({ id }) => {
    if (underWay.has(id)) overlaps++
    underWay.add(id)
    await new Promise((resolve) => setImmediate(resolve))
    underWay.delete(id)
    return 200
  })
  await simulate({ ...options, count: 300, concurrency: 32 })
  expect(overlaps).toBe(0)
  expect(new Set(seen.map((one) => one.id)).size).toBeLessThan(seen.length)
})

test('keeps to its rate', async () => {
  const { options } = await receiving(() => 200)
  const startedAt = performance.now()
  await simulate({ ...options, count: 11, ratePerSecond: 100 })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99)
})

test('tries the first delivery again while the app may just be hearing of the organization, with a new token each time', async () => {
  const { seen, options } = await receiving((_, arrived) => (arrived <= 2 ? 401 : 200))
  expect(await simulate({ ...options, count: 3, patienceMs: 3_000 })).toMatchObject({ sent: 3, acknowledged: 3, refused: 0 })
  expect(seen).toHaveLength(5)
  expect(new Set(seen.map((one) => one.jti)).size).toBe(5)
})

test('without patience a refusal is a refusal', async () => {
  const { seen, options } = await receiving(() => 401)
  expect(await simulate({ ...options, count: 3 })).toMatchObject({ sent: 3, acknowledged: 0, refused: 3 })
  expect(seen).toHaveLength(3)
})

test('gives up when nobody listens any more', async () => {
  const { options, server } = await receiving(() => 200)
  await new Promise((resolve) => server.close(resolve))
  const result = await simulate({ ...options, count: 1_000_000 })
  expect(result.sent).toBeLessThan(100)
  expect(result).toMatchObject({ acknowledged: 0, failed: result.sent })
  expect(result.trouble).toContain('ECONNREFUSED')
})

test('a delivery is the raw token and nothing else', async () => {
  const { seen, options } = await receiving(() => 200)
  const token = options.signer.sign({ trigger_content: { id: 'one' }, jti: 'two' })
  expect(await send(options.url, token)).toMatchObject({ kind: 'answered', status: 200 })
  expect(seen[0]!.token).toBe(token)
})
