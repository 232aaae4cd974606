import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { listensAt } from './programs.ts'

/** An aria2 that waits for a peer to fetch a torrent from. */
export interface Aria2 {
  port: number
  /** Resolves when it reports that the torrent is complete. */
  done: () => Promise<void>
  /** Resolves when it has exited, which takes a while. */
  ended: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts aria2, which contacts no one by itself, and resolves when it listens. Space is not preallocated: that would not be timed.
 * aria2 keeps running without a port when the port is taken, so another one is tried then, below the ephemeral ports.
 */
export async function startAria2(torrent: string, into: string): Promise<Aria2> {
  const [hook, mark] = [join(into, 'whole.sh'), join(into, 'whole')]
  writeFileSync(hook, `#!/bin/sh\n: > '${mark}'\n`, { mode: 0o700 })
  const alone = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false']
  const told = ['--quiet', '--seed-time=0', '--file-allocation=none', `--on-bt-download-complete=${hook}`]
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = randomInt(20_000, 30_000)
    const child = spawn('aria2c', [...alone, ...told, `--listen-port=${port}`, '--dir', into, torrent], {
      stdio: 'ignore',
    })
    running.add(child)
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.once('exit', () => running.delete(child))
    if (await listensAt(port)) return { port, ...watch(child, exit, mark) }
    child.kill('SIGKILL')
    await exit
    for (const ending of ['', '.aria2']) rmSync(join(into, basename(torrent, '.torrent') + ending), { force: true })
  }
  throw new Error('aria2 found no port to listen at')
}

function watch(child: ChildProcess, exit: Promise<number | null>, mark: string): Omit<Aria2, 'port'> {
  return {
    done: async () => {
      while (!existsSync(mark) && child.exitCode === null) await wait(5)
    },
    ended: async () => {
      const code = await exit
      if (code !== 0) throw new Error(`aria2 ended with ${code}`)
    },
  }
}
