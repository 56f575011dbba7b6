import { describe, expect, test } from 'vitest'
import type { RetentionChoice, RetentionReport } from '../../shared/care.ts'
import type { Instant } from '../../shared/detection.ts'
import { Care } from './care.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

const choice: RetentionChoice = { olderThanDays: 365, kinds: null, maxBytes: null, keepsNew: true }
const report: RetentionReport = { goes: [], stays: {}, usedBytes: 1, leftBytes: 1, longestSliceMs: 0, isWhole: true }
const none = { folder: '/p/backups', backups: [] }

describe('care of the history', () => {
  test('a preview is shown until something else is typed', async () => {
    const { bridge } = createMemoryBridge({ 'retention:preview': () => report })
    const care = new Care(bridge)
    await care.preview(choice)
    expect(care.shown).toEqual({ choice, report, isDone: false })
    care.forget()
    expect(care.shown).toBeNull()
  })

  test('what was refused in the dialog leaves the preview and says so', async () => {
    const { bridge } = createMemoryBridge({
      'retention:preview': () => report,
      'retention:apply': () => ({ kind: 'refused', detail: 'It was not allowed.' }),
    })
    const care = new Care(bridge)
    await care.preview(choice)
    await care.apply(choice)
    expect(care.retentionTrouble).toBe('It was not allowed.')
    expect(care.shown?.isDone).toBe(false)
  })

  test('what ended early is said, and what went is shown', async () => {
    const { bridge } = createMemoryBridge({ 'retention:apply': () => ({ kind: 'applied', report: { ...report, isWhole: false } }) })
    const care = new Care(bridge)
    await care.apply(choice)
    expect(care.shown?.isDone).toBe(true)
    expect(care.retentionTrouble).toContain('the history holds')
  })

  test('nothing is begun while something is under way', async () => {
    const answer = later<RetentionReport>()
    const { bridge, asked } = createMemoryBridge({ 'retention:preview': () => answer.promise })
    const care = new Care(bridge)
    const first = care.preview(choice)
    await care.apply(choice)
    await care.save(null)
    expect(asked.map(({ name }) => name)).toEqual(['retention:preview'])
    answer.resolve(report)
    await first
    expect(care.doing).toBeNull()
  })

  test('a backup that is asked for is told with what came of it, and is in the list', async () => {
    const { bridge, asked } = createMemoryBridge({
      'backup:make': () => ({ kind: 'made', detail: 'A backup of 3 deliveries was made and verified.' }),
      'backups:list': () => none,
    })
    const care = new Care(bridge)
    await care.makeBackup()
    expect(care.made?.detail).toContain('3 deliveries')
    expect(asked.map(({ name }) => name)).toEqual(['backup:make', 'backups:list'])
    expect(care.isMaking).toBe(false)
  })

  test('one that was made by the day comes into the list that somebody looks at', async () => {
    const { bridge, asked, push } = createMemoryBridge({ 'backups:list': () => none })
    const care = new Care(bridge)
    const at = (newestAt: string | null) => push('health:changed', { backups: { kind: 'ok', newestAt: newestAt as Instant } } as never)
    at(null)
    at('2031-01-01T00:00:00.000Z')
    expect(asked).toEqual([])
    await care.readBackups()
    at('2031-01-02T00:00:00.000Z')
    at('2031-01-02T00:00:00.000Z')
    expect(asked).toHaveLength(2)
    care.stop()
  })

  test('a failure is said in words', async () => {
    const { bridge } = createMemoryBridge({})
    const care = new Care(bridge)
    await care.preview(choice)
    await care.readBackups()
    await care.makeBackup()
    expect([care.retentionTrouble, care.backupTrouble, care.made?.detail]).not.toContain(null)
  })
})
