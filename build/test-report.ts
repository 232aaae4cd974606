import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import * as z from 'zod'
import { root } from './paths.ts'

/** The part of Vitest's JSON report that we read. */
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

/** The results of one set of tests. */
export interface TestFigures {
  passed: number
  failed: number
  skipped: number
  tests: { name: string; durationMs: number }[]
}

/** Reads a report; null if the tests ended before they wrote one. */
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

/** The closing lines of a run: the slowest tests, and what was retried. */
export function flakeReport(tests: TestFigures['tests'], repeated: readonly string[]): string[] {
  const slowest = tests.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, 10)
  return [
    'slowest tests:',
    ...slowest.map(({ name, durationMs }) => `${(durationMs / 1000).toFixed(1).padStart(6)} s  ${name}`),
    repeated.length === 0 ? 'nothing was retried.' : 'retried steps (tests themselves are never retried):',
    ...repeated.map((line) => `  ${line}`),
  ]
}
