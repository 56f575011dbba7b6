import { expect, test } from 'vitest'
import { reportFile } from './report-file.ts'

test('a report is suggested under a name that every file system takes, whatever the framework is called', () => {
  const now = new Date(2026, 2, 1, 12).getTime()
  const name = (framework: string | null) => reportFile({ framework, format: 'pdf' }, now).name
  expect(name(null)).toBe('tocsin-posture-2026-03-01.pdf')
  expect(name('SOC 2')).toBe('tocsin-posture-soc-2-2026-03-01.pdf')
  expect(name('../../etc/passwd\0\u202e<>:"|?*')).toBe('tocsin-posture-etc-passwd-2026-03-01.pdf')
  expect(name('x'.repeat(500)).length).toBeLessThan(100)
  expect(reportFile({ framework: null, format: 'html' }, now).kind.extensions).toEqual(['html'])
})
