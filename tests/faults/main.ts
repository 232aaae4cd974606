import { parseArgs } from 'node:util'
import { createChance } from '../soak/random.ts'
import { saveOnFullDisk } from './full-disk.ts'
import { runGenerated } from './generated.ts'
import { saveUnderKills } from './kills.ts'
import { saveLargeFolder } from './large-folder.ts'
import { saveWhileReplaced } from './versions.ts'

/*
 * The long forms of the fault tests, which `npm test` runs in short ones. Each prints what it counted; all problems are listed at the
 * end, with the seed that repeats the run.
 */

const MiB = 1024 * 1024
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    only: { type: 'string' },
    kills: { type: 'string', default: '200' },
    files: { type: 'string', default: '5000' },
    schedules: { type: 'string', default: '1000' },
  },
})
const seed = Number(values.seed)
const problems: string[] = []
console.log(`faults: seed ${seed}`)

/** Each fault by its name, as `--only` takes it. */
const faults: Record<string, () => Promise<string[]>> = {
  fullDisk,
  kills,
  largeFolder,
  versions,
  generated: () => runGenerated(seed),
}
for (const [name, run] of Object.entries(faults)) {
  if (values.only !== undefined && values.only !== name) continue
  const startedAtMs = performance.now()
  problems.push(...(await run()).map((problem) => `${name}: ${problem}`))
  console.log(`${name}: ${Math.round((performance.now() - startedAtMs) / 1000)} s`)
}
for (const problem of problems) console.log(problem)
console.log(problems.length === 0 ? 'faults: clean' : `faults: ${problems.length} problems, seed ${seed}`)
process.exit(problems.length === 0 ? 0 : 1)

/** F1: a file of 256 MiB is saved so often, and each time killed at a random moment. */
async function kills(): Promise<string[]> {
  const saves = Number(values.kills)
  let told = 0
  const result = await saveUnderKills({
    chance: createChance(seed),
    saves,
    killsPerSave: 1,
    sizeBytes: 256 * MiB,
    bytesPerSecond: 12 * MiB,
    onSave: (done, { problems: soFar, again }) => {
      for (; told < soFar.length; told++) console.log(`kills: ${soFar[told]}`)
      const most = Math.round(Math.max(0, ...again) / 1024)
      if (done % 10 === 0) console.log(`kills: ${done} of ${saves} saved, at most ${most} KiB fetched again`)
    },
  })
  const { again, connections, killed } = result
  const most = Math.max(0, ...again)
  const over = again.filter((bytes) => bytes > connections * MiB).length
  console.log(
    `kills: ${killed.saver} of the saver, ${killed.backend} of the backend, ${connections} connections, at most ${Math.round(most / 1024)} KiB fetched again`,
  )
  return over === 0 ? result.problems : [...result.problems, `${over} kills cost more than 1 MiB per connection`]
}

/** F4: the disk is full at each system call of a save, for that call alone and for the next ones, too. */
async function fullDisk(): Promise<string[]> {
  const {
    calls,
    runs,
    told,
    problems: found,
  } = await saveOnFullDisk({
    chance: createChance(seed),
    sizeBytes: 16 * MiB,
    bytesPerSecond: 6 * MiB,
    bursts: [1, 3],
    choose: (count) => Array.from({ length: count }, (_, index) => index + 1),
    onRun: (done, of) => {
      if (done % 10 === 0) console.log(`fullDisk: ${done} of ${of}`)
    },
  })
  console.log(`fullDisk: ${calls} calls, ${runs} saves, ${told} of them said that the disk was full`)
  return found
}

/** A folder of 20 GB, in files of 4 MB, interrupted ten times. */
async function largeFolder(): Promise<string[]> {
  const {
    problems: found,
    seconds,
    maxResidentBytes,
  } = await saveLargeFolder({
    chance: createChance(seed),
    files: Number(values.files),
    fileBytes: 4_000_000,
    interruptions: 10,
    onInterruption: (done) => console.log(`largeFolder: interrupted ${done} times`),
  })
  const [backend, saver] = [maxResidentBytes.backend, maxResidentBytes.saver].map((bytes) => Math.round(bytes / MiB))
  console.log(
    `largeFolder: ${values.files} files in ${seconds} s, at most ${backend} MiB in the backend, ${saver} MiB in the saver`,
  )
  return found
}

/** F7: the source is replaced between and during runs. */
async function versions(): Promise<string[]> {
  const result = await saveWhileReplaced(seed, Number(values.schedules))
  const { saved, restarted, refused } = result
  console.log(`versions: ${saved} saved, ${restarted} of them started over, ${refused} refused`)
  return result.problems
}
