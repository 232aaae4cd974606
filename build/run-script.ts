import { spawn } from 'node:child_process'
import { root, say } from './paths.ts'
import { makeRunFolders } from './run-folders.ts'

/**
 * Runs a script with its own temporary folders, which are removed when it exits. Resolves with its exit code, or with 1 if it
 * succeeded but left files behind.
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
  // An interrupted script could not clean up.
  if (code === null || left.length === 0) return code ?? 1
  say(`files left in the temporary folder:\n  ${left.join('\n  ')}`)
  return code === 0 ? 1 : code
}
