import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startCore } from '../main/core.ts'
import { historyFile, markFile } from '../main/profile.ts'
import { testDatabase } from '../main/store/test-support.ts'
import type { VerifiedHistory } from '../main/verify-history.ts'

let profile: string
beforeEach(() => void (profile = mkdtempSync(join(tmpdir(), 'tocsin-proof-'))))
afterEach(() => rmSync(profile, { recursive: true, force: true }))

const script = fileURLToPath(new URL('./index.ts', import.meta.url))

type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

function tocsin(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: profile })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

const here = (...args: string[]): Promise<Ran> => tocsin(...args, '--user-data', profile)

/** Runs the app without its window on this profile for as long as `work` takes, with so many deliveries sent to it. */
async function withApp(count: number, work: () => Promise<void> = async () => {}): Promise<void> {
  const silent = (): void => {}
  const started = await startCore({
    profile,
    log: { info: silent, error: silent },
    now: Date.now,
    random: Math.random,
    schedule: (task, delayMs) => {
      const timer = setTimeout(task, delayMs)
      return () => clearTimeout(timer)
    },
  } as Parameters<typeof startCore>[0])
  if (started.kind !== 'started') throw new Error(started.detail)
  try {
    // The sample makes the demo organization believed, so that none of what follows comes too early.
    if (count > 0) expect(await started.core.sendSample()).toMatchObject({ kind: 'arrived' })
    if (count > 1) expect(await here('simulate', '--count', String(count - 1), '--seed', `proof-${count}`)).toMatchObject({ code: 0 })
    await work()
  } finally {
    await started.core.stop()
  }
}

function damage(sql: string): void {
  const db = testDatabase(historyFile(profile))
  db.exec(sql)
  db.close()
}

async function report(): Promise<{ readonly code: number | null; readonly verified: VerifiedHistory; readonly err: string }> {
  const { code, out, err } = await here('verify', '--json')
  return { code, verified: JSON.parse(out) as VerifiedHistory, err }
}

