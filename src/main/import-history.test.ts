import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exported, found, imported, installation, keepAll, linesOf, scratch, textOf, type Said } from './archive-test-support.ts'
import { keepUnsigned, signer } from './proof/evidence-test-support.ts'
import { importLimits } from './import-history.ts'
import { createSigner, noon, pinned, tokenWith } from './ingest/test-support.ts'
import type { Store } from './store/store.ts'
import { verifyHistory } from './proof/verify-history.ts'

const second = noon / 1000

function file(text: string): string {
  const path = join(scratch(), 'import.ndjson')
  writeFileSync(path, text)
  return path
}

function transitionsOf(store: Store, id: string) {
  const detail = store.detections.detail({ organizationId: pinned, id: id as never })
  return detail?.transitions.map(({ sequence: _, ...transition }) => transition)
}

const bare = (store: Store) => found(store).map((detection) => ({ ...detection, imported: null, sequence: null }))
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

async function holds(store: Store): Promise<unknown> {
  const verified = await verifyHistory({
    store,
    mark: { kind: 'none', because: 'missing' },
    now: () => noon,
    signal: new AbortController().signal,
  })
  return { failed: verified?.signatures.failed, findings: verified?.shown.findings, broken: verified?.chain.broken }
}
const sound = { failed: 0, findings: [], broken: 0 }

