import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A helper program of the bench, which takes commands and answers as lines of JSON. */
export interface Helper {
  pid: number
  /** Sends a command, and resolves with the next answer. */
  ask: (order: Record<string, unknown>) => Promise<Record<string, unknown>>
  /** Resolves with the next answer that has not been read yet. */
  hear: () => Promise<Record<string, unknown>>
  stop: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a helper program, with this Node unless it is in Python. */
export function startHelper(url: URL, ...args: string[]): Helper {
  const program = fileURLToPath(url)
  const command = program.endsWith('.py') ? ['/usr/bin/python3', program] : [process.execPath, '--no-warnings', program]
  const [first = '', ...rest] = command
  const child = spawn(first, [...rest, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Without it each thread would strip the types of its files again, which a bundle does not need.
    env: { ...process.env, NODE_COMPILE_CACHE: join(import.meta.dirname, '../../.cache/bench') },
  })
  running.add(child)
  // A command to a program that has exited is reported by `hear`, which waits for the answer.
  child.stdin.on('error', () => running.delete(child))
  const lines: Record<string, unknown>[] = []
  const waiting: ((line: Record<string, unknown>) => void)[] = []
  const gone = new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(`${code ?? signal}`)))
  child.once('close', () => running.delete(child))
  createInterface(child.stdout).on('line', (text) => {
    const line: Record<string, unknown> = JSON.parse(text)
    const next = waiting.shift()
    if (next === undefined) lines.push(line)
    else next(line)
  })
  const hear = async () => {
    const ended = gone.then((how): never => {
      throw new Error(`${program} ended by itself: ${how}`)
    })
    const line =
      lines.shift() ?? (await Promise.race([new Promise<Record<string, unknown>>((r) => waiting.push(r)), ended]))
    if ('error' in line) throw new Error(`${program}: ${line.error}`)
    return line
  }
  return {
    pid: child.pid ?? 0,
    hear,
    ask: (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return hear()
    },
    stop: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}
