import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { temporaryFile } from '../store/test-support.ts'
import type { CrashStep } from './crash-program.ts'
import { receiver } from './test-support.ts'

const program = fileURLToPath(new URL('./crash-program.ts', import.meta.url))
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

async function setUp() {
  const file = temporaryFile()
  const there = await receiver()
  /** Answers how it ended. */
  function run(step: CrashStep, ids: readonly string[]): Promise<string | number | null> {
    const child = spawn(process.execPath, [program, file, there.url, step, ...ids], {
      env: { ...process.env, HOOK_SECRET: secret, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
  }
  const names = () => there.received.map(({ headers }) => String(headers['webhook-id']))
  return { run, there, names }
}

describe('a crash', { timeout: 60_000 }, () => {
  test('before anything is sent: all of it is sent after the next start', async () => {
    const { run, there, names } = await setUp()
    expect(await run('waiting', ['a', 'b'])).toBe('SIGKILL')
    expect(there.received).toEqual([])
    expect(await run('none', [])).toBe(0)
    expect(names()).toHaveLength(2)
    for (const { body, headers } of there.received) new Webhook(secret).verify(body, headers as Record<string, string>)
  })

  test('before it is written that it was answered: it is sent again by the same name, which nothing else has', async () => {
    const { run, names } = await setUp()
    expect(await run('sent', ['a'])).toBe('SIGKILL')
    expect(await run('none', ['b'])).toBe(0)
    const [first, again, other] = names()
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(names()).toHaveLength(3)
  })
})