describe('an archive', () => {
  test('brings equal detections into an empty history, as imported, and the second time nothing', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
    const said = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'ä"\u202e'),
      status: fc.oneof(fc.constantFrom('detected', 'ongoing', 'resolved'), text),
      iat: fc.integer({ min: second - 5_000, max: second - 1 }),
      isLate: fc.boolean(),
      more: fc.record(
        {
          entity_id: text,
          confidence_score: fc.double({ min: 0, max: 1, noNaN: true }),
          metadata: fc.dictionary(text, fc.jsonValue()),
          other: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    })
    const triage = fc.record({
      triage_state: fc.constantFrom('new', 'acknowledged', 'done'),
      verdict: fc.constantFrom(null, 'expected', 'true-positive'),
      labels: fc.array(fc.string({ minLength: 1, maxLength: 9 }), { maxLength: 2 }),
      snoozed_until: fc.constantFrom(null, noon + 9e7),
      opened_at: fc.constantFrom(null, noon),
    })
    const decide = 'UPDATE detections SET triage_state = ?, verdict = ?, labels = ?, snoozed_until = ?, opened_at = ? WHERE row = ?'
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 1, maxLength: 14 }),
        fc.array(triage, { maxLength: 3 }),
        fc.boolean(),
        async (all, triages, isUnsigned) => {
          const from = installation()
          keepAll(from.store, all as Said[])
          if (isUnsigned) ['ongoing', 'resolved'].forEach((status) => keepUnsigned(from.store, 'nobody', status))
          triages.forEach((one, i) =>
            from.db.prepare(decide).run(one.triage_state, one.verdict, JSON.stringify(one.labels), one.snoozed_until, one.opened_at, i + 1),
          )
          const archive = await exported(from.store, 'ndjson')
          const to = installation()
          const first = await imported(to.store, [archive], { limits: { ...importLimits, batch: 3 } })
          const deliveries = all.length + (isUnsigned ? 2 : 0)
          expect(first).toMatchObject({ kind: 'imported', counts: { new: deliveries, duplicate: 0, refused: 0, malformed: 0 } })
          expect(bare(to.store).sort(byId)).toEqual(bare(from.store).sort(byId))
          expect(found(to.store).every((detection) => detection.imported)).toBe(true)
          for (const { id } of found(from.store)) expect(transitionsOf(to.store, id)).toEqual(transitionsOf(from.store, id))
          expect(await holds(to.store)).toEqual(sound)

          const again = await imported(to.store, [await exported(to.store, 'ndjson'), archive])
          expect(again.counts).toMatchObject({ new: 0, duplicate: 2 * deliveries })
          expect(bare(to.store).sort(byId)).toEqual(bare(from.store).sort(byId))
        },
      ),
      { seed: 7, numRuns: 12 },
    )
  })

  test('holds a detection of more deliveries than a line has room for', async () => {
    const from = installation()
    const filler = 'x'.repeat(120_000)
    keepAll(
      from.store,
      Array.from({ length: 30 }, (_, i) => ({ id: 'd', status: `s${i}`, iat: second - 90 + i, more: { filler: `${i}${filler}` } })),
    )
    const archive = await exported(from.store, 'ndjson')
    expect(linesOf(archive).length).toBeGreaterThan(1)
    const to = installation()
    expect(await imported(to.store, [archive])).toMatchObject({ counts: { new: 30 } })
    expect(bare(to.store)).toEqual(bare(from.store))
    expect(transitionsOf(to.store, 'd')).toEqual(transitionsOf(from.store, 'd'))
  })

  test('holds deliveries whose headers, or what is escaped in them, are larger than their bodies', async () => {
    const from = installation()
    const headers = { ['x-' + 'n'.repeat(300)]: '', 'x-trace': 'x'.repeat(6_500), 'x-old': '\u0085'.repeat(200) }
    keepAll(
      from.store,
      Array.from({ length: 1_300 }, (_, i) => ({ id: 'd', status: `s${i}`, iat: second - 1_400 + i, headers })),
    )
    const archive = await exported(from.store, 'ndjson')
    for (const line of textOf(archive).split('\n')) expect(Buffer.byteLength(line)).toBeLessThan(4 * 1024 * 1024)
    const to = installation()
    expect(await imported(to.store, [archive])).toMatchObject({ counts: { new: 1_300, malformed: 0 } })
    expect(bare(to.store)).toEqual(bare(from.store))
  })

  test('brings notes with their times, why it was judged so and the mark to keep, and the second time nothing', async () => {
    const from = installation()
    keepAll(from.store, [
      { id: 'noted', status: 'ongoing', iat: second - 9 },
      { id: 'kept', status: 'ongoing', iat: second - 8 },
      { id: 'plain', status: 'ongoing', iat: second - 7 },
    ])
    const key = (id: string) => ({ organizationId: pinned, id: id as never })
    const texts = ['=cmd|x', '<img src=x onerror=alert(1)>\u202e\u0000"', 'ä'.repeat(10_000), 'twice', 'twice']
    for (const note of texts) from.store.triage.write(null, from.store.triage.rowsOf([key('noted')]), { note }, 0)
    const verdict = { verdict: 'expected', reason: 'a drill; "as planned"' } as const
    from.store.triage.write(null, from.store.triage.rowsOf([key('noted')]), { state: 'done', verdict, addLabel: 'drill' }, 0)
    from.store.retention.keep(key('kept'), true)
    const archive = await exported(from.store, 'ndjson')
    expect(linesOf(archive).filter((line) => 'own' in line)).toHaveLength(2)

    const to = installation()
    const told: number[] = []
    const onKept = (changes: readonly { readonly detection: { readonly triage: { readonly noteCount: number } } }[]): void =>
      void told.push(...changes.map(({ detection }) => detection.triage.noteCount))
    const bring = async () => await imported(to.store, [archive], { onKept })
    const trail = (store: Store) => {
      const read = store.triageTrail.read(key('noted'))
      return { reason: read?.verdictReason, notes: read?.notes.map(({ at, text }) => ({ at, text })) }
    }
    expect(await bring()).toMatchObject({ counts: { new: 3, malformed: 0 } })
    // The same words at the same moment are one note.
    const notes = [...new Map(trail(from.store).notes?.map((note) => [JSON.stringify(note), note])).values()]
    expect(notes.map(({ text }) => text).sort()).toEqual([...new Set(texts)].sort())
    expect(trail(to.store)).toEqual({ reason: verdict.reason, notes })
    expect(told.sort()).toEqual([0, 0, notes.length])
    expect(['noted', 'kept', 'plain'].map((id) => to.store.retention.isKept(key(id)))).toEqual([false, true, false])

    const before = { trail: trail(to.store), all: found(to.store) }
    expect(await bring()).toMatchObject({ counts: { new: 0, duplicate: 3 } })
    expect({ trail: trail(to.store), all: found(to.store) }).toEqual(before)
    expect(await holds(to.store)).toEqual(sound)

    // Written here meanwhile, and not overwritten; what was received here and not imported takes nothing of it.
    to.store.triage.write(null, to.store.triage.rowsOf([key('noted')]), { note: 'ours', verdict: null }, 0)
    const ours = trail(to.store)
    await bring()
    expect(trail(to.store)).toEqual(ours)
    const local = installation()
    keepAll(local.store, [{ id: 'noted', status: 'ongoing', iat: second - 9 }])
    await imported(local.store, [archive])
    expect(trail(local.store)).toEqual({ reason: null, notes: [] })
  })

  test('of more notes than a line has room for brings all of them, and none that is larger than a note may be', async () => {
    const from = installation()
    keepAll(from.store, [{ id: 'd', status: 'ongoing', iat: second - 9 }])
    const key = { organizationId: pinned, id: 'd' as never }
    const rows = from.store.triage.rowsOf([key])
    for (let index = 0; index < 60; index += 1) from.store.triage.write(null, rows, { note: `${index}${'\u0001'.repeat(9_990)}` }, 0)
    const archive = await exported(from.store, 'ndjson')
    const lines = linesOf(archive)
    expect(lines.length).toBeGreaterThan(3)
    for (const line of textOf(archive).split('\n')) expect(line.length).toBeLessThan(8 * 1024 * 1024)
    const to = installation()
    expect(await imported(to.store, [archive])).toMatchObject({ counts: { new: 1, malformed: 0 } })
    const texts = (store: Store) => store.triageTrail.read(key)?.notes.map(({ text }) => text)
    expect(texts(to.store)).toEqual(texts(from.store))
    const [line] = lines as { own: { notes: object[] } }[]
    const large = { ...line, own: { ...line!.own, notes: [{ at: '2026-01-01T00:00:00Z', text: 'x'.repeat(10_001) }] } }
    const other = installation()
    expect(await imported(other.store, [file(JSON.stringify(large))])).toMatchObject({
      counts: { new: 0 },
      reasons: { 'not-an-archive': 1 },
    })
  })

  test('does not change what this user decided, nor call imported what was received here', async () => {
    const from = installation()
    keepAll(from.store, [
      { id: 'both', status: 'ongoing', iat: second - 9 },
      { id: 'theirs', status: 'ongoing', iat: second - 9 },
    ])
    from.db.exec("UPDATE detections SET triage_state = 'done', verdict = 'expected', labels = '[\"x\"]'")
    const to = installation()
    keepAll(to.store, [{ id: 'both', status: 'detected', iat: second - 10 }])
    const archive = await exported(from.store, 'ndjson')
    await imported(to.store, [archive])
    to.db.exec("UPDATE detections SET triage_state = 'acknowledged' WHERE id = 'theirs'")
    await imported(to.store, [archive])
    const [both, theirs] = found(to.store).sort(byId)
    expect(both).toMatchObject({ imported: false, status: 'ongoing', triage: { state: 'new', verdict: null, labels: [] } })
    expect(theirs).toMatchObject({ imported: true, triage: { state: 'acknowledged', verdict: 'expected', labels: ['x'] } })
    expect(await holds(to.store)).toEqual(sound)
  })

  test('that lies is believed in nothing that the check does not say', async () => {
    const from = installation()
    keepAll(from.store, [
      { id: 'a', status: 'ongoing', iat: second - 9 },
      { id: 'b', status: 'ongoing', iat: second - 8 },
    ])
    const [b, a] = linesOf(await exported(from.store, 'ndjson')) as [Line, Line]
    const one = a.deliveries[0]!
    const forged = tokenWith({ ...createSigner('k1') }, { trigger_content: { id: 'f', type: 'X', status: 'ongoing' } })
    const lies: object[] = [
      // Another body under a good name, another organization, another time, a time to come, a mark it did not earn.
      { ...a, id: 'forged', deliveries: [{ ...one, body: forged, trust: 'verified' }] },
      { ...a, deliveries: [{ ...one, body: tokenWith(signer, { aud: 'org-other' }) }] },
      { ...a, deliveries: [{ ...one, receivedAt: new Date(noon + 3_000_000).toISOString() }] },
      {
        ...a,
        deliveries: [
          { ...one, body: tokenWith(signer, { iat: second + 90_000, exp: second + 99_000 }), receivedAt: '2030-01-01T00:00:00Z' },
        ],
      },
      { ...a, deliveries: [{ ...one, body: '{"id":"x","type":"T","detection_risk_category":"threat"}', trust: 'verified' }] },
      { ...a, organizationId: 'org-nobody', deliveries: [{ ...one, body: '{"id":"x"}', trust: 'unsigned' }] },
    ]
    const to = installation()
    const outcome = await imported(to.store, [file(lies.map((lie) => JSON.stringify(lie)).join('\n'))])
    expect(outcome.first.map(({ line, because }) => [line, because])).toEqual([
      [1, 'signature-invalid'],
      [2, 'organization-unknown'],
      [3, 'expired'],
      [4, 'issued-in-future'],
      [5, 'not-a-token'],
      [6, 'organization-unknown'],
    ])
    expect(outcome).toMatchObject({ counts: { new: 0, refused: 6 }, reasons: { 'organization-unknown': 2, expired: 1 } })
    expect(found(to.store)).toEqual([])

    // Fields, marks and a triage that belong to another detection: the body alone counts.
    const dressed = { ...a, id: 'b', status: 'resolved', demo: true, imported: false, triage: { ...a.triage, state: 'done', noteCount: 9 } }
    const called = { ...b, deliveries: [{ ...b.deliveries[0], trust: 'unsigned', inlet: 'receiver' }] }
    expect(await imported(to.store, [file(`${JSON.stringify(dressed)}\n${JSON.stringify(called)}\n`)])).toMatchObject({
      counts: { new: 2 },
    })
    expect(found(to.store).sort(byId)).toMatchObject([
      { id: 'a', status: 'ongoing', demo: false, imported: true, trust: 'verified', triage: { state: 'new', noteCount: 0 } },
      { id: 'b', status: 'ongoing', imported: true, trust: 'verified', triage: { state: 'new' } },
    ])
    expect(await holds(to.store)).toEqual(sound)
  })
})

