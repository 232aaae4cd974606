import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { ownCache, root, say } from './paths.ts'
import { checkRooms } from './rooms.ts'
import { ensureSystemPackages } from './system-packages.ts'
import { flakeReport, readFigures, type TestFigures } from './test-report.ts'
import { checkWords } from './words.ts'

const hasWindow = !process.argv.includes('--no-e2e')
const bin = join(root, 'node_modules', '.bin')
const report = join(ownCache, 'test-report.json')
const repeated = join(ownCache, 'test-repeated.txt')
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PUTDESK_TEST_REPEATED: repeated,
  // The built service: tests start it hundreds of times, and it starts three times as fast as from source.
  PUTDESK_TEST_SERVICE: join(root, 'dist', 'server', 'main.cjs'),
  NODE_COMPILE_CACHE: join(ownCache, 'compiled'),
}
const tests: TestFigures['tests'] = []
let passed = 0
let failed = 0
mkdirSync(ownCache, { recursive: true })
writeFileSync(repeated, '')

const missing = hasWindow ? ensureSystemPackages(['electron', 'display', 'tests']) : ensureSystemPackages(['tests'])
if (missing.length > 0) say('some tests will fail without these packages.')
const display = hasWindow && process.platform === 'linux' ? await startVirtualDisplay() : null
if (display !== null) environment.DISPLAY = display.name
if (hasWindow) environment.PUTDESK_TEST_ELECTRON = JSON.stringify(await findElectron())

const steps: [string, () => boolean][] = [
  ['format and lint', () => run('biome', ['ci', '--error-on-warnings', '.'])],
  ['imports between rooms', () => checkRooms()],
  ['banned words in names and comments', () => checkWords()],
  ['types', () => run('tsc', ['-b'])],
  ['unused files, exports and packages', () => run('knip', [])],
  ['build', () => run(process.execPath, [join(root, 'build', 'build.ts')])],
  ['unit and integration tests', () => runTests('unit')],
]
if (hasWindow) steps.push(['end-to-end tests in Electron', () => runTests('e2e')])

const broken: string[] = []
for (const [name, step] of steps) {
  say(`${name}…`)
  const startedAt = performance.now()
  const isOk = step()
  say(`${name}: ${isOk ? 'ok' : 'FAILED'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (!isOk) broken.push(name)
}
display?.stop()
for (const line of flakeReport(tests, readFileSync(repeated, 'utf8').split('\n').filter(Boolean))) say(line)
if (broken.length > 0) say(`failed: ${broken.join(', ')}.`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(broken.length > 0 || failed > 0 || passed === 0 ? 1 : 0)

function run(command: string, args: string[]): boolean {
  const options = { cwd: root, stdio: 'inherit', env: environment } as const
  const path = join(bin, command)
  if (!existsSync(path)) return spawnSync(command, args, options).status === 0
  if (process.platform !== 'win32') return spawnSync(path, args, options).status === 0
  // On Windows the programs of npm packages are shell scripts.
  const line = [`${path}.cmd`, ...args].map((word) => `"${word}"`).join(' ')
  return spawnSync(line, { ...options, shell: true }).status === 0
}

/** Runs one Vitest project and adds its results to the totals, for the line that CI reads. */
function runTests(project: 'unit' | 'e2e'): boolean {
  rmSync(report, { force: true })
  const isOk = run('vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  const figures = readFigures(report)
  if (figures === null) return false
  passed += figures.passed
  failed += figures.failed
  tests.push(...figures.tests)
  if (figures.skipped > 0)
    say(`${figures.skipped} tests were skipped: they need something that this system or user lacks.`)
  // Root on Linux, as in CI, can install everything that a test needs: there a skipped test is an error.
  const isComplete = process.platform === 'linux' && process.getuid?.() === 0
  return isOk && figures.passed > 0 && (figures.skipped === 0 || !isComplete)
}