describe('verify', () => {
  test('finds that all holds, while the app runs and after', async () => {
    await withApp(30, async () => {
      expect(await here('verify')).toMatchObject({ code: 0, out: expect.stringMatching(/^verdict +all holds$/m), err: '' })
    })
    const { code, verified, err } = await report()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(verified).toMatchObject({
      deliveries: 30,
      tombstones: {},
      signatures: { verified: 30, failed: 0, noKey: 0, unsigned: 0 },
      chain: { broken: 0 },
      mark: { kind: 'ok', marked: { sequence: 30 }, unmarked: 0 },
      losses: [],
      holds: true,
    })
    const ran = await here('verify')
    for (const row of [/^deliveries +30$/m, /^signatures verified +30$/m, /^chain +ok$/m, /^mark +ok +up to delivery 30 at /m])
      expect(ran.out).toMatch(row)
  })

  test('without a history says so', async () => {
    expect(await here('verify')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('no history') })
  })

  test('names a byte of a body that was changed, and the signature that fails for it', async () => {
    await withApp(5)
    damage("UPDATE deliveries SET body = CAST(substr(body, 1, size - 20) || 'AAAAAAAAAAAAAAAAAAAA' AS BLOB) WHERE sequence = 3")
    const { code, verified } = await report()
    expect(code).toBe(1)
    expect(verified.chain).toEqual({ broken: 1, breaks: [{ sequence: 3, because: 'content-changed' }] })
    expect(verified.signatures).toMatchObject({ verified: 4, failed: 1, failures: [{ sequence: 3, because: 'signature-invalid' }] })
    expect((await here('verify')).out).toMatch(/^chain +1 broken +first at delivery 3: content-changed$/m)
  })

  test.each<[string, string, Partial<Record<keyof VerifiedHistory, unknown>>]>([
    [
      'a link',
      'UPDATE deliveries SET chain_hash = zeroblob(32) WHERE sequence = 2',
      { chain: { breaks: [{ because: 'link-changed', sequence: 2 }] } },
    ],
    ['a key that is gone', 'DELETE FROM keys', { signatures: { verified: 0, noKey: 5 } }],
    ['an impossible time', 'UPDATE deliveries SET received_at = 9000000000000000000 WHERE sequence = 2', { chain: { broken: 1 } }],
    [
      'a row that is gone',
      'PRAGMA foreign_keys = OFF; DELETE FROM deliveries WHERE sequence = 2',
      { deliveries: 4, chain: { breaks: [{ because: 'gap', sequence: 3 }] } },
    ],
    [
      'the newest rows that are gone',
      'PRAGMA foreign_keys = OFF; DELETE FROM deliveries WHERE sequence > 3',
      { chain: { broken: 0 }, mark: { kind: 'lost', lost: 2, kept: { sequence: 3 }, marked: { sequence: 5 } } },
    ],
    ['another identity', "UPDATE identity SET id = 'x'", { mark: { kind: 'other-history' }, chain: { broken: 1 } }],
  ])('names %s', async (_, sql, expected) => {
    await withApp(5)
    damage(sql)
    const { code, verified } = await report()
    expect(code).toBe(1)
    const { breaks, ...chain } = (expected.chain ?? {}) as { breaks?: unknown[] }
    expect(verified).toMatchObject({ ...expected, chain, holds: false })
    if (breaks) expect(verified.chain.breaks[0]).toEqual(breaks[0])
  })

  test('counts tombstones by why, and holds over them', async () => {
    await withApp(4)
    damage(
      "UPDATE deliveries SET state = 'removed', body = NULL, headers = NULL, removed_at = 1, removed_because = 'retention' WHERE sequence < 3",
    )
    const { code, verified } = await report()
    expect([code, verified.tombstones, verified.signatures.verified]).toEqual([0, { retention: 2 }, 2])
  })

  test('goes on naming a loss that the app has found, in words', async () => {
    await withApp(3)
    damage('PRAGMA foreign_keys = OFF; DELETE FROM deliveries WHERE sequence > 1')
    await withApp(0)
    const { code, verified, err } = await report()
    expect(code).toBe(1)
    expect(verified).toMatchObject({ mark: { kind: 'ok' }, losses: [{ kind: 'lost', lost: 2 }] })
    expect(err).toContain('2 deliveries are missing')
  })

  test('a mark that is gone is named', async () => {
    await withApp(1)
    rmSync(markFile(profile))
    const { code, verified, err } = await report()
    expect([code, verified.mark]).toEqual([1, { kind: 'no-mark', because: 'missing' }])
    expect(err).toContain('missing')
  })

  test('ends on Ctrl+C and says so', async () => {
    await withApp(2)
    // Enough to be walked over for a while: a million tombstones would do the same, and take longer to make.
    damage(`
      WITH RECURSIVE more(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM more WHERE n < 200000)
      INSERT INTO deliveries (sequence, inlet, received_at, state, is_jti_reused, size, content_hash, chain_hash, removed_at)
      SELECT n, 'receiver', 0, 'removed', 0, 0, zeroblob(32), zeroblob(32), 0 FROM more`)
    const child = spawn(process.execPath, [script, 'verify', '--user-data', profile], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (part: Buffer) => (out += part.toString()))
    child.stderr.on('data', (part: Buffer) => (err += part.toString()))
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const asking = setInterval(() => child.kill('SIGINT'), 400)
    const code = await closed
    clearInterval(asking)
    // Before its first turn the signal ends the process itself.
    expect([1, null]).toContain(code)
    expect(out).toBe('')
    if (code === 1) expect(err).toContain('Cancelled')
  })
})

