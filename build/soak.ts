import { join } from 'node:path'
import { root, say, stop } from './paths.ts'
import { runScript } from './run-script.ts'
import { ensureSystemPackages } from './system-packages.ts'

/** Runs a long randomized test of the local service: `npm run soak -- --seed 7 --minutes 30`. */
if (ensureSystemPackages(['tests']).length > 0) stop('the soak test needs the packages named above.')
say('running a long randomized test of the local service…')
process.exit(await runScript(join(root, 'tests', 'soak', 'main.ts'), process.argv.slice(2)))
