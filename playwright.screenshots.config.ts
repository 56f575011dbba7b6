import { defineConfig } from '@playwright/test'

/** Pictures are looked at, not asserted: they have a run of their own. */
export default defineConfig({
  testDir: 'e2e/screenshots',
  outputDir: 'test-results/screenshots',
  workers: 1,
  reporter: 'list',
})
