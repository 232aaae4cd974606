import { makeRunFolders, type RunFolders } from '../../build/run-folders.ts'

let folders: RunFolders | null = null

/** Gives the run a temporary folder of its own, which everything that the tests start inherits. */
export function setup(): void {
  // The unit tests and the end-to-end tests may share one run.
  if (process.env.PUTDESK_TEST_MEMORY !== undefined) return
  folders = makeRunFolders({ isQuick: true })
  Object.assign(process.env, folders.environment)
}

/** Fails the run when anything is left in it. */
export function teardown(): void {
  const left = folders?.remove() ?? []
  if (left.length > 0) throw new Error(`The tests left these in the temporary folder:\n  ${left.join('\n  ')}`)
}
