import { expect, test } from 'vitest'
import { Dialogs } from './dialogs.svelte.ts'

test('a dialog that gave way to another does not close that one when its own end is told', () => {
  const dialogs = new Dialogs()
  dialogs.show('palette')
  dialogs.show('help')
  dialogs.close('palette')
  expect(dialogs.open).toBe('help')
  dialogs.close('help')
  expect(dialogs.open).toBeNull()
})
