import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** One shell that runs many commands. Starting a program from it costs a tenth of what starting it from a test's large process costs. */
export interface Shell {
  /** Runs a program with its arguments, and throws when it fails. */
  run(...words: string[]): Promise<void>
  stop(): void
}

/** Starts a POSIX shell. */
export function startShell(): Shell {
  const shell = spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers: ((status: string) => void)[] = []
  createInterface(shell.stdout).on('line', (status) => answers.shift()?.(status))
  shell.once('exit', (code) => {
    for (const answer of answers.splice(0)) answer(`the shell ended with ${code}`)
  })
  return {
    run: async (...words) => {
      const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
      const status = await new Promise<string>((resolve) => {
        answers.push(resolve)
        shell.stdin.write(`${line} >&2; echo $?\n`)
      })
      if (status !== '0') throw new Error(`${line} failed: ${status}`)
    },
    stop: () => shell.stdin.end(),
  }
}
