import { describe, expect, test } from 'vitest'
import { createKeys, type Key } from './keys.ts'
import { shortcuts } from './shortcuts.ts'

function press(key: string, more: Partial<Key> = {}): Key {
  return { key, isControlled: false, isModified: false, isTyping: false, isControl: false, ...more }
}

describe('keys', () => {
  test.each([
    ['/', 'search'],
    ['?', 'help'],
    ['j', 'down'],
    ['ArrowUp', 'up'],
    ['Enter', 'open'],
    ['Escape', 'close'],
    ['x', 'mark'],
    ['a', 'acknowledge'],
    ['z', 'undo'],
    ['y', null],
  ])('%s means %s', (key, command) => {
    expect(createKeys(() => 0)(press(key))).toBe(command)
  })

  test('g and a letter switch the view, if they come together', () => {
    let now = 0
    const read = createKeys(() => now)
    expect(read(press('g'))).toBeNull()
    expect(read(press('c'))).toEqual({ go: 'connections' })
    read(press('g'))
    expect(read(press('q'))).toEqual({ go: 'connections', place: 'quarantine' })
    expect(read(press('c'))).toBeNull()
    read(press('g'))
    now = 2_000
    expect(read(press('t'))).toBeNull()
  })

  test('are text while typing, but Escape still closes', () => {
    const read = createKeys(() => 0)
    expect(read(press('/', { isTyping: true }))).toBeNull()
    expect(read(press('Escape', { isTyping: true }))).toBe('close')
  })

  test('of the palette open it everywhere, and those of undo are left to a field', () => {
    const read = createKeys(() => 0)
    const held = { isControlled: true, isModified: true }
    expect(read(press('k', { ...held, isTyping: true }))).toBe('palette')
    expect(read(press('z', held))).toBe('undo')
    expect(read(press('z', { ...held, isTyping: true }))).toBeNull()
  })

  test('of a browser lead back and forward, but not from a field', () => {
    const read = createKeys(() => 0)
    const alt = { isAlt: true, isModified: true }
    const command = { isControlled: true, isModified: true }
    expect([read(press('ArrowLeft', alt)), read(press('ArrowRight', alt))]).toEqual(['back', 'forward'])
    expect([read(press('[', command)), read(press(']', command))]).toEqual(['back', 'forward'])
    expect(read(press('ArrowLeft', { ...alt, isTyping: true }))).toBeNull()
    expect(read(press('ArrowLeft'))).toBeNull()
  })

  test('belong to the system with a modifier, and Enter to a button that has the focus', () => {
    const read = createKeys(() => 0)
    expect(read(press('j', { isModified: true }))).toBeNull()
    expect(read(press('Enter', { isControl: true }))).toBeNull()
  })
})

test('no two commands have the same keys', () => {
  const all = shortcuts.map(({ keys }) => keys.join(' '))
  expect(new Set(all).size).toBe(all.length)
})
