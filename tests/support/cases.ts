/** How many generated cases a test has: fewer in `npm test` than in the long form of the tests, which runs the whole number. */
export function generatedCases(whole: number, few: number): number {
  return process.env.PUTDESK_TEST_WHOLE === undefined ? few : whole
}
