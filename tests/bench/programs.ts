import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import type { Run } from './measure.ts'

/** Runs a command to its end, and returns its wall and processor time. */
export async function timeCommand(command: string, args: readonly string[]): Promise<Run> {
  const startedAt = performance.now()
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash', command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const wallMs = performance.now() - startedAt
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`)
  const [user = 0, system = 0] = (output.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wallMs, cpuMs: (user + system) * 1000 }
}

/**
 * Processor time used so far by a running process, with all its threads and those of its child processes that have exited.
 * Source: proc(5), fields 14 to 17, in ticks of 10 ms.
 */
export function cpuMsOf(pid: number): number {
  return ticksOf(pid, [11, 12, 13, 14]) * 10
}

/** Processor time of all child processes of this one that have exited. */
export function endedCpuMs(): number {
  return ticksOf(process.pid, [13, 14]) * 10
}

function ticksOf(pid: number, wanted: number[]): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return wanted.reduce((sum, field) => sum + Number(fields[field]), 0)
}

/** True when something listens on a port within three seconds, without connecting to it. Source: proc(5), /proc/net/tcp. */
export async function listensAt(port: number): Promise<boolean> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`
  const endMs = performance.now() + 3000
  while (!readFileSync('/proc/net/tcp', 'utf8').includes(wanted)) {
    if (performance.now() > endMs) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}

/** nginx with sendfile and without nopush, serving a folder on loopback; `rules` are additional lines of configuration. */
export async function startNginx(
  folder: string,
  rules = '',
): Promise<{ url: string; pids: number[]; stop(): Promise<void> }> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `user root; worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events { worker_connections 512; }
     http { access_log off; sendfile on; tcp_nopush off; default_type application/octet-stream; keepalive_requests 1000000;
       client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       server { listen 127.0.0.1:${port}; root ${folder}; ${rules} } }`,
  )
  const child = spawn('nginx', ['-p', folder, '-c', config], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child)
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number)
  return {
    url,
    pids: [child.pid ?? 0, ...workers],
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error('nginx ended at once')
    const isUp = await fetch(url).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${url} does not answer`)
}