describe('what nobody signed', () => {
  function archived() {
    const from = installation()
    keepUnsigned(from.store, 'nobody', 'ongoing')
    keepUnsigned(from.store, 'nobody', 'resolved')
    keepAll(from.store, [{ id: 'signed', status: 'ongoing', iat: second - 9 }])
    return exported(from.store, 'ndjson')
  }

  test('is refused with its reason unless it is to be taken, and the rest is taken', async () => {
    const archive = await archived()
    const asked: string[] = []
    const takesUnsigned = (organization: string): Promise<boolean> => {
      asked.push(organization)
      return Promise.resolve(asked.length > 1)
    }
    const to = installation()
    const first = await imported(to.store, [archive], { takesUnsigned })
    expect(first).toMatchObject({ kind: 'imported', counts: { new: 1, refused: 2 }, reasons: { unsigned: 2 } })
    expect(first.first[0]).toMatchObject({ because: 'unsigned' })
    expect(found(to.store).map(({ id }) => id)).toEqual(['signed'])
    expect(asked, 'once').toEqual([pinned])
    expect(await imported(to.store, [archive], { takesUnsigned })).toMatchObject({ counts: { new: 2, duplicate: 1, refused: 0 } })
    expect(found(to.store).find(({ id }) => id === 'nobody')).toMatchObject({ trust: 'unsigned' })
  })

  test('is not asked about for an organization that is not believed, and a cancel does not wait for the answer', async () => {
    const archive = await archived()
    const stranger = installation({ believes: false })
    const asked: string[] = []
    const never = (organization: string): Promise<boolean> => {
      asked.push(organization)
      return new Promise(() => undefined)
    }
    expect(await imported(stranger.store, [archive], { takesUnsigned: never })).toMatchObject({
      counts: { new: 0, refused: 3 },
      reasons: { 'organization-unknown': 3 },
    })
    expect(asked).toEqual([])
    const to = installation()
    const cancel = new AbortController()
    const importing = imported(to.store, [archive], {
      signal: cancel.signal,
      takesUnsigned(organization) {
        setTimeout(() => cancel.abort(), 5)
        return never(organization)
      },
    })
    expect(await importing).toMatchObject({ kind: 'cancelled', counts: { new: 0 } })
  })
})

