import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { replaceFile, replaceFileSync } from './replace-file.ts'

let folder: string
let from: string
let to: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-replace-'))
  from = join(folder, 'new')
  to = join(folder, 'old')
  writeFileSync(from, 'new')
  writeFileSync(to, 'old')
})
afterEach(() => rmSync(folder, { recursive: true }))

const seen = () => [readdirSync(folder), readFileSync(to, 'utf8')]

it('replaces a file that another program has open for a moment', async () => {
  // SQLite opens a file in a way that keeps Windows from replacing it.
  const holder = new DatabaseSync(to)
  expect(() => holder.exec('PRAGMA schema_version')).toThrow('file is not a database')
  const replacing = replaceFile(from, to)
  setTimeout(() => holder.close(), 30)
  await replacing
  expect(seen()).toEqual([['old'], 'new'])
})

it('replaces such a file synchronously, too', async () => {
  // Another thread has the file open, because this one is blocked.
  const source = `const { parentPort, workerData } = require('node:worker_threads')
    const { DatabaseSync } = require('node:sqlite')
    const holder = new DatabaseSync(workerData)
    try { holder.exec('PRAGMA schema_version') } catch { parentPort.postMessage('open') }
    setTimeout(() => holder.close(), 50)`
  const reader = new Worker(source, { eval: true, workerData: to })
  await new Promise((resolve) => reader.once('message', resolve))
  replaceFileSync(from, to)
  await reader.terminate()
  expect(seen()).toEqual([['old'], 'new'])
})

it('fails at once with an error that does not pass', async () => {
  rmSync(from)
  await expect(replaceFile(from, to)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(() => replaceFileSync(from, to)).toThrow('ENOENT')
})
