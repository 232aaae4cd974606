import { spawn } from 'node:child_process'
import { root, say } from './paths.ts'
import { makeRunFolders } from './run-folders.ts'

/**
 * Runs a script with temporary folders of its own, which are removed when it ends, however that is. Resolves with its exit code:
 * 1 when it left something behind.
 */
export async function runScript(
  path: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const folders = makeRunFolders()
  const child = spawn(process.execPath, ['--no-warnings', path, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment, ...folders.environment },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  const left = folders.remove()
  // A script that was interrupted could not tidy up.
  if (code === null || left.length === 0) return code ?? 1
  say(`left in the temporary folder:\n  ${left.join('\n  ')}`)
  return code === 0 ? 1 : code
}
