import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { detections, listening, spawnApp, temporaryProfile } from './support/app.ts'
import { believedSender } from './support/sender.ts'

test('Ctrl+C in a terminal, which reaches the whole group and is passed on once more, answers what is in flight and quits in order', async () => {
  const profile = temporaryProfile()
  const app = spawnApp(profile.path, { ownGroup: true })
  try {
    const url = new URL(await listening(profile.path, app.pid))
    const sender = await believedSender(profile.path, url.href, 'ending')
    const [token = ''] = sender.tokens(1)
    const known = (await detections(profile.path)).length

    const socket = connect(Number(url.port), '127.0.0.1')
    const answer = readAll(socket)
    const half = Math.floor(token.length / 2)
    const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${token.length}\r\nExpect: 100-continue\r\n\r\n`
    socket.write(head)
    // The receiver has read the head and waits for the body: from here on the delivery is in flight.
    await once(socket, 'data')
    socket.write(token.slice(0, half))
    const gone = once(app, 'exit')
    process.kill(-(app.pid ?? 0), 'SIGINT')
    process.kill(app.pid ?? 0, 'SIGINT')
    await new Promise((done) => setTimeout(done, 300))
    socket.write(token.slice(half))

    expect(await answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    expect(await gone).toEqual([0, null])
    expect(existsSync(join(profile.path, 'connection.json'))).toBe(false)
    expect(existsSync(join(profile.path, 'history.sqlite-wal')), 'the history was closed').toBe(false)
    expect((await detections(profile.path)).length).toBe(known + 1)
  } finally {
    profile.remove()
  }
})

test('a signal in the first moments leaves nothing behind', async () => {
  for (const afterMs of [0, 150, 300, 600]) {
    const profile = temporaryProfile()
    const app = spawnApp(profile.path)
    const gone = once(app, 'exit')
    await expect
      .poll(() => existsSync(join(profile.path, 'tocsin.log')) || existsSync(join(profile.path, 'history.sqlite')), { intervals: [10] })
      .toBe(true)
    await new Promise((done) => setTimeout(done, afterMs))
    app.kill('SIGTERM')
    await gone
    expect(existsSync(join(profile.path, 'connection.json')), `after ${afterMs} ms`).toBe(false)
    profile.remove()
  }
})

test('a start that fails in a way nobody expected says so and ends', async () => {
  const profile = temporaryProfile()
  // A folder where the app has to write a file.
  mkdirSync(join(profile.path, 'connection.json'), { recursive: true })
  const app = spawnApp(profile.path, { env: { TOCSIN_NO_DIALOG: '1' } })
  let said = ''
  app.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = await once(app, 'exit')
  expect(code).toBe(1)
  expect(said).toContain('Tocsin could not start')
  profile.remove()
})

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(socket, 'close')
  return text
}
