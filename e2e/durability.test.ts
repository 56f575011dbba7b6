import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { killHard, listening, spawnApp, temporaryProfile, tocsin } from './support/app.ts'
import { storedSigningHashes } from './support/history.ts'
import { believedSender } from './support/sender.ts'

test('every acknowledged delivery of a serial sender cost at least one fsync of the history', async () => {
  const profile = temporaryProfile()
  const trace = join(profile.path, '..', 'strace.txt')
  // -y prints the path behind the descriptor, so that only syncs of the history count.
  const wrapper = ['strace', '-f', '--seccomp-bpf', '-y', '-e', 'trace=fsync,fdatasync', '-o', trace]
  const app = spawnApp(profile.path, { wrapper })
  try {
    const url = await listening(profile.path, 0, 60_000)
    const sender = await believedSender(profile.path, url, 'fsync')
    const before = historySyncs(trace)
    const deliveries = 40
    for (const token of sender.tokens(deliveries)) expect((await sender.send(token)).kind).toBe('acknowledged')
    const syncs = historySyncs(trace) - before
    test.info().annotations.push({ type: 'figure', description: `${syncs} syncs for ${deliveries} acknowledgements` })
    expect(syncs).toBeGreaterThanOrEqual(deliveries)
  } finally {
    const gone = once(app, 'exit')
    process.kill(JSON.parse(readFileSync(join(profile.path, 'connection.json'), 'utf8')).pid as number, 'SIGTERM')
    await gone
    profile.remove()
  }
})

test('kill -9 under load, 20 rounds: no acknowledged delivery is lost, none is there twice', async () => {
  test.setTimeout(300_000)
  const profile = temporaryProfile()
  const acknowledged = new Set<string>()
  let rounds = 0
  try {
    for (; rounds < 20; rounds++) {
      const app = spawnApp(profile.path)
      const url = await listening(profile.path, app.pid)
      const sender = await believedSender(profile.path, url, `round-${rounds}`)
      // Each round dies at another moment: while its 20th, 27th, … acknowledgement has just come in and 16 are in flight.
      const dieAfter = 20 + rounds * 7
      let acknowledgedNow = 0
      const tokens = sender.tokens(400)
      const lanes = Array.from({ length: 16 }, async () => {
        for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
          if ((await sender.send(token)).kind !== 'acknowledged') return
          acknowledged.add(sender.identity(token))
          if (++acknowledgedNow === dieAfter) await killHard(app)
        }
      })
      await Promise.all(lanes)
      expect(acknowledgedNow).toBeGreaterThanOrEqual(dieAfter)
    }
    const survivor = spawnApp(profile.path)
    await listening(profile.path, survivor.pid)
    const stored = storedSigningHashes(profile.path)
    expect(new Set(stored).size, 'none twice').toBe(stored.length)
    const lost = [...acknowledged].filter((identity) => !stored.includes(identity))
    expect(lost, 'none lost').toEqual([])
    expect((await tocsin(profile.path, 'query', '--limit', '1')).code).toBe(0)
    test
      .info()
      .annotations.push({ type: 'figure', description: `${acknowledged.size} acknowledged, ${stored.length} stored, ${rounds} kills` })
    await killHard(survivor)
  } finally {
    profile.remove()
  }
})

function historySyncs(trace: string): number {
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /\b(fsync|fdatasync)\(\d+<[^>]*history\.sqlite/.test(line)).length
}
