import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** A real nginx that serves a folder on loopback. */
export interface Nginx {
  url: (path: string) => string
  stop: () => Promise<void>
}

/** Starts nginx on a free port; `rate` limits each connection, in nginx's notation (`2m`). */
export async function startNginx(folder: string, options: { rate?: string } = {}): Promise<Nginx> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  writeFileSync(
    config,
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 256; }
     http { access_log off; sendfile on; default_type application/octet-stream; ${temporary}
       server { listen 127.0.0.1:${port}; root ${folder}; limit_rate ${options.rate ?? '0'}; } }`,
  )
  const child = spawn('nginx', ['-p', folder, '-c', config], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await listening(port)
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    stop: () => {
      child.kill('SIGTERM')
      return gone
    },
  }
}

/** Resolves when something accepts connections on a loopback port; fails after ten seconds. */
export async function listening(port: number): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!(await accepts(port))) {
    if (performance.now() > endMs) throw new Error(`nothing listens on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
