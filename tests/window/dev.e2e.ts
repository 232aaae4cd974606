import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PageProbe, probePage } from '../../build/devtools.ts'
import { until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const root = join(import.meta.dirname, '../..')
const sources = ['build', 'electron', 'engine', 'renderer', 'server', 'shared']
const files = ['package.json', 'package-lock.json', 'vite.config.ts', 'tsconfig.json', 'tsconfig.base.json']

/** A copy of the project, because the command writes into its `dist` folder and the test edits its sources. */
const project = temporaryFolder('dev')
let dev: ChildProcess
let page: PageProbe
let ended: Promise<number | null>

beforeAll(async () => {
  for (const name of [...sources, ...files]) cpSync(join(root, name), join(project, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'junction')
  dev = spawn(process.execPath, [join(project, 'build', 'run.mjs'), 'dev'], { stdio: ['ignore', 'inherit', 'pipe'] })
  ended = new Promise((resolve) => dev.once('exit', resolve))
  page = await probePage(dev)
  await shown('Welcome to Putdesk')
})
afterAll(async () => {
  dev.kill('SIGTERM')
  await ended
})

describe('npm run dev', () => {
  it('updates a component in the open window without a reload', async () => {
    await page.evaluate('window.isSamePage = true')
    edit('renderer/features/sign-in/welcome.tsx', "{say('welcome.title')}", 'Hello from hot reload')
    await shown('Hello from hot reload')
    expect(await page.evaluate('window.isSamePage')).toBe(true)
  })

  it('updates a style sheet in the open window without a reload', async () => {
    edit('renderer/features/sign-in/sign-in.module.css', '.title {', '.title {\n  outline-offset: 7px;')
    const offset = "getComputedStyle(document.querySelector('h1')).outlineOffset"
    expect(
      await until(
        () => page.evaluate(offset),
        (value) => value === '7px',
      ),
    ).toBe('7px')
    expect(await page.evaluate('window.isSamePage')).toBe(true)
  })

  it('reports a build error, and restarts the app once it is fixed', async () => {
    const output = outputOf(dev)
    edit('electron/main.ts', 'import', 'import import')
    await until(
      () => Promise.resolve(output()),
      (text) => /^Putdesk: main: /m.test(text),
    )
    const next = probePage(dev)
    edit('electron/main.ts', 'import import', 'import')
    page = await next
    await shown('Hello from hot reload')
    expect(await page.evaluate('window.isSamePage')).not.toBe(true)
  })

  it('quits the app and exits with 0 on SIGTERM', async () => {
    dev.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

async function shown(text: string): Promise<void> {
  await until(
    () => page.evaluate("document.querySelector('h1')?.textContent"),
    (title) => title === text,
  )
}

function edit(name: string, from: string, to: string): void {
  const path = join(project, name)
  const source = readFileSync(path, 'utf8')
  expect(source, name).toContain(from)
  writeFileSync(path, source.replace(from, to))
}

function outputOf(child: ChildProcess): () => string {
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return () => output
}
