import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestCore } from '../main/core-test-support.ts'
import { historyFile, markFile } from '../main/profile.ts'
import { testDatabase } from '../main/store/test-support.ts'
import { runTocsin, script, type Ran } from './cli-test-support.ts'
import type { VerifiedHistory } from '../main/proof/verify-history.ts'

let profile: string
beforeEach(() => void (profile = mkdtempSync(join(tmpdir(), 'tocsin-proof-'))))
afterEach(() => rmSync(profile, { recursive: true, force: true }))

const here = (...args: string[]): Promise<Ran> => runTocsin([...args, '--user-data', profile], { cwd: profile })

/** Runs the app without its window on this profile for as long as `work` takes, with so many deliveries sent to it. */
async function withApp(count: number, work: () => Promise<void> = async () => {}): Promise<void> {
  const app = await startTestCore({ profile })
  try {
    // The sample makes the demo organization believed, so that none of what follows comes too early.
    if (count > 0) expect(await app.sendSample()).toMatchObject({ kind: 'arrived' })
    if (count > 1) expect(await here('simulate', '--count', String(count - 1), '--seed', `proof-${count}`)).toMatchObject({ code: 0 })
    await work()
  } finally {
    await app.stop()
  }
}

let soundProfile: Promise<string> | null = null
afterAll(async () => soundProfile && rmSync(await soundProfile, { recursive: true, force: true }))

/** One history for all that is tampered with: copies of it are as good. */
function sound(): Promise<string> {
  soundProfile ??= withApp(12).then(() => {
    const kept = mkdtempSync(join(tmpdir(), 'tocsin-sound-'))
    cpSync(profile, kept, { recursive: true })
    return kept
  })
  return soundProfile
}