describe('evidence', () => {
  async function detectionId(): Promise<string> {
    const { out } = await here('query', '--json', '--limit', '1')
    return (JSON.parse(out) as { id: string }).id
  }

  test('writes a file that verify --bundle accepts without any profile', async () => {
    await withApp(20)
    const id = await detectionId()
    const out = join(profile, 'bundle.json')
    expect(await here('evidence', id, '--out', out)).toMatchObject({ code: 0, out: `${out}\n` })
    expect(await here('evidence', id, '--out', out), 'and overwrites nothing').toMatchObject({
      code: 1,
      err: expect.stringContaining('there already'),
    })
    const ran = await tocsin('verify', '--bundle', out, '--user-data', join(profile, 'none'))
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^verdict +all holds$/m) })
    expect(JSON.parse((await tocsin('verify', '--json', '--bundle', out)).out)).toMatchObject({ detectionId: id, holds: true })
  })

  test('is named by the id and lies where it was asked for, unless told otherwise', async () => {
    await withApp(1)
    const id = await detectionId()
    const ran = await here('evidence', id)
    expect(ran.code).toBe(0)
    expect(readFileSync(ran.out.trimEnd(), 'utf8')).toContain(id)
    expect(ran.out).toContain(`${id}.tocsin-evidence.json`)
  })

  test('of a detection that is not there, or not in that organization, is refused in words', async () => {
    await withApp(1)
    expect(await here('evidence', 'nothing')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('No detection nothing') })
    expect(await here('evidence', await detectionId(), '--organization', 'other')).toMatchObject({ code: 1, out: '' })
  })

  test.each([
    ['of noise', 'noise', 'not JSON'],
    ['of another format', '{}', 'does not call itself'],
  ])('verify --bundle of a file %s says what is wrong', async (_, text, words) => {
    const file = join(profile, 'file')
    writeFileSync(file, text)
    const ran = await tocsin('verify', '--bundle', file)
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining(words) })
  })

  test.each(['/nowhere/bundle.json', '/dev/zero', '/'])('verify --bundle %s is refused in words', async (file) => {
    const ran = await tocsin('verify', '--bundle', file)
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('cannot be read') })
    expect(ran.err).not.toMatch(/^\s+at /m)
  })

  const hasPython = spawnSync('/usr/bin/python3', ['-c', 'import jwt, cryptography']).status === 0
  if (!hasPython) console.warn('skipped: the check in Python needs /usr/bin/python3 with PyJWT (Debian: python3-jwt)')

  test.skipIf(!hasPython)('is checked by thirty lines of Python, and what was changed is named there too', async () => {
    await withApp(20)
    const file = join(profile, 'bundle.json')
    await here('evidence', await detectionId(), '--out', file)
    const python = () => {
      const program = fileURLToPath(new URL('../../resources/evidence/verify.py', import.meta.url))
      const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [program, file], { encoding: 'utf8' })
      return { status, stdout, stderr }
    }
    expect(python()).toMatchObject({ status: 0, stdout: expect.stringContaining('0 faults'), stderr: '' })

    const sound = readFileSync(file, 'utf8')
    const change = (make: (bundle: Record<string, never>) => void) => {
      const bundle = JSON.parse(sound) as Record<string, never>
      make(bundle)
      writeFileSync(file, JSON.stringify(bundle))
      return python()
    }
    type Loose = { deliveries: { token: string }[]; chain: { links: { chainHash: string }[] }[]; keys: { jwk: { x: string; y: string } }[] }
    const flipped = change((bundle) => {
      const { deliveries } = bundle as unknown as Loose
      deliveries[0]!.token = deliveries[0]!.token.replace(/.(?=.{20}$)/, (one) => (one === 'A' ? 'B' : 'A'))
    })
    expect(flipped).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/content was changed[^]*its signature: InvalidSignatureError/),
    })
    const relinked = change((bundle) => void ((bundle as unknown as Loose).chain[0]!.links[0]!.chainHash = 'f'.repeat(64)))
    expect(relinked).toMatchObject({ status: 1, stdout: expect.stringMatching(/^link \d+ was changed/) })
  })
})
