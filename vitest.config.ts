import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Most tests wait for a peer, a clock or a disk: two files at once take little more than half of the time.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,engine,server,renderer,electron,build}/**/*.test.ts', 'tests/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/**/*.e2e.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // A real window on a busy machine is late now and then; what fails twice in a row is wrong.
          retry: 1,
        },
      },
    ],
  },
})