/** Where an expected value is a part of a whole. */
function nested(expected: Record<string, unknown>): Record<string, unknown> {
  return expected.detection === undefined ? {} : { detection: expect.objectContaining(expected.detection as object) as unknown }
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
      expect(await here('verify')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^verdict +all holds {2,}chain, mark, .*not: keys against the issuer, triage$/m),
        err: '',
      })
    })
    const { code, verified, err } = await report()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(verified).toMatchObject({
      deliveries: 30,
      tombstones: {},
      signatures: { verified: 30, failed: 0, noKey: 0, unsigned: 0 },
      shown: { differing: 0, findings: [], setAside: 0 },
      chain: { broken: 0 },
      mark: { kind: 'ok', marked: { sequence: 30 }, unmarked: 0 },
      losses: [],
      holds: true,
    })
    const ran = await here('verify')
    for (const row of [/^deliveries +30$/m, /^signatures verified +30$/m, /^chain +ok$/m, /^mark +ok +up to delivery 30 at /m])
      expect(ran.out).toMatch(row)
    const [key] = verified.keys
    expect(key?.isCurrent).toBe(true)
    expect(ran.out, 'names the keys it all stands on').toMatch(
      new RegExp(`^key, current +${key?.kid} +${key?.thumbprint} of ${key?.organizationId}: compare with the issuer's`, 'm'),
    )
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

  const aDetection = "sequence = (SELECT max(sequence) FROM deliveries WHERE state = 'detection')"
  const unbelieved = "state = 'refused', trust = NULL"
  const unlist = `PRAGMA foreign_keys = OFF; DELETE FROM transitions WHERE ${aDetection};`
  const removed = "state = 'removed', body = NULL, headers = NULL, removed_at = 1"

  test.each<[string, string, Record<string, unknown>]>([
    ...(
      [
        ['organization_id', "'other'"],
        ['kid', "'other'"],
        ['jti', "'other'"],
        ['signing_hash', 'zeroblob(32)'],
        ['issued_at', 'issued_at + 1'],
        ['expires_at', 'NULL'],
        ['trigger_name', "'posture'"],
        ['state', "'other-trigger'"],
        ['trust', "'late'"],
        ['trust', "'unsigned'"],
        ['trust', "'certain'"],
      ] as const
    ).map(
      ([column, value]) =>
        [
          `${column} of a delivery as ${value}`,
          `UPDATE deliveries SET ${column} = ${value} WHERE ${aDetection}`,
          { what: 'delivery-changed', columns: [column] },
        ] as [string, string, Record<string, unknown>],
    ),
    ...(
      [
        ['kind', "iif(kind = 'threat', 'posture', 'threat')"],
        ['type', "'Nothing'"],
        ['status', "'closed'"],
        ['confidence', '0.0123'],
        ['entity_id', "'nobody'"],
        ['detected_at', 'detected_at - 1'],
        ['changed_at', 'changed_at - 1'],
        ['resolved_at', '12345'],
        ['trust', "'late'"],
        ['newest_sequence', 'iif(newest_sequence = 1, 2, 1)'],
        ['metadata', '\'{"all":"well"}\''],
        ['id', "'other'"],
      ] as const
    ).map(
      ([column, value]) =>
        [
          `${column} of a detection`,
          `UPDATE detections SET ${column} = ${value} WHERE row = (SELECT max(row) FROM detections)`,
          { what: 'detection-changed', columns: [column] },
        ] as [string, string, Record<string, unknown>],
    ),
    ...(
      [
        ['from_status', "'other'"],
        ['to_status', "'resolved by nobody'"],
        ['changes', '\'[{"field":"type","from":"a","to":"b"}]\''],
        ['issued_at', 'issued_at + 1'],
      ] as const
    ).map(
      ([column, value]) =>
        [
          `${column} of a transition`,
          `UPDATE transitions SET ${column} = ${value} WHERE ${aDetection.replace('max', 'min')}`,
          { what: 'transition-changed', columns: [column] },
        ] as [string, string, Record<string, unknown>],
    ),
    ['a transition that is gone', unlist, { what: 'transition-missing' }],
    [
      'a detection that is gone',
      'PRAGMA foreign_keys = OFF; DELETE FROM transitions WHERE detection = 1; DELETE FROM detections WHERE row = 1',
      { what: 'transition-missing' },
    ],
    [
      'a detection that is gone and leaves its transitions',
      'PRAGMA foreign_keys = OFF; DELETE FROM detections WHERE row = 1',
      { what: 'transition-misplaced' },
    ],
    [
      'a detection that nobody sent',
      `CREATE TEMP TABLE one AS SELECT * FROM detections LIMIT 1; UPDATE one SET row = 999, id = 'made up'; INSERT INTO detections SELECT * FROM one`,
      { what: 'detection-without-deliveries', detection: { id: 'made up' } },
    ],
    ...['signature-invalid', 'expired', 'issued-in-future'].map(
      (reason) =>
        [
          `a good one called ${reason}`,
          `UPDATE deliveries SET ${unbelieved}, reason = '${reason}' WHERE ${aDetection}`,
          { what: 'refused-yet-verifies', because: reason },
        ] as [string, string, Record<string, unknown>],
    ),
    ...[
      ['refused', 'key-unknown'],
      ['waiting', 'key-not-found'],
    ].map(
      ([state, reason]) =>
        [
          `one that is ${state} for a key that was there`,
          `UPDATE keys SET first_seen_at = first_seen_at - 3600000; UPDATE deliveries SET state = '${state}', trust = NULL, reason = '${reason}', waiting_hash = zeroblob(32) WHERE ${aDetection}`,
          { what: `${state}-yet-verifies`, because: reason },
        ] as [string, string, Record<string, unknown>],
    ),
    [
      'a believed one that is removed',
      `UPDATE deliveries SET ${removed}, removed_because = 'retention' WHERE ${aDetection}`,
      { what: 'believed-removed' },
    ],
    [
      'a believed one removed as a duplicate',
      `UPDATE deliveries SET ${removed}, removed_because = 'duplicate' WHERE ${aDetection}`,
      { what: 'believed-removed' },
    ],
    [
      'one removed for no reason',
      `UPDATE deliveries SET ${removed}, trust = NULL WHERE ${aDetection}`,
      { what: 'removed-unexplained', because: null },
    ],
    [
      'one removed for another reason',
      `UPDATE deliveries SET ${removed}, trust = NULL, removed_because = 'x' WHERE ${aDetection}`,
      { what: 'removed-unexplained' },
    ],
  ])('names %s', async (_, sql, expected) => {
    const profileOfAll = await sound()
    cpSync(profileOfAll, profile, { recursive: true })
    damage(sql)
    const { code, verified, err } = await report()
    expect([code, verified.holds, verified.chain.broken, verified.signatures.failed]).toEqual([1, false, 0, 0])
    expect(verified.shown.findings).toContainEqual(expect.objectContaining({ ...expected, ...nested(expected) }))
    expect(err).toContain(String(expected.what))
  })

  test('what could not be believed when it came is counted, and tombstones of quarantine by why; both hold', async () => {
    await withApp(4)
    // As a delivery that came before its key: it is under no detection.
    damage(`PRAGMA foreign_keys = OFF;
      CREATE TEMP TABLE gone AS SELECT sequence, detection FROM transitions WHERE detection IN (SELECT detection FROM transitions WHERE sequence IN (1, 2));
      DELETE FROM transitions WHERE detection IN (SELECT detection FROM gone); DELETE FROM detections WHERE row IN (SELECT detection FROM gone);
      UPDATE deliveries SET ${unbelieved}, reason = 'key-unknown' WHERE sequence IN (SELECT sequence FROM gone);
      UPDATE deliveries SET ${removed}, removed_because = 'discarded' WHERE sequence = 2`)
    const { code, verified } = await report()
    expect([code, verified.tombstones, verified.shown.differing]).toEqual([0, { discarded: 1 }, 0])
    expect(verified.shown.setAside).toBeGreaterThan(0)
    expect((await here('verify')).out).toMatch(/^verdict +all holds .*not: removed content, what was set aside/m)
  })

  test('goes on naming a mark that was gone, also after the next start', async () => {
    await withApp(2)
    rmSync(markFile(profile))
    await withApp(0)
    const { code, verified } = await report()
    expect([code, verified.mark.kind, verified.losses]).toMatchObject([1, 'ok', [{ kind: 'no-mark', because: 'missing' }]])
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
    const ran = await runTocsin(['verify', '--bundle', out, '--user-data', join(profile, 'none')], { cwd: profile })
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^verdict +all holds$/m) })
    expect(JSON.parse((await runTocsin(['verify', '--json', '--bundle', out], { cwd: profile })).out)).toMatchObject({
      detectionId: id,
      holds: true,
    })
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
    const ran = await runTocsin(['verify', '--bundle', file], { cwd: profile })
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining(words) })
  })

  test.each(['/nowhere/bundle.json', '/dev/zero', '/'])('verify --bundle %s is refused in words', async (file) => {
    const ran = await runTocsin(['verify', '--bundle', file], { cwd: profile })
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('cannot be read') })
    expect(ran.err).not.toMatch(/^\s+at /m)
  })

  const hasPython = spawnSync('/usr/bin/python3', ['-c', 'import jwt, cryptography']).status === 0
  if (!hasPython) console.warn('skipped: the check in Python needs /usr/bin/python3 with PyJWT (Debian: python3-jwt)')

  test.skipIf(!hasPython)('is checked by a short Python program, and what was changed is named there too', async () => {
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
