import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'e2e',
  testIgnore: 'screenshots/**',
  outputDir: 'test-results/e2e',
  // Every test starts an Electron of its own: two cores carry one at a time without one slowing the other.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: 'test-results/counts/e2e.json' }]],
})
