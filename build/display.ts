import { type ChildProcess, spawn } from 'node:child_process'

/** A virtual X display. */
export interface Display {
  /** The value for `DISPLAY`. */
  name: string
  stop(): void
}

/** Starts Xvfb on a free display number. Rejects when Xvfb is not installed. */
export function startVirtualDisplay(size = '1280x800x24'): Promise<Display> {
  return new Promise((resolve, reject) => {
    const xvfb: ChildProcess = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    xvfb.once('error', reject)
    xvfb.once('exit', (code) => reject(new Error(`Xvfb exited with code ${code}`)))
    xvfb.stdio[3]?.once('data', (number: Buffer) => {
      resolve({ name: `:${number.toString().trim()}`, stop: () => xvfb.kill() })
    })
  })
}