describe('a file of raw tokens', () => {
  test('is checked at the time each says it was made, and nothing doubles', async () => {
    const token = (id: string) =>
      tokenWith(signer, { iat: second - 86_400, exp: second - 86_100, trigger_content: { id, type: 'X', status: 'ongoing' } })
    const a = token('a')
    const { store } = installation()
    const outcome = await imported(store, [file(`\ufeff${a}\r\n\r\n${token('b')}\n${a}\n  not a token\n${a.slice(0, -4)}AAAA`)])
    expect(outcome).toMatchObject({ kind: 'imported', counts: { new: 2, duplicate: 1, refused: 1, malformed: 1, waiting: 0 } })
    expect(outcome.first).toMatchObject([
      { line: 5, because: 'neither-token-nor-archive' },
      { line: 6, because: 'signature-invalid' },
    ])
    expect(found(store)).toMatchObject([{ imported: true }, { imported: true }])
  })

  test('of an organization whose keys are to be fetched waits in a small part of quarantine', async () => {
    const { store } = installation({ believes: false })
    store.organizations.add({ id: pinned, issuer: 'https://api.slashid.com', name: 'x', demo: false, pinned: null })
    const tokens = Array.from({ length: 5 }, (_, i) => tokenWith(signer, { jti: `j${i}` }))
    const limits = { ...importLimits, waiting: 3 }
    const path = file(tokens.join('\n'))
    expect(await imported(store, [path], { limits })).toMatchObject({ counts: { new: 0, waiting: 3, noRoom: 2, refused: 0 } })
    expect(store.health.waiting()).toBe(3)
  })
})

