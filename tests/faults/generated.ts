import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Runs every suite that `npm test` runs with fewer generated cases, with the whole number. */
export async function runGenerated(seed: number): Promise<string[]> {
  const suites = globSync('tests/**/*.test.ts', { cwd: root }).filter((path) =>
    readFileSync(join(root, path), 'utf8').includes('support/cases.ts'),
  )
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', '--project', 'unit', '--maxWorkers=1', ...suites], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PUTDESK_TEST_WHOLE: 'yes', PUTDESK_SEED: `${seed}` },
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  return code === 0 ? [] : [`of the suites ${suites.join(', ')}, some failed: vitest exited with ${code}`]
}
