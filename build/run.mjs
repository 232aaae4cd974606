// The entry point of every npm script. Needs only Node 20 and npm: installs the dependencies if they are missing or outdated,
// then runs the command's script with the project's own Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const [command, ...args] = process.argv.slice(2)

const [major] = process.versions.node.split('.').map(Number)
if (major < 20)
  stop(
    `Putdesk needs Node 20 or newer to set itself up; this is ${process.version}. Install one from https://nodejs.org.`,
  )

installDependencies()
const node = findNode()
const child = spawn(node, [join(root, 'build', `${command}.ts`), ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: join(modules, '.bin') + delimiter + process.env.PATH, PUTDESK_NODE: node },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// npm signals its shell, which exits without forwarding the signal: when the parent is gone, stop.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM')
}, 500).unref()
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1)))

/** Runs `npm ci` if the lock file has changed since the last installation, or if that was for another platform. */
function installDependencies() {
  const marker = join(modules, '.putdesk-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  if (!existsSync(marker) && isInstalledByHand()) {
    writeFileSync(marker, wanted)
    return
  }
  console.error('Putdesk: installing dependencies with npm ci (about half a minute)…')
  const npm = process.env.npm_execpath
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const result = npm
    ? spawnSync(process.env.npm_node_execpath ?? process.execPath, [npm, ...options], {
        cwd: root,
        stdio: ['ignore', 2, 2],
      })
    : spawnSync('npm', options, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.status !== 0)
    stop(
      'The dependencies could not be installed. Check that the npm registry is reachable, and run the command again.',
    )
  writeFileSync(marker, wanted)
}

/** True after a plain `npm ci` or `npm install`: npm's record of installed packages matches the lock file. */
function isInstalledByHand() {
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
  const installed = packagesOf(record)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, { version, optional, link }]) => {
    if (path === '' || !path.startsWith('node_modules/')) return true
    const found = installed[path]
    return found === undefined ? optional === true : link === true || found.version === version
  })
}

/** The Node among the dependencies, otherwise the current one if it is new enough. */
function findNode() {
  const own = join(
    modules,
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(own)) return own
  if (major >= 24) return process.execPath
  return stop(
    `Putdesk's scripts need Node 24 on this system (${process.platform} ${process.arch}); this is ${process.version}. Install it from https://nodejs.org.`,
  )
}

function stop(sentence) {
  console.error(`Putdesk: ${sentence}`)
  process.exit(1)
}
