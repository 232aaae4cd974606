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

const isWithWindow = !process.argv.includes('--no-e2e')
const bin = join(root, 'node_modules', '.bin')
const report = join(ownCache, 'test-report.json')
const repeated = join(ownCache, 'test-repeated.txt')
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PUTDESK_TEST_REPEATED: repeated,
  // The service that is shipped. Tests start it hundreds of times, and it starts in a third of the time that its sources take.
  PUTDESK_TEST_SERVICE: join(root, 'dist', 'server', 'main.cjs'),
  NODE_COMPILE_CACHE: join(ownCache, 'compiled'),
}
const tests: TestFigures['tests'] = []
let passed = 0
let failed = 0
mkdirSync(ownCache, { recursive: true })
writeFileSync(repeated, '')

const missing = isWithWindow ? ensureSystemPackages(['electron', 'display', 'tests']) : ensureSystemPackages(['tests'])
if (missing.length > 0) say('some tests will fail without these packages.')
const display = isWithWindow && process.platform === 'linux' ? await startVirtualDisplay() : null
if (display !== null) environment.DISPLAY = display.name
if (isWithWindow) environment.PUTDESK_TEST_ELECTRON = JSON.stringify(await findElectron())

const steps: [string, () => boolean][] = [
  ['format and lint', () => run('biome', ['ci', '--error-on-warnings', '.'])],
  ['rooms and what they may import', () => checkRooms()],
  ['words in names and comments', () => checkWords()],
  ['types', () => run('tsc', ['-b'])],
  ['unused files, exports and packages', () => run('knip', [])],
  ['build', () => run(process.execPath, [join(root, 'build', 'build.ts')])],
  ['unit and integration tests', () => runTests('unit')],
]
if (isWithWindow) steps.push(['end to end, in a real Electron window', () => runTests('e2e')])

const broken: string[] = []
for (const [name, step] of steps) {
  say(`${name}…`)
  const startedAt = performance.now()
  const isFine = step()
  say(`${name}: ${isFine ? 'fine' : 'FAILED'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (!isFine) broken.push(name)
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
  // There the programs of packages are scripts of the shell.
  const line = [`${path}.cmd`, ...args].map((word) => `"${word}"`).join(' ')
  return spawnSync(line, { ...options, shell: true }).status === 0
}

/** Runs one of the two sets of tests and adds its figures up, for the line that CI reads. */
function runTests(project: 'unit' | 'e2e'): boolean {
  rmSync(report, { force: true })
  const isFine = run('vitest', [
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
    say(`${figures.skipped} tests were left out: they need what this system or this user has not.`)
  // Root on Linux, as in CI, can have all that any test needs: there a test that is left out is an error.
  const isComplete = process.platform === 'linux' && process.getuid?.() === 0
  return isFine && figures.passed > 0 && (figures.skipped === 0 || !isComplete)
}
