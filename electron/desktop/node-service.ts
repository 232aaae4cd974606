import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ServiceProcess } from '../backend/host/host.ts'

/** How long a service has to end by itself before it is ended. */
export const stopWithinMs = 6000

/** Starts the local service's script in a Node of its own; messages are lines of JSON on its standard input and output. */
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
  // A service that has just ended cannot be told anything; its exit is what counts.
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
      // On Windows no signal asks, each one ends: there only the end of its input does.
      if (process.platform !== 'win32') child.kill('SIGTERM')
      const killing = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      await exited
      clearTimeout(killing)
    },
  }
}

function onEnd(child: ChildProcess, listener: (code: number | null) => void): void {
  let isTold = false
  const tell = (code: number | null) => {
    if (!isTold) listener(code)
    isTold = true
  }
  child.once('exit', tell)
  child.once('error', () => tell(null))
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Not a message.
    return null
  }
}
