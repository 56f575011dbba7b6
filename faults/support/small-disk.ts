import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { scratch } from './history.ts'

export const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
if (!mayMount) console.log('not run but as root on Linux, who alone can mount a small disk: what happens on a full one')

/** A disk of so many MiB with a profile on it, until the test is over. */
export function smallDisk(size: number) {
  const disk = join(scratch(), 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', ['--lazy', disk]))
  const profile = join(disk, 'profile')
  mkdirSync(profile)
  return { disk, profile }
}

/** Writes until the disk says ENOSPC, down to the last block. */
export function fillUp(file: string): void {
  const descriptor = openSync(file, 'w')
  for (const size of [1 << 16, 4096]) {
    const block = Buffer.alloc(size)
    try {
      for (;;) writeSync(descriptor, block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(descriptor)
}
