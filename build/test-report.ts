import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import * as z from 'zod'
import { root } from './paths.ts'

/** What is read of the JSON report of Vitest. */
const Results = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), duration: z.number().nullish() })),
    }),
  ),
})

/** The figures of one set of tests. */
export interface TestFigures {
  passed: number
  failed: number
  skipped: number
  tests: { name: string; durationMs: number }[]
}

/** Reads the figures; null when the tests did not get as far as to write them. */
export function readFigures(path: string): TestFigures | null {
  if (!existsSync(path)) return null
  const results = Results.parse(JSON.parse(readFileSync(path, 'utf8')))
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests,
    skipped: results.numPendingTests,
    tests: results.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, duration }) => ({
        name: `${relative(root, name)}: ${fullName}`,
        durationMs: duration ?? 0,
      })),
    ),
  }
}

/** The lines that end a run: which tests were the slowest, and what had to be done again. */
export function flakeReport(tests: TestFigures['tests'], repeated: readonly string[]): string[] {
  const slowest = tests.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, 10)
  return [
    'slowest tests:',
    ...slowest.map(({ name, durationMs }) => `${(durationMs / 1000).toFixed(1).padStart(6)} s  ${name}`),
    repeated.length === 0 ? 'nothing had to be done again.' : 'done again, though no test was:',
    ...repeated.map((line) => `  ${line}`),
  ]
}
