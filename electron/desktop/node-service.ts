import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ServiceProcess } from '../backend/host/host.ts'

/** How long a service may take to exit before it is killed. */
export const stopWithinMs = 6000

/** Starts the local service's script in a separate Node. Messages are lines of JSON on its standard input and output. */
export function startInNode(
  node: string,
  script: string,
  args: readonly string[],
  writeLog: (line: string) => void,
): ServiceProcess {
  const child = spawn(node, ['--no-warnings', script, ...args], {
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const exited = new Promise<void>((resolve) => onEnd(child, () => resolve()))
  // Writing to a service that has just exited fails; its exit is reported elsewhere.
  child.stdin.on('error', (error) => writeLog(`service: ${error.message}`))
  createInterface({ input: child.stderr }).on('line', (line) => writeLog(`service: ${line}`))
  return {
    pid: child.pid ?? null,
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    onMessage: (listener) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = parse(line)
        if (message !== null) listener(message)
      })
    },
    onExit: (listener) => onEnd(child, listener),
    stop: async () => {
      child.stdin.end()
      // On Windows every signal kills at once; there, the end of its input asks it to stop.
      if (process.platform !== 'win32') child.kill('SIGTERM')
      const killing = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      await exited
      clearTimeout(killing)
    },
  }
}

function onEnd(child: ChildProcess, listener: (code: number | null) => void): void {
  let hasEnded = false
  const end = (code: number | null) => {
    if (!hasEnded) listener(code)
    hasEnded = true
  }
  child.once('exit', end)
  child.once('error', () => end(null))
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Not a message.
    return null
  }
}
