import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  test: {
    include: ['src/**/*.test.ts'],
    // Tests use real files, sockets and processes: two cores carry two at a time.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
})
