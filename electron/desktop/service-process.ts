import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { app, utilityProcess } from 'electron'
import type { SaverProcess, ServiceProcess } from '../backend/host/host.ts'
import { startInNode, stopWithinMs } from './node-service.ts'

/** The first version of Node whose `node:sqlite` needs no flag. */
const neededNode = [22, 13]

/** Why the local service cannot run in this app, or null. A packaged app runs it in its own Electron, which may be too old. */
export function whyNoService(): string | null {
  if (!app.isPackaged)
    return findNode() === null ? 'The local service needs Node 24: start Putdesk with npm start.' : null
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = neededNode
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return null
  return `The local service needs a newer Electron than the ${process.versions.electron} this app was packaged with for a trial. Servers elsewhere work.`
}

/** Starts the local service: in a separate Node during development, in a utility process when packaged. */
export function startServiceProcess(args: readonly string[], writeLog: (line: string) => void): ServiceProcess {
  const script = join(app.getAppPath(), 'dist', 'server', 'main.cjs')
  return app.isPackaged
    ? inUtilityProcess(script, args, writeLog)
    : startInNode(findNode() ?? 'node', script, args, writeLog)
}

function findNode(): string | null {
  const system = process.platform === 'win32' ? 'win' : process.platform
  const own = join(
    app.getAppPath(),
    'node_modules',
    `node-${system}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  return process.env.PUTDESK_NODE ?? (existsSync(own) ? own : null)
}

function inUtilityProcess(script: string, args: readonly string[], writeLog: (line: string) => void): ServiceProcess {
  const child = startUtility(script, {
    args,
    name: 'Putdesk service',
    writeLog: (line) => writeLog(`service: ${line}`),
  })
  return {
    pid: child.process.pid ?? null,
    send: (message) => child.process.postMessage(message),
    onMessage: (listener) => child.process.on('message', listener),
    onExit: child.onExit,
    stop: () => child.stop({ stop: true }),
  }
}

/** Starts the process that saves files. Unlike the service, it runs in every Electron. */
export function startSaverProcess(writeLog: (line: string) => void): SaverProcess {
  const script = join(app.getAppPath(), 'dist', 'saver', 'main.cjs')
  const child = startUtility(script, { args: [], name: 'Putdesk saver', writeLog })
  return {
    send: (message) => child.process.postMessage(message),
    onMessage: (listener) => child.process.on('message', listener),
    onExit: child.onExit,
    stop: () => child.stop({ kind: 'stop' }),
  }
}

function startUtility(
  script: string,
  { args, name, writeLog }: { args: readonly string[]; name: string; writeLog: (line: string) => void },
) {
  const child = utilityProcess.fork(script, [...args], { serviceName: name, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', writeLog)
  return {
    process: child,
    onExit: (listener: (code: number | null) => void) => {
      child.once('exit', listener)
    },
    /** Sends the message that asks it to exit, and kills it if it has not after a few seconds. */
    stop: async (message: unknown) => {
      child.postMessage(message)
      const killing = setTimeout(() => child.kill(), stopWithinMs)
      await exited
      clearTimeout(killing)
    },
  }
}
