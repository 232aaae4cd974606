import { expect, it } from 'vitest'
import { flakeReport } from './test-report.ts'

const tests = Array.from({ length: 12 }, (_, at) => ({ name: `a.test.ts: ${at}`, durationMs: at * 100 }))

it('names the ten slowest tests, slowest first', () => {
  expect(flakeReport(tests, [])).toEqual([
    'slowest tests:',
    ...Array.from({ length: 10 }, (_, at) => `   ${((11 - at) / 10).toFixed(1)} s  a.test.ts: ${11 - at}`),
    'nothing was retried.',
  ])
})

it('names what was done again', () => {
  expect(flakeReport([], ['story.e2e.ts: the driver joined at the second start'])).toEqual([
    'slowest tests:',
    'retried steps (tests themselves are never retried):',
    '  story.e2e.ts: the driver joined at the second start',
  ])
})
