import { type ChildProcess, spawn } from 'node:child_process'

/** A virtual screen of its own. */
export interface Display {
  /** What `DISPLAY` must be. */
  name: string
  stop(): void
}

/** Starts Xvfb on a free display number. Rejects when there is no Xvfb. */
export function startVirtualDisplay(size = '1280x800x24'): Promise<Display> {
  return new Promise((resolve, reject) => {
    const xvfb: ChildProcess = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    xvfb.once('error', reject)
    xvfb.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
    xvfb.stdio[3]?.once('data', (number: Buffer) => {
      resolve({ name: `:${number.toString().trim()}`, stop: () => xvfb.kill() })
    })
  })
}
