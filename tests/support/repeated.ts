import { appendFileSync } from 'node:fs'

/** Tells that something had to be done again, though no test was: `npm test` lists it when it ends. */
export function reportRepeated(what: string): void {
  const path = process.env.PUTDESK_TEST_REPEATED
  if (path === undefined) console.warn(what)
  else appendFileSync(path, `${what}\n`)
}
