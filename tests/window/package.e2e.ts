import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { extractFile, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probePage } from '../../build/devtools.ts'
import { until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const packaged = 'out/linux-unpacked/putdesk'
const archive = 'out/linux-unpacked/resources/app.asar'
let dataFolder: string
/** The window's files that the other tests run. */
let driven: string[]
let child: ChildProcess | null = null

beforeAll(() => {
  dataFolder = temporaryFolder('packaged')
  driven = readdirSync('dist/renderer/assets').filter((name) => !name.endsWith('.map'))
  const made = spawnSync(process.execPath, ['build/package.ts', '--built'], { encoding: 'utf8' })
  expect(made.status, made.stderr).toBe(0)
})
afterAll(async () => {
  if (child !== null && child.exitCode === null) {
    const ended = new Promise((resolve) => child?.once('exit', resolve))
    child.kill()
    await ended
  }
})

it('E19: sets every fuse of the packaged binary as documented', async () => {
  const wire = await getCurrentFuseWire(packaged)
  const on = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
  ]
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.LoadBrowserProcessSpecificV8Snapshot,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ]
  expect(on.map((fuse) => wire[fuse])).toEqual(on.map(() => FuseState.ENABLE))
  expect(off.map((fuse) => wire[fuse])).toEqual(off.map(() => FuseState.DISABLE))
})

it('contains the program, without sources, tests or source maps', () => {
  const files = listPackage(archive, { isPack: false })
  expect(files).toContain('/dist/electron/main.cjs')
  for (const part of [
    'main.cjs',
    'torrent-worker.mjs',
    'extract-worker.mjs',
    'wasm-worker.mjs',
    'sum-worker.mjs',
    '7zz.wasm',
  ]) {
    expect(files).toContain(`/dist/server/${part}`)
  }
  expect(files.filter((path) => /\.map$|\.tsx?$|test|node_modules|\.cache/.test(path))).toEqual([])
})

it('ships the window that the other tests drive, with the production build of React', () => {
  const folder = '/dist/renderer/assets/'
  const shipped = listPackage(archive, { isPack: false }).filter((path) => path.startsWith(folder))
  // A file name contains the hash of the content.
  expect(shipped.map((path) => path.slice(folder.length)).sort()).toEqual(driven.sort())
  // Only React's development build links to explanations.
  expect(shipped.filter((path) => extractFile(archive, path.slice(1)).includes('react.dev/link'))).toEqual([])
})

it('includes a 7-Zip for its system, which runs', () => {
  const { status, stdout } = spawnSync('out/linux-unpacked/resources/7zip/7zz', ['i'], { encoding: 'utf8' })
  expect([status, /Rar5/.test(stdout), /7z /.test(stdout)]).toEqual([0, true, true])
})

it('includes the native module that marks where files came from, outside the archive', () => {
  const folder = 'out/linux-unpacked/resources/app.asar.unpacked/dist/saver'
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^xattr\.linux-.*\.node$/)])
})

it('starts, and says what its runtime cannot do', async () => {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  child = spawn(packaged, [...sandbox, '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${dataFolder}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const page = await probePage(child)
  const text = await until(
    async () => String(await page.evaluate('document.body.innerText')),
    (shown) => shown.includes('Welcome to Putdesk'),
  )
  // An older runtime offers only remote servers, with the reason; a newer one offers this computer too.
  const [version = ''] = spawnSync('cat', ['out/linux-unpacked/version'], { encoding: 'utf8' }).stdout.split('.')
  if (Number(version) < 40) expect(text).toContain('needs a newer Electron')
  else expect(text).toContain('Start on this computer')
})
