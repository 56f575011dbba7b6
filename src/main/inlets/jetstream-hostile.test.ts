import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { inletOf, setUpOf } from './jetstream-test-support.ts'
import { greeting } from './nats-test-support.ts'
import { until } from './test-support.ts'

describe('a far end that is up to no good', () => {
  test.each([
    ['a greeting that never ends', () => 'x'.repeat(65_536), 'greets without an end'],
    ['a line that never ends', greetingThen(() => 'x'.repeat(65_536)), 'a line without an end'],
    ['a message of 2 GB', greetingThen(() => 'MSG a 1 2000000000\r\n'), 'far too large'],
    ['HTML', greetingThen(() => '<html>\r\n'), 'not NATS'],
  ])('%s ends the link in words, with little memory', async (_, next, words) => {
    let sent = 0
    const hostile = createServer((socket) => {
      socket.on('error', () => {})
      const more = (): void => {
        while (!socket.destroyed && sent < 100 * 2 ** 20) {
          const part = next()
          sent += part.length
          if (!socket.write(part)) return void socket.once('drain', more)
        }
      }
      more()
    })
    await new Promise<void>((listening) => hostile.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void hostile.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(hostile.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining(words) as string })
    expect(sent).toBeLessThan(32 * 2 ** 20)
  })

  test('a server that accepts and says nothing leaves no socket open', async () => {
    let open = 0
    const silent = createServer((socket) => {
      open++
      socket.on('error', () => {}).on('close', () => open--)
    })
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void silent.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(silent.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => open === 1)
    one.inlet.reconnect()
    await until(() => one.states.filter(({ kind }) => kind === 'connecting').length === 2)
    await until(() => open === 1)
    await one.inlet.stop()
    await until(() => open === 0)
    expect(one.last()).toEqual({ kind: 'stopped' })
  })
})

function greetingThen(next: () => string): () => string {
  let hasGreeted = false
  return () => {
    if (hasGreeted) return next()
    hasGreeted = true
    return greeting
  }
}
