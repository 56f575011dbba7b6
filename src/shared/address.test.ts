import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toAddress, toLocation } from '../renderer/state/location.ts'
import { viewOf, wantedAt } from './address.ts'
import type { Instant } from './detection.ts'
import { views, type TimeRange } from './view.ts'

const moment = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((at) => new Date(at).toISOString() as Instant)
const range = fc
  .tuple(moment, moment)
  .filter(([one, other]) => one !== other)
  .map(([one, other]): TimeRange => (one < other ? { from: one, to: other } : { from: other, to: one }))

describe('an address', () => {
  test.each(views)('names %s, with all that may stand behind it', (view) => {
    for (const rest of ['', '?q=a', '/x', '/x?y']) expect(viewOf(view + rest)).toBe(view)
    for (const other of [`${view}s`, ` ${view}`, `/${view}`, `#/${view}`, view.toUpperCase(), `${view}#x`]) expect(viewOf(other)).toBeNull()
  })

  test('is read here as the page writes it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('timeline', 'attack'),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.option(range),
        fc.boolean(),
        (view, text, wanted, isWhole) => {
          const address = toAddress(
            view === 'timeline' ? { view, text, range: wanted, open: null } : { view: 'attack', text, range: wanted, isWhole },
          )
          expect(wantedAt(address)).toEqual({ text: text.replace(/\p{Surrogate}/gu, '\ufffd'), range: wanted })
        },
      ),
      { seed: 20260301 },
    )
  })

  test.each([
    'timeline',
    'timeline?q=%',
    'timeline?q=a+b&q=c',
    'timeline?xq=a',
    'timeline?q=a?b=c',
    'timeline?from=2026-03-01T00:00:00.000Z',
    'timeline?from=2026-03-02T00:00:00.000Z&to=2026-03-01T00:00:00.000Z',
    'timeline?from=yesterday&to=today',
    'attack?q=a=b',
  ])('%s is taken here for what the page takes it for', (address) => {
    const { text, range: read } = toLocation(address) as Extract<ReturnType<typeof toLocation>, { view: 'attack' }>
    expect(wantedAt(address)).toEqual({ text, range: read })
  })

  test.each(['posture', 'entities/a?q=b', 'settings?q=a', 'nowhere?q=a', ''])('%j looks for nothing', (address) => {
    expect(wantedAt(address)).toBeNull()
  })
})
