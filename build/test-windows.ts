import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildAll } from './build.ts'
import { root, say, stop } from './paths.ts'
import { fetchWindowsNode, openPrefixes, type WindowsNode, whyNoWine, windowsPath, windowsTools } from './wine.ts'

// Runs every suite except the renderer's on Windows Node under Wine. Vitest does not run there; `tests/windows` replaces it.
// With arguments, runs only the suites whose path contains one of them.

const limitMs = 10 * 60_000
const concurrency = 2

/** Excluded suites: the start of their path, and the reason. */
const excluded: readonly (readonly [prefix: string, reason: string])[] = [
  ['renderer/', 'the page runs in Chromium, which is the same on every system'],
  ['tests/server/damage.test.ts', 'it copies files with their times to the nanosecond, which needs Unix programs'],
  ['tests/server/growth.test.ts', 'it measures processor time, which Wine counts in steps of some 15 ms'],
  ['build/', 'the build scripts need Node 24, which does not start under Wine'],
]

interface Result {
  name: string
  isSkipped: boolean
  error: string | null
}

interface Outcome {
  suite: string
  results: Result[]
  /** How many files it left in its temporary folder. */
  left: number
  /** What the skipped tests need. */
  missing: string[]
  seconds: number
}

const problem = whyNoWine()
if (problem !== null) stop(`the Windows tests need Wine: ${problem}.`)
const wanted = process.argv.slice(2)
const node = await fetchWindowsNode()
const tools = windowsTools()
say('building…')
await buildAll()

const suites = findSuites()
const work = mkdtempSync(join(tmpdir(), 'putdesk-windows-'))
const outcomes: Outcome[] = []
const prefixes = openPrefixes(concurrency, node)
process.once('exit', () => {
  for (const prefix of prefixes) prefix.stop()
  rmSync(work, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await Promise.all(
  prefixes.map(async (prefix) => {
    for (let suite = suites.shift(); suite !== undefined; suite = suites.shift()) {
      const outcome = await runSuite(prefix, suite)
      outcomes.push(outcome)
      print(outcome)
    }
  }),
)
const count = (isWanted: (result: Result) => boolean) =>
  outcomes.reduce((sum, { results }) => sum + results.filter(isWanted).length, 0)
const failed = count(({ error }) => error !== null)
const skipped = count(({ isSkipped }) => isSkipped)
const passed = count(({ error, isSkipped }) => error === null && !isSkipped)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

/** The suites in `tests/` come first: they take longest, and so both workers finish at about the same time. */
function findSuites(): string[] {
  const all = globSync('{shared,engine,server,electron,tests}/**/*.test.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !excluded.some(([prefix]) => path.startsWith(prefix)))
    .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  return all.sort((one, other) => Number(other.startsWith('tests/')) - Number(one.startsWith('tests/')))
}

async function runSuite(on: WindowsNode, suite: string): Promise<Outcome> {
  const startedAt = performance.now()
  const folder = mkdtempSync(join(work, 'suite-'))
  const temp = join(folder, 'temp')
  mkdirSync(temp)
  const report = join(folder, 'report.jsonl')
  const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')]
  const preload = pathToFileURL(join(root, 'tests', 'windows', 'preload.ts')).href.replace('file:///', 'file:///Z:/')
  const options = ['--no-warnings', '--test-force-exit', '--test-reporter=./tests/windows/report.ts']
  const child = on.start([...options, `--test-reporter-destination=${windowsPath(report)}`, suite], {
    stdout,
    stderr,
    environment: {
      NODE_OPTIONS: `--import=${preload}`,
      WINEPATH: windowsPath(tools),
      PUTDESK_WINE_TEMP: windowsPath(temp),
      PUTDESK_TEST_MEMORY: windowsPath(temp),
      PUTDESK_TEST_SERVICE: windowsPath(join(root, 'dist', 'server', 'main.cjs')),
    },
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    on.stop()
  }, limitMs)
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  clearTimeout(timer)
  const results = readResults(report)
  const output = `${text(stdout)}\n${text(stderr)}`
  if (isLate) results.push(failure('the whole file', `It did not finish within ${limitMs / 60_000} minutes.`))
  else if (results.length === 0 || (code !== 0 && results.every(({ error }) => error === null)))
    results.push(failure('the whole file', `It exited with code ${code}.\n${output.slice(-4000)}`))
  const left = readdirSync(temp).length
  rmSync(folder, { recursive: true, force: true })
  const missing = [...output.matchAll(/^Skipped, because it needs: (.*)$/gm)].map(([, name = '']) => name.trim())
  return { suite, results, left, missing: [...new Set(missing)], seconds: (performance.now() - startedAt) / 1000 }
}

function print({ suite, results, left, missing, seconds }: Outcome): void {
  const failed = results.filter(({ error }) => error !== null).length
  const skipped = results.filter(({ isSkipped }) => isSkipped).length
  const parts = [`${results.length - failed - skipped} passed`]
  if (failed > 0) parts.push(`${failed} FAILED`)
  if (skipped > 0) parts.push(`${skipped} skipped (${missing.join(', ')})`)
  if (left > 0) parts.push(`${left} temporary files left`)
  console.log(`${failed > 0 ? '✗' : '✓'} ${suite}: ${parts.join(', ')} (${seconds.toFixed(1)} s)`)
  for (const { name, error } of results) if (error !== null) console.log(`\nFAILED ${suite}: ${name}\n${error}\n`)
}

function readResults(report: string): Result[] {
  return text(report)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Result => JSON.parse(line))
}

function failure(name: string, error: string): Result {
  return { name, isSkipped: false, error }
}

function text(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
