import { expect, test } from 'vitest'
import type { EvidenceSaved, Notice } from '../../shared/ipc.ts'
import { Evidence } from './evidence.svelte.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'

function setUp(answer: () => EvidenceSaved | Promise<EvidenceSaved>) {
  const { bridge, asked } = createMemoryBridge({ 'evidence:save': answer })
  const told: Notice[] = []
  return { evidence: new Evidence(bridge, (notice) => told.push(notice)), asked, told }
}

test('saves one detection, named by its key alone, and says where', async () => {
  const { evidence, asked, told } = setUp(() => ({ kind: 'saved', path: '/home/me/e.json' }))
  await evidence.save(detectionOf(1))
  expect(asked).toEqual([{ name: 'evidence:save', argument: { organizationId: 'org', id: 'd1' } }])
  expect(told).toMatchObject([{ tone: 'info', text: '/home/me/e.json' }])
})

test('says why it was not saved, and nothing where the user changed their mind', async () => {
  const failed = setUp(() => ({ kind: 'failed', detail: 'The disk is full.' }))
  await failed.evidence.save(detectionOf(1))
  expect(failed.told).toMatchObject([{ tone: 'trouble', text: 'The disk is full.' }])
  const broken = setUp(() => Promise.reject(new Error('no answer')))
  await broken.evidence.save(detectionOf(1))
  expect(broken.told).toMatchObject([{ tone: 'trouble' }])
  const cancelled = setUp(() => ({ kind: 'cancelled' }))
  await cancelled.evidence.save(detectionOf(1))
  expect(cancelled.told).toEqual([])
})

test('asks once at a time', async () => {
  const answer = later<EvidenceSaved>()
  const { evidence, asked } = setUp(() => answer.promise)
  const first = evidence.save(detectionOf(1))
  await evidence.save(detectionOf(2))
  expect([asked.length, evidence.isSaving]).toEqual([1, true])
  answer.resolve({ kind: 'cancelled' })
  await first
  expect(evidence.isSaving).toBe(false)
})
