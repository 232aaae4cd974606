import { defineConfig } from 'vitest/config'

/** Every run has its own temporary folders and fails if a test leaves files in them. */
const tidy = { globalSetup: ['tests/support/global-setup.ts'], setupFiles: ['tests/support/setup.ts'] }

/** What is waited for takes longer while other tests use the processors. The default is one second. */
const patient = { expect: { poll: { timeout: 20_000 } } }

/** One window at a time, unless each worker has a display of its own: see `build/test.ts`. */
const displays = process.env.PUTDESK_TEST_DISPLAYS?.split(' ').length ?? 1

const inElectron = { ...patient, testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: displays }

export default defineConfig({
  test: {
    // Most tests wait for a peer, a timer or the disk: three workers keep two cores busy.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...tidy,
          ...patient,
          name: 'unit',
          include: ['{shared,engine,server,renderer,electron,build}/**/*.test.ts', 'tests/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          ...tidy,
          name: 'e2e',
          include: ['tests/**/*.e2e.ts'],
          ...inElectron,
        },
      },
    ],
  },
})
