import { spawn } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { serviceEntry } from './service.ts'
import { temporaryFolder } from './temp-folder.ts'

/** Starts the service with a settings file until the test has finished, and returns its URL. */
export async function startWith(settings: object, ...flags: string[]): Promise<string> {
  const folder = temporaryFolder('alone')
  const path = join(folder, 'putdesk.json')
  await writeFile(path, JSON.stringify({ data: join(folder, 'data'), dht: 'off', busy: 'never', ...settings }))
  await chmod(path, 0o600)
  const child = spawn(process.execPath, ['--no-warnings', serviceEntry, '--config', path, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const line = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve))
  const { url }: { url: string } = JSON.parse(line)
  return url
}
