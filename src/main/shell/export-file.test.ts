import { expect, test } from 'vitest'
import { exportFormats } from '../../shared/tasks.ts'
import { exportFile } from './export-file.ts'

test.each(exportFormats)('suggests a name for %s with the day in it, and an ending that its filter knows', (format) => {
  const { name, kind } = exportFile(format, new Date(2031, 4, 7, 0, 30).getTime())
  expect(name).toMatch(/^tocsin-2031-05-07\./)
  expect(kind.extensions).toContain(name.slice(name.lastIndexOf('.') + 1))
})
