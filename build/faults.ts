import { join } from 'node:path'
import { root, say } from './paths.ts'
import { runScript } from './run-script.ts'

/** Runs the long forms of the fault tests: `npm run faults -- --seed 7 --only kills`. */
say('running the long fault tests…')
process.exit(await runScript(join(root, 'tests', 'faults', 'main.ts'), process.argv.slice(2)))
