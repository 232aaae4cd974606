import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ownCache } from '../../build/paths.ts'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { startVsftpd } from '../support/ftp.ts'
import { figuresOf, listed } from '../support/services.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp } from '../support/torrents.ts'
import { startWeb } from '../support/web.ts'
import { check, checkEnd, keepFew, residentBytes } from './checks.ts'
import { Course } from './course.ts'
import { startHostileServer } from './hostile.ts'
import { createChance } from './random.ts'
import { type Added, again, settle } from './settle.ts'
import { makeSource } from './sources.ts'
import { startStuckServer } from './stuck.ts'

/*
 * A long random course of events against the real service: good, bad and hostile servers, archives, torrents, stuck links, renames,
 * deletions, kill -9 and orderly stops in between, damaged files, a full disk. After each round everything must have ended, and the
 * invariants hold:
 * I1 every file is one version of its source, byte for byte; I2 whatever was acknowledged is there; I3 what is stored is not
 * fetched again; I4 nothing is there twice; I5 everything ends, or says why it does not; I6 nothing is written outside; I7 the used
 * quota is the size of what is stored; I8 nothing is left over.
 */

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, minutes: { type: 'string', default: '5' } },
})
const seed = Number(values.seed)
const endAtMs = performance.now() + Number(values.minutes) * 60_000
const chance = createChance(seed)
const stuckCount = 50
const reasonLimitMs = 15_000

const disk = has('tmpfs') ? mountSmallDisk(600) : null
const home = disk === null ? temporaryFolder('soak') : join(disk.folder, 'home')
await mkdir(home, { recursive: true })
const ftpHome = temporaryFolder('soak-ftp')
const ftp = await startVsftpd(ftpHome)
const listenPeers = `127.0.0.1:${await freePort()}`
const web = await startWeb()
const [hostile, stuck] = [await startHostileServer(), await startStuckServer()]
const world = { web, hostile, ftp, ftpFolder: join(ftpHome, 'files'), listenPeers }
const kept = join(ownCache, 'soak', `seed-${seed}`)
await rm(kept, { recursive: true, force: true })
await mkdir(kept, { recursive: true })
const trace = join(kept, 'trace.log')
const course = await Course.begin({ chance, home, data: join(home, 'data'), listenPeers, disk, trace })
const { counts, violations } = course
const memory: number[] = []
let n = 0

console.log(`soak: seed ${seed}, ${values.minutes} minutes, data in ${course.data}, trace in ${trace}`)
try {
  while (performance.now() < endAtMs) await round()
  await checkEnd(course)
} finally {
  await course.service.kill9()
  await cleanUp()
  await Promise.all([web.stop(), hostile.stop(), stuck.stop()])
  await ftp.stop()
}
const { rounds, ...rest } = counts
console.log(
  `${rounds} rounds: ${Object.entries(rest)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')}`,
)
console.log(`at most ${Math.round(again.maxBytes / 1024)} KiB of a large file were fetched again for each interruption`)
console.log(
  `memory of the service at the end of rounds: ${memory.map((bytes) => Math.round(bytes / 2 ** 20)).join(' ')} MiB`,
)
console.log(violations.length === 0 ? 'soak: clean' : `soak: ${violations.length} violations, seed ${seed}`)
if (violations.length === 0) await rm(kept, { recursive: true })
else {
  await cp(home, join(kept, 'home'), { recursive: true })
  console.log(`soak: the trace and the data are kept in ${kept}`)
}
disk?.stop()
process.exit(violations.length === 0 ? 0 : 1)

/** One round: adds sources while the service is killed now and then, waits until all of them have ended, and checks everything. */
async function round(): Promise<void> {
  if (chance.below(4) === 0) await damagedStart()
  const open = new Map<string, Added>()
  const isRough = chance.below(4) > 0
  const dead = chance.below(6) === 0 ? await addStuck() : []
  for (let left = 6 + chance.below(10); left > 0; left--) {
    n += 1
    const source = await makeSource(n, chance, world)
    const answer = await course.insist('transfers.add', { links: source.links })
    const id = answer.rows[0]?.id
    if (answer.error || typeof id !== 'string')
      course.violated(`I2: adding “${source.what}” was refused: ${answer.message}`)
    else open.set(id, { source, sharedSinceMs: null, before: course.happened })
    course.note(`added ${id}: ${source.what}, ${source.hashes?.map((hash) => hash.slice(0, 12)).join(' ')}`)
    for (const hash of source.hashes ?? []) course.origins.set(hash, `${id}: ${source.what}`)
    counts.added += 1
    await wait(chance.below(300))
    if (isRough && chance.below(5) === 0) await course.interrupt()
    if (chance.below(4) === 0) await change()
    if (chance.below(12) === 0) course.crowd()
  }
  await settle(course, open, isRough)
  if (dead.length > 0) await endStuck(dead)
  await check(course)
  await keepFew(course)
  memory.push(residentBytes(course.service.child.pid))
  await cleanUp()
  counts.rounds += 1
}

/** Damages the list of files while nothing is active: every byte must still be there afterwards. */
async function damagedStart(): Promise<void> {
  const done = await course.damage()
  const before = violations.length
  await check(course, true)
  if (violations.length > before) console.log(`after ${done}: ${course.service.notice}`)
}

/** Adds many links that never make progress, before the good ones. */
async function addStuck(): Promise<string[]> {
  const links = Array.from({ length: stuckCount }, () => stuck.link(chance))
  const { rows } = await course.insist('transfers.add', { links })
  counts.stuck += rows.length
  return rows.map(({ id }) => String(id))
}

/** Checks after all good ones have ended that each stuck one is still there with a reason, or has failed. */
async function endStuck(ids: string[]): Promise<void> {
  const wanted = new Set(ids)
  const untilMs = performance.now() + reasonLimitMs
  for (;;) {
    const rows = (await listed(course.service)).filter(({ id }) => wanted.has(String(id)))
    if (rows.length < wanted.size) course.violated(`I2: ${wanted.size - rows.length} stuck transfers are gone`)
    const mute = rows.filter((row) => row.status !== 'Looking for peers' && !figuresOf(row).reason)
    if (mute.length === 0 || rows.length < wanted.size) break
    if (performance.now() > untilMs) {
      course.violated(
        `I5: ${mute.length} stuck transfers give no reason: ${mute.map(({ status }) => status).join(', ')}`,
      )
      break
    }
    await wait(250)
  }
  for (const id of ids) course.must(await course.insist('transfers.cancel', { id }))
}

/** Renames, moves or deletes something that is there. */
async function change(): Promise<void> {
  const { rows } = await course.service.ask('files.list', { limit: 100 })
  const item = rows[chance.below(rows.length)]
  if (item === undefined) return
  counts.changed += 1
  course.note(`changes ${item.id} “${item.name}”`)
  switch (chance.below(4)) {
    case 0: {
      const gone = await course.hashesBelow(item)
      const answer = await course.insist('files.delete', { id: item.id })
      if (!answer.error) for (const hash of gone) course.expect(hash, -1)
      return
    }
    case 1:
      return course.must(await course.insist('files.rename', { id: item.id, name: `renamed ${n}` }))
    case 2: {
      const made = await course.insist('files.create_dir', { name: `folder ${n % 7}` })
      return course.must(await course.insist('files.move', { id: item.id, parent_id: made.rows[0]?.id }))
    }
    default:
      return course.must(await course.service.ask('files.search', { query: 'renamed' }))
  }
}
