/** How many generated cases a test has: the whole number in `npm run faults`, and fewer in `npm test`. */
export function generatedCases(whole: number, few: number): number {
  return process.env.PUTDESK_TEST_WHOLE === undefined ? few : whole
}
