import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import { createReader } from '../reader/reader.ts'
import { content, start, temporaryFile, testStore, trusted } from '../store/test-support.ts'
import { createInsight } from './insight.ts'

const resources = fileURLToPath(new URL('../../../resources', import.meta.url))

function setUp() {
  const file = temporaryFile()
  const store = testStore({ file })
  store.keeper.keep([
    trusted(content({ id: 'threat', entityId: 'anna', tactics: ['Credential Access'], techniques: ['T1110'] }), { issued: 1 }),
    trusted(
      content({ id: 'issue', entityId: 'anna', kind: 'posture', status: 'ongoing', tactics: [], techniques: [], frameworks: ['SOC 2'] }),
      { issued: 2 },
    ),
  ])
  const reader = createReader({ file, thread: new URL('../reader/thread.ts', import.meta.url), onTrouble: (detail) => expect.fail(detail) })
  onTestFinished(() => reader.stop())
  return { store, insight: createInsight({ ask: reader.ask, resources, now: () => start }) }
}

test('tells entities, posture and ATT&CK from the history', async () => {
  const { insight } = setUp()
  expect(await insight.entities({ range: null, begins: 'an' })).toMatchObject({ total: 1, entities: [{ entityId: 'anna', count: 2 }] })
  expect(await insight.entity({ entityId: 'anna', organizationId: null })).toMatchObject({ count: 2, threats: 1 })
  expect(await insight.entity({ entityId: 'anna', organizationId: 'another' as OrganizationId })).toBeNull()
  expect(await insight.posture({ framework: 'SOC 2' })).toMatchObject({ open: 1, closed: 0, isExact: true })
  expect(await insight.attack({ text: '', range: null })).toMatchObject({
    kind: 'attack',
    counted: 2,
    unmapped: 1,
    techniques: { T1110: 1 },
    tactics: { TA0006: 1 },
    words: { TA0006: ['Credential Access'] },
  })
  expect(await insight.attack({ text: 'kind:', range: null })).toMatchObject({ kind: 'refused' })
})

test('knows the matrix that came with it, and what is no more in it', () => {
  const { tactics, past, version } = setUp().insight.matrix()
  expect(version).toBe('18.1')
  expect(tactics.map(({ id }) => id).slice(0, 3)).toEqual(['TA0043', 'TA0042', 'TA0001'])
  const bruteForce = tactics.find(({ id }) => id === 'TA0006')?.techniques.find(({ id }) => id === 'T1110')
  expect(bruteForce).toMatchObject({ name: 'Brute Force' })
  expect(bruteForce?.parts.map(({ id }) => id)).toEqual(['T1110.001', 'T1110.002', 'T1110.003', 'T1110.004'])
  const ids = new Set(tactics.flatMap(({ techniques }) => techniques.flatMap(({ id, parts }) => [id, ...parts.map((part) => part.id)])))
  expect(ids.size).toBe(691)
  expect(past).toHaveLength(144)
  for (const { id, now } of past) expect(ids.has(id) || (now !== null && !ids.has(now))).toBe(false)
})

test('saves a report, as a page or as what is printed of it', async () => {
  const { insight } = setUp()
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-insight-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [page, printed] = [join(folder, 'report.html'), join(folder, 'report.pdf')]
  expect(await insight.saveReport({ framework: 'SOC 2' }, page, async (html) => html)).toEqual({ kind: 'saved', path: page })
  expect(readFileSync(page, 'utf8')).toContain('<title>Identity posture: SOC 2')
  await insight.saveReport({ framework: null }, printed, async (html) => Buffer.from(`%PDF of ${html.length}`))
  expect(readFileSync(printed, 'utf8')).toMatch(/^%PDF of \d{4,}/)
})
