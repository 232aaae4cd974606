import { appendFileSync } from 'node:fs'

/** Reports that something was repeated, though no test was: `npm test` lists it at the end. */
export function reportRepeated(what: string): void {
  const path = process.env.PUTDESK_TEST_REPEATED
  if (path === undefined) console.warn(what)
  else appendFileSync(path, `${what}\n`)
}
