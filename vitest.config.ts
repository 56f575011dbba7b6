import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** These look at the memory of the process they are in, which is nobody else's then. */
const alone = ['src/main/inlets/tunnel.test.ts', 'src/main/inlets/receiver-limits.test.ts', 'src/main/import/lines.test.ts']

export default defineConfig({
  plugins: [svelte()],
  test: {
    // Tests use real files, sockets and processes: two cores carry two at a time.
    maxWorkers: 2,
    testTimeout: 20_000,
    projects: [
      // A worker keeps the modules that it has read, since none of ours has a state: each file would read them anew otherwise.
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'], exclude: alone, isolate: false } },
      { extends: true, test: { name: 'unit-alone', include: alone } },
      { extends: true, test: { name: 'faults', include: ['faults/**/*.test.ts'] } },
    ],
  },
})