describe('an import', () => {
  test('of a file that is not there says so, and what helps', async () => {
    const { store } = installation()
    const missing = join(scratch(), 'missing.ndjson')
    expect(await imported(store, [missing])).toMatchObject({
      kind: 'failed',
      detail: `There is no file ${missing}. What was kept until then is safe; look at its name and its folder, and import again.`,
    })
  })

  test('lets others have a turn while it reads, after fewer lines the longer each takes', async () => {
    const path = file(Array.from({ length: 2_000 }, (_, index) => `not a token ${index}`).join('\n'))
    const mostInATurn = async (msALook: number): Promise<number> => {
      let [inTurn, most, isOver, at] = [0, 0, false, 0]
      const turn = (): void => {
        inTurn = 0
        if (!isOver) setImmediate(turn)
      }
      turn()
      const outcome = await imported(installation().store, [path], {
        clock: () => (at += msALook),
        // Asked once for each line.
        now() {
          inTurn += 1
          most = Math.max(most, inTurn)
          return noon
        },
      })
      isOver = true
      expect(outcome.counts.malformed).toBe(2_000)
      return most
    }
    expect(await mostInATurn(0)).toBeGreaterThan(1_000)
    expect(await mostInATurn(3)).toBeLessThan(10)
  })

  test('beside a running app rests between its commits', async () => {
    const from = installation()
    keepAll(
      from.store,
      Array.from({ length: 60 }, (_, i) => ({ id: `d-${i}`, status: 'ongoing', iat: second - 900 + i })),
    )
    const archive = await exported(from.store, 'ndjson')
    const to = installation()
    let endedAt = -Infinity
    const rests: number[] = []
    const keeper = {
      keep(...[batch]: Parameters<Store['keeper']['keep']>) {
        rests.push(performance.now() - endedAt)
        const kept = to.store.keeper.keep(batch)
        endedAt = performance.now()
        return kept
      },
    }
    await imported(to.store, [archive], { keeper, limits: { ...importLimits, batch: 20, restMs: 30 } })
    expect(rests).toHaveLength(3)
    for (const rest of rests.slice(1)) expect(rest).toBeGreaterThan(25)
  })

  test('says of each kind of broken line what it is, with its number, and takes the rest', async () => {
    const from = installation()
    keepAll(from.store, [{ id: 'good', status: 'ongoing', iat: second - 9 }])
    const good = textOf(await exported(from.store, 'ndjson')).trim()
    const line = JSON.parse(good) as Line
    const detection = { ...line, deliveries: undefined }
    const text = Buffer.concat([
      Buffer.from('{"half":\n'),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`{}\n[]\n${JSON.stringify(detection)}\n${JSON.stringify({ ...line, deliveries: [] })}\n`),
      Buffer.from(`${JSON.stringify({ ...line, deliveries: [{ ...line.deliveries[0], body: null, headers: null }] })}\n`),
      Buffer.from(`${JSON.stringify({ ...line, deliveries: [{ ...line.deliveries[0], body: 'x'.repeat(300_000) }] })}\n`),
      Buffer.from(`${'y'.repeat(9_000_000)}\n`),
      Buffer.from(`${JSON.stringify({ ...line, triage: { state: 'gone' } })}\n`),
      Buffer.from(`${'['.repeat(100_000)}\n{"a":${'['.repeat(100_000)}\n${good}`),
    ])
    const path = join(scratch(), 'broken')
    writeFileSync(path, text)
    const to = installation()
    const outcome = await imported(to.store, [path])
    expect(outcome.first.map(({ line: number, because }) => `${number} ${because}`)).toEqual([
      '1 not-json',
      '2 not-text',
      '3 not-an-archive',
      '4 neither-token-nor-archive',
      '5 without-deliveries',
      '6 without-deliveries',
      '7 content-removed',
      '8 body-too-large',
      '9 line-too-long',
      '10 not-an-archive',
      '11 neither-token-nor-archive',
      '12 not-json',
    ])
    expect(outcome).toMatchObject({ kind: 'imported', counts: { new: 1, malformed: 12 } })
  })

  test('cancelled in the middle keeps what was committed, and goes on where it is begun again', async () => {
    const from = installation()
    keepAll(
      from.store,
      Array.from({ length: 200 }, (_, i) => ({ id: `d-${i}`, status: 'ongoing', iat: second - 900 + i })),
    )
    const archive = await exported(from.store, 'ndjson')
    const to = installation()
    const cancel = new AbortController()
    const progress: [number, number][] = []
    const outcome = await imported(to.store, [archive], {
      signal: cancel.signal,
      limits: { ...importLimits, batch: 20 },
      onProgress({ read, total, counts }) {
        progress.push([read, total])
        if (counts.new >= 80) cancel.abort()
      },
    })
    expect(outcome).toMatchObject({ kind: 'cancelled', counts: { new: 80, duplicate: 0 } })
    expect(progress).toHaveLength(4)
    expect(progress[0]![1]).toBe(Buffer.byteLength(textOf(archive)))
    expect(await imported(to.store, [archive])).toMatchObject({ kind: 'imported', counts: { new: 120, duplicate: 80 } })
    expect(bare(to.store)).toEqual(bare(from.store))
  })

  test('of a history that cannot be written ends in words, and the next one takes it all', async () => {
    const from = installation()
    keepAll(from.store, [{ id: 'a', status: 'ongoing', iat: second - 9 }])
    const archive = await exported(from.store, 'ndjson')
    const to = installation()
    const full = { keep: () => { throw new Error('database or disk is full') } } // prettier-ignore
    const failed = await imported(to.store, [archive], { keeper: full })
    expect(failed).toMatchObject({ kind: 'failed', detail: expect.stringContaining('disk is full') as string, counts: { new: 0 } })
    expect(await imported(to.store, [join(scratch(), 'none')])).toMatchObject({ kind: 'failed' })
    expect(await imported(to.store, [scratch()])).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('is a folder') as string,
    })
    expect(await imported(to.store, [archive])).toMatchObject({ counts: { new: 1 } })
  })
})

type Line = {
  readonly id: string
  readonly triage: object
  readonly deliveries: readonly { readonly body: string; readonly receivedAt: string }[]
}
