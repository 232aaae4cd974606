import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'
import { listensAt } from './programs.ts'

/** An aria2 that waits for somebody to fetch a torrent from. */
export interface Aria2 {
  port: number
  /** Resolves when it says that all is there. */
  done: () => Promise<void>
  /** Resolves when it has ended, for which it takes its time. */
  ended: () => Promise<void>
}

/** Starts aria2, which asks nobody by itself, and resolves when it listens. Room is not made beforehand: that would not be counted. */
export async function startAria2(torrent: string, into: string): Promise<Aria2> {
  const port = await freePort()
  const [hook, mark] = [join(into, 'whole.sh'), join(into, 'whole')]
  writeFileSync(hook, `#!/bin/sh\n: > '${mark}'\n`, { mode: 0o700 })
  const alone = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false']
  const told = ['--quiet', '--seed-time=0', `--listen-port=${port}`, `--on-bt-download-complete=${hook}`]
  const child = spawn('aria2c', [...alone, ...told, '--file-allocation=none', '--dir', into, torrent], {
    stdio: 'ignore',
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  await listensAt(port)
  return {
    port,
    done: async () => {
      while (!existsSync(mark) && child.exitCode === null) await wait(5)
    },
    ended: async () => {
      const code = await exit
      if (code !== 0) throw new Error(`aria2 ended with ${code}`)
    },
  }
}
