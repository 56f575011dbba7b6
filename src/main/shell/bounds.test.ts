import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeWindow, type Bounds } from './bounds.ts'

const laptop: Bounds = { x: 0, y: 25, width: 1440, height: 875 }
const screen: Bounds = { x: 1440, y: 0, width: 2560, height: 1440 }

describe('the place of the window', () => {
  test('is the middle of the primary display at first', () => {
    expect(placeWindow(null, [laptop, screen])).toEqual({ x: 80, y: 63, width: 1280, height: 800 })
  })

  test('is where it was left, on either display', () => {
    const left = { x: 1600, y: 100, width: 1500, height: 1000 }
    expect(placeWindow(left, [laptop, screen])).toEqual(left)
  })

  test('is the middle where only the size is remembered', () => {
    expect(placeWindow({ x: null, y: null, width: 1000, height: 700 }, [laptop])).toEqual({ x: 220, y: 113, width: 1000, height: 700 })
  })

  test('moves onto the display that is still there, and shrinks to it', () => {
    expect(placeWindow({ x: 1600, y: 100, width: 1500, height: 1000 }, [laptop])).toEqual(laptop)
    expect(placeWindow({ x: -500, y: 100, width: 1000, height: 700 }, [laptop])).toEqual({ x: 0, y: 100, width: 1000, height: 700 })
  })

  test('never falls below the minimum, whatever was remembered', () => {
    expect(placeWindow({ x: 10, y: 30, width: 1, height: 1 }, [laptop])).toEqual({ x: 10, y: 30, width: 900, height: 600 })
  })

  test('is wholly visible for any remembered place on a display that is large enough', () => {
    const value = fc.integer({ min: -5_000, max: 5_000 })
    const remembered = fc.record({ x: value, y: value, width: value, height: value })
    fc.assert(
      fc.property(remembered, (bounds) => {
        const placed = placeWindow(bounds, [laptop, screen])
        const inside = (area: Bounds): boolean =>
          placed.x >= area.x &&
          placed.y >= area.y &&
          placed.x + placed.width <= area.x + area.width &&
          placed.y + placed.height <= area.y + area.height
        expect(inside(laptop) || inside(screen)).toBe(true)
      }),
    )
  })
})
