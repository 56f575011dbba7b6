import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { killHard, listening, spawnApp } from './support/app.ts'
import { storedSigningHashes } from './support/history.ts'
import { believedSender } from './support/sender.ts'

test('on a full disk nothing is acknowledged, and receiving goes on by itself once there is room', async () => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'needs root on Linux to mount a small tmpfs')
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-full-'))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
  try {
    const profile = join(disk, 'profile')
    const app = spawnApp(profile)
    const url = await listening(profile, app.pid)
    const sender = await believedSender(profile, url, 'full-disk')
    const acknowledged: string[] = []
    const sendAll = async (count: number) => {
      const outcomes = []
      for (const token of sender.tokens(count)) {
        const outcome = await sender.send(token)
        if (outcome.kind === 'acknowledged') acknowledged.push(sender.identity(token))
        outcomes.push(outcome)
      }
      return outcomes
    }
    expect((await sendAll(5)).every((outcome) => outcome.kind === 'acknowledged')).toBe(true)

    const ballast = join(disk, 'ballast')
    fillUp(ballast)
    // What the write-ahead log has already claimed may still take a few.
    await expect.poll(async () => (await sendAll(20)).at(-1)?.status, { timeout: 30_000 }).toBe(503)

    rmSync(ballast)
    await expect.poll(async () => (await sendAll(1))[0]?.kind, { timeout: 15_000 }).toBe('acknowledged')
    await killHard(app)

    const stored = storedSigningHashes(profile)
    expect(acknowledged.filter((identity) => !stored.includes(identity))).toEqual([])
    expect(new Set(stored).size).toBe(stored.length)
  } finally {
    execFileSync('umount', ['--lazy', disk])
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Writes until the disk says ENOSPC, down to the last block. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w')
  for (const size of [1 << 20, 4096]) {
    const block = Buffer.alloc(size)
    try {
      for (;;) writeSync(descriptor, block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(descriptor)
}
