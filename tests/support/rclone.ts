import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from './service.ts'
import { temporaryFolder } from './temp-folder.ts'
import { startTlsProxy } from './tls-proxy.ts'

/** How a program ended. */
export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** An unmodified rclone whose remote `p:` is a service. */
export interface Rclone {
  run: (...words: string[]) => Promise<Ran>
  /** Starts it without waiting. */
  start: (...words: string[]) => { child: ChildProcess; ended: Promise<Ran> }
  /** The method and path of every request to Put.io's hosts, in order. */
  requests: string[]
  /** What was run, and how it ended: a line each. */
  table: () => string
  stop: () => Promise<void>
}

/** rclone knows only Put.io's own hosts: a proxy speaks for them. Source: API v2 §19.1. */
export async function startRclone(service: () => Service): Promise<Rclone> {
  const folder = temporaryFolder('rclone')
  mkdirSync(join(folder, 'home'))
  const proxy = await startTlsProxy(folder, ['api.put.io', 'upload.put.io'], () => service().url)
  const token = { access_token: service().token, token_type: 'Bearer', expiry: '0001-01-01T00:00:00Z' }
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: join(folder, 'home'),
    HTTPS_PROXY: proxy.url,
    RCLONE_CONFIG: join(folder, 'home', 'rclone.conf'),
    RCLONE_CONFIG_P_TYPE: 'putio',
    RCLONE_CONFIG_P_TOKEN: JSON.stringify(token),
  }
  const rows: string[] = []
  const start = (...words: string[]) => {
    const startedMs = performance.now()
    const from = proxy.requests.length
    const flags = ['--ca-cert', proxy.authority, '--low-level-retries', '1', '--retries', '1', '--log-level', 'ERROR']
    const child = spawn('rclone', [...flags, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const ended = new Promise<Ran>((resolve) => {
      child.once('close', (code) => {
        const ms = Math.round(performance.now() - startedMs)
        const shown = words
          .map((word) => word.replace(/^\/\S+\/putdesk-/, '').replaceAll(/(.)\1{9,}|\n/g, '…'))
          .join(' ')
        const count = proxy.requests.length - from
        rows.push(`${`${code}`.padStart(4)}  ${`${ms}`.padStart(6)}  ${`${count}`.padStart(8)}  ${shown}`)
        resolve({ code, stdout, stderr })
      })
    })
    return { child, ended }
  }
  return {
    run: (...words) => start(...words).ended,
    start,
    requests: proxy.requests,
    table: () => ['exit      ms  requests  rclone …', ...rows].join('\n'),
    stop: proxy.stop,
  }
}
