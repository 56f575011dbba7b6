import { expect, test } from 'vitest'
import { nameForWindows } from './windows-name.ts'

test.each([
  ['win32', ['dev.tocsin']],
  ['darwin', []],
  ['linux', []],
])('Windows alone knows Tocsin by a name of its own (%s)', (platform, wanted) => {
  const names: string[] = []
  nameForWindows({ setAppUserModelId: (id) => names.push(id) }, platform)
  expect(names).toEqual(wanted)
})
