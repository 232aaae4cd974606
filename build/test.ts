import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Display, startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { ownCache, root, say } from './paths.ts'
import { checkRooms } from './rooms.ts'
import { ensureSystemPackages } from './system-packages.ts'
import { flakeReport, readFigures, type TestFigures } from './test-report.ts'
import { checkWords } from './words.ts'

/** How a program ended, and all that it printed. */
interface Outcome {
  isOk: boolean
  printed: string
}

/** How many end-to-end tests run at a time. */
const windowWorkers = 2
const hasWindow = !process.argv.includes('--no-e2e')
const bin = join(root, 'node_modules', '.bin')
const repeated = join(ownCache, 'test-repeated.txt')
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PUTDESK_TEST_REPEATED: repeated,
  // The built service: tests start it hundreds of times, and it starts three times as fast as from source.
  PUTDESK_TEST_SERVICE: join(root, 'dist', 'server', 'main.cjs'),
  NODE_COMPILE_CACHE: join(ownCache, 'compiled'),
}
const tests: TestFigures['tests'] = []
/** The steps that failed, each with the end of what it printed. */
const broken = new Map<string, string>()
const running = new Set<ChildProcess>()
let passed = 0
let failed = 0
mkdirSync(ownCache, { recursive: true })
writeFileSync(repeated, '')

const missing = hasWindow ? ensureSystemPackages(['electron', 'display', 'tests']) : ensureSystemPackages(['tests'])
if (missing.length > 0) say('some tests will fail without these packages.')
// Each worker has a display of its own: windows on one would take the focus and the clipboard from each other.
const displays: Display[] = []
if (hasWindow && process.platform === 'linux')
  for (let count = 0; count < windowWorkers; count += 1) displays.push(await startVirtualDisplay())
if (displays.length > 0) environment.PUTDESK_TEST_DISPLAYS = displays.map(({ name }) => name).join(' ')
if (hasWindow) environment.PUTDESK_TEST_ELECTRON = JSON.stringify(await findElectron())

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    stopDisplays()
    process.exit(1)
  })

await Promise.all([checkSources(), buildAndTest()])
stopDisplays()
for (const line of flakeReport(tests, readFileSync(repeated, 'utf8').split('\n').filter(Boolean))) say(line)
// Once more at the end, since a log may be cut, and the steps that run side by side print a great deal.
for (const [name, ending] of broken) say(`the last lines of “${name}”:\n${ending}`)
if (broken.size > 0) say(`failed: ${[...broken.keys()].join(', ')}.`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(broken.size > 0 || failed > 0 || passed === 0 ? 1 : 0)

function stopDisplays(): void {
  for (const display of displays) display.stop()
}

/** The checks that need no build, while the tests run. */
async function checkSources(): Promise<void> {
  await step('format and lint', () => run('biome', ['ci', '--error-on-warnings', '.']))
  await step('imports between rooms', async () => checkRooms())
  await step('banned words in names and comments', async () => checkWords())
  await step('types', () => run('tsc', ['-b']))
  await step('unused files, exports and packages', () => run('knip', []))
}

/** Most tests wait for a peer, a timer or the disk: the end-to-end tests run beside the others. */
async function buildAndTest(): Promise<void> {
  await step('build', () => run(process.execPath, [join(root, 'build', 'build.ts')]))
  const units = step('unit and integration tests', () => runTests('unit', { isShownAtOnce: true }))
  const windows = hasWindow ? step('end-to-end tests in Electron', () => runTests('e2e')) : null
  await Promise.all([units, windows])
}

async function step(name: string, work: () => Promise<boolean | Outcome>): Promise<void> {
  say(`${name}…`)
  const startedAt = performance.now()
  const result = await work()
  const { isOk, printed } = typeof result === 'boolean' ? { isOk: result, printed: '' } : result
  say(`${name}: ${isOk ? 'ok' : 'FAILED'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (!isOk) broken.set(name, printed.split('\n').slice(-60).join('\n'))
}

/** Runs a program. Unless it is shown at once, its output is printed when it ends, in one piece. */
async function run(command: string, args: string[], { isShownAtOnce = false } = {}): Promise<Outcome> {
  const output: Buffer[] = []
  const child = start(command, args)
  running.add(child)
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output.push(chunk)
      if (isShownAtOnce) process.stdout.write(chunk)
    })
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve)
    child.once('error', (error) => {
      output.push(Buffer.from(`${error}\n`))
      resolve(null)
    })
  })
  running.delete(child)
  const printed = Buffer.concat(output)
  if (!isShownAtOnce) process.stdout.write(printed)
  return { isOk: code === 0, printed: printed.toString() }
}

function start(command: string, args: string[]): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  const options = { cwd: root, stdio, env: environment }
  const path = join(bin, command)
  if (!existsSync(path)) return spawn(command, args, options)
  if (process.platform !== 'win32') return spawn(path, args, options)
  // On Windows the programs of npm packages are shell scripts.
  const line = [`${path}.cmd`, ...args].map((word) => `"${word}"`).join(' ')
  return spawn(line, { ...options, shell: true })
}

/** Runs one Vitest project and adds its results to the totals, for the line that CI reads. */
async function runTests(project: 'unit' | 'e2e', options = {}): Promise<Outcome> {
  const report = join(ownCache, `test-report-${project}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { isOk, printed } = await run('vitest', ['run', '--project', project, ...reporters], options)
  const figures = readFigures(report)
  if (figures === null) return { isOk: false, printed }
  passed += figures.passed
  failed += figures.failed
  tests.push(...figures.tests)
  if (figures.skipped > 0)
    say(`${figures.skipped} tests were skipped: they need something that this system or user lacks.`)
  // Root on Linux, as in CI, can install everything that a test needs: there a skipped test is an error.
  const isComplete = process.platform === 'linux' && process.getuid?.() === 0
  return { isOk: isOk && figures.passed > 0 && (figures.skipped === 0 || !isComplete), printed }
}
