import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../support/free-port.ts'
import { startVsftpd } from '../support/ftp.ts'
import { itemsOf } from '../support/items.ts'
import { type Envelope, startService } from '../support/service.ts'
import { figuresOf, listed, usedBytes } from '../support/services.ts'
import { canMount, mountSmallDisk } from '../support/small-disk.ts'
import { cleanUp } from '../support/torrents.ts'
import { startWeb } from '../support/web.ts'
import { createChance } from './random.ts'
import { hashOf, makeSource, type Source } from './sources.ts'

/*
 * A long random course over the real service: good and bad servers, archives, torrents, renames, deletions, kill -9 and orderly ends
 * in between. After each round everything must have come to its end, and the invariants hold:
 * I1 every file is one version of its source, byte for byte; I2 whatever was acknowledged is there; I3 what is stored is not
 * fetched again; I4 nothing is there twice; I5 everything ends, or says why it does not; I6 nothing is written outside; I7 used quota
 * is what is stored; I8 nothing is left over.
 */

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, minutes: { type: 'string', default: '5' } },
})
const seed = Number(values.seed)
const endAtMs = performance.now() + Number(values.minutes) * 60_000
const chance = createChance(seed)
const roundLimitMs = 180_000
const sharingLimitMs = 15_000
/** What one connection may fetch again after an interruption, and what is on its way then. */
const againBytes = 1024 * 1024 + 256 * 1024
const maxConnections = 4
/** The heads of answers count as sent too. */
const headBytes = 64 * 1024

interface Added {
  source: Source
  /** When it was first seen being shared. */
  sharedSinceMs: number | null
  /** What had happened when it was added. */
  before: { interruptions: number; crowded: number }
}

const disk = canMount() ? mountSmallDisk(600) : null
const home = disk === null ? await mkdtemp(join(tmpdir(), 'putdesk-soak-')) : join(disk.folder, 'home')
await mkdir(home, { recursive: true })
const ftpHome = await mkdtemp(join(tmpdir(), 'putdesk-soak-ftp-'))
const ftp = await startVsftpd(ftpHome)
const data = join(home, 'data')
const peersPort = await freePort()
const web = await startWeb()
const world = { web, ftp, ftpFolder: join(ftpHome, 'files'), listenPeers: `127.0.0.1:${peersPort}` }
const start = async () => {
  const started = await startService({
    data,
    diskQuota: 20_000_000_000,
    allowHosts: ['127.0.0.1', 'localhost'],
    flags: ['--listen-peers', `127.0.0.1:${peersPort}`],
  })
  started.child.once('exit', (code, signal) => {
    if (code !== 0 && signal === null) console.log(`the service ended with ${code}:\n${started.log().slice(-3000)}`)
  })
  return started
}
let service = await start()
/** What must be in the space: how often each hash. */
const expected = new Map<string, number>()
const counts = {
  rounds: 0,
  added: 0,
  kills: 0,
  stops: 0,
  finished: 0,
  resumed: 0,
  failed: 0,
  changed: 0,
  unshared: 0,
  crowded: 0,
}
let againMost = 0
const said: string[] = []
const memory: number[] = []
let n = 0

console.log(`soak: seed ${seed}, ${values.minutes} minutes, data in ${data}`)
try {
  while (performance.now() < endAtMs) await round()
  await finish()
} finally {
  await service.kill9()
  await cleanUp()
  await web.stop()
  await ftp.stop()
}
const { rounds, ...rest } = counts
console.log(
  `${rounds} rounds: ${Object.entries(rest)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')}`,
)
console.log(`at most ${Math.round(againMost / 1024)} KiB of a large file were fetched again for each interruption`)
console.log(
  `memory of the service at the end of rounds: ${memory.map((bytes) => Math.round(bytes / 2 ** 20)).join(' ')} MiB`,
)
for (const sentence of said) console.log(`VIOLATED: ${sentence}`)
console.log(said.length === 0 ? 'soak: clean' : `soak: ${said.length} violations, seed ${seed}`)
if (said.length === 0) {
  await rm(home, { recursive: true, force: true })
  disk?.stop()
}
await rm(ftpHome, { recursive: true, force: true })
process.exit(said.length === 0 ? 0 : 1)

/** One round: things are added while the service is killed now and then, until all of them have ended; then everything is checked. */
async function round(): Promise<void> {
  const open = new Map<string, Added>()
  const isRough = chance.below(4) > 0
  for (let left = 6 + chance.below(10); left > 0; left--) {
    n += 1
    const source = await makeSource(n, chance, world)
    const answer = await insist('transfers.add', { links: source.links })
    const id = answer.rows[0]?.id
    if (answer.error || typeof id !== 'string') said.push(`I2: adding “${source.what}” was refused: ${answer.message}`)
    else open.set(id, { source, sharedSinceMs: null, before: happened() })
    counts.added += 1
    await wait(chance.below(300))
    if (isRough && chance.below(5) === 0) await interrupt()
    if (chance.below(4) === 0) await change()
    if (chance.below(12) === 0) crowd()
  }
  await settle(open, isRough)
  await check()
  await cleanUp()
  counts.rounds += 1
}

/** Ends the service, without a word or in order, and starts it again. */
async function interrupt(): Promise<void> {
  if (chance.below(3) > 0) {
    counts.kills += 1
    await service.kill9()
  } else {
    counts.stops += 1
    const code = await service.stop()
    if (code !== 0) said.push(`I8: the service ended with ${code} when it was asked to stop`)
  }
  service = await start()
}

/** Something else takes all the room on the disk for some seconds. */
function crowd(): void {
  if (disk === null || counts.crowded > counts.rounds) return
  counts.crowded += 1
  const ballast = join(disk.folder, 'of another program')
  const { bavail, bsize } = statfsSync(disk.folder)
  try {
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 300_000)))
  } catch {
    // The service took the rest itself in this moment: then the disk is full all the same.
  }
  setTimeout(() => rmSync(ballast, { force: true }), 2000 + chance.below(4000))
}

/** Renames, moves or deletes something that is there. */
async function change(): Promise<void> {
  const { rows } = await service.ask('files.list', { limit: 100 })
  const item = rows[chance.below(rows.length)]
  if (item === undefined) return
  counts.changed += 1
  switch (chance.below(4)) {
    case 0: {
      const gone = await hashesBelow(item)
      const answer = await insist('files.delete', { id: item.id })
      if (!answer.error) for (const hash of gone) expect(hash, -1)
      return
    }
    case 1:
      return must(await insist('files.rename', { id: item.id, name: `renamed ${n}` }))
    case 2: {
      const made = await insist('files.create_dir', { name: `folder ${n % 7}` })
      return must(await insist('files.move', { id: item.id, parent_id: made.rows[0]?.id }))
    }
    default:
      return must(await service.ask('files.search', { query: 'renamed' }))
  }
}

/** Asks again as long as the only answer is that the disk is full: that is an honest one, and passes. */
async function insist(method: string, params: Record<string, unknown>): Promise<Envelope> {
  for (;;) {
    const answer = await service.ask(method, params)
    if (answer.message !== 'This computer’s disk is full.') return answer
    await wait(200)
  }
}

function must({ error, message }: Envelope): void {
  if (error) said.push(`I2: refused: ${message}`)
}

async function hashesBelow(item: Record<string, unknown>): Promise<string[]> {
  const found = await itemsOf(service, item)
  return found.map(([, hex]) => hashOf(Buffer.from(hex, 'hex')))
}

function expect(hash: string, by: number): void {
  expected.set(hash, (expected.get(hash) ?? 0) + by)
}

/** Waits until every transfer has ended as it must; those that failed as they should are cancelled. */
async function settle(open: Map<string, Added>, isRough: boolean): Promise<void> {
  const untilMs = performance.now() + roundLimitMs
  while (open.size > 0) {
    if (performance.now() > untilMs) {
      const words = (await listed(service)).map(({ id, status }) => `${open.get(String(id))?.source.what}: ${status}`)
      said.push(`I5: not at its end after ${roundLimitMs / 1000} s: ${words.join(', ')}`)
      for (const id of open.keys()) await insist('transfers.cancel', { id })
      return
    }
    if (isRough && chance.below(40) === 0) await interrupt()
    const rows = new Map((await listed(service)).map((row) => [String(row.id), row]))
    for (const [id, added] of open) {
      const row = rows.get(id)
      if (row === undefined) {
        open.delete(id)
        counts.finished += 1
        if (added.source.hashes === null) said.push(`I1: “${added.source.what}” has finished, and must not`)
        for (const hash of added.source.hashes ?? []) expect(hash, 1)
        checkSent(added)
      } else if (row.status === 'Error') await failed(id, added, open, row)
      else if (row.status === 'Seeding') await stopSharing(id, added)
    }
    await wait(100)
  }
}

function happened(): Added['before'] {
  return { interruptions: counts.kills + counts.stops, crowded: counts.crowded }
}

/** While there is no room on the disk much is on its way, so that nothing can be told of what came then. */
function checkSent({ source, before }: Added): void {
  const now = happened()
  if (source.resumable === undefined || now.crowded > before.crowded) return
  const { sizeBytes, sentBytes } = source.resumable
  const interruptions = now.interruptions - before.interruptions
  const most = sizeBytes + interruptions * maxConnections * againBytes + headBytes
  counts.resumed += interruptions > 0 ? 1 : 0
  againMost = Math.max(againMost, (sentBytes() - sizeBytes) / Math.max(1, interruptions))
  if (sentBytes() > most)
    said.push(`I3: ${sentBytes()} bytes of ${sizeBytes} were sent, with ${interruptions} interruptions`)
}

/** The other peer may have got it all from elsewhere: then nobody is left to share with, and the person stops it. */
async function stopSharing(id: string, added: Added): Promise<void> {
  added.sharedSinceMs ??= performance.now()
  if (performance.now() - added.sharedSinceMs < sharingLimitMs) return
  added.sharedSinceMs = performance.now()
  counts.unshared += 1
  // It may have come to its end by itself in this moment.
  await insist('transfers.cancel', { id })
}

async function failed(id: string, added: Added, open: Map<string, Added>, row: Record<string, unknown>): Promise<void> {
  const { source } = added
  const { reason, failure } = figuresOf(row)
  if (source.password !== undefined && failure === 'needs-password') {
    return must(await insist('transfers.retry', { id, password: source.password }))
  }
  open.delete(id)
  counts.failed += 1
  if (source.hashes !== null) {
    said.push(`I1: “${source.what}” has failed: ${String(reason)}`)
    console.log(service.log().slice(-3000))
  }
  if (typeof reason !== 'string' || reason === '') said.push(`I5: “${source.what}” has failed without a reason`)
  must(await insist('transfers.cancel', { id }))
}

/** The invariants, while nothing moves. */
async function check(): Promise<void> {
  const found = new Map<string, number>()
  const items = await itemsOf(service)
  for (const [, hex] of items) {
    const hash = hashOf(Buffer.from(hex, 'hex'))
    found.set(hash, (found.get(hash) ?? 0) + 1)
  }
  for (const hash of new Set([...found.keys(), ...expected.keys()])) {
    const [is, should] = [found.get(hash) ?? 0, expected.get(hash) ?? 0]
    if (is < should) said.push(`I2: ${should - is} of ${should} files are missing (${hash.slice(0, 12)})`)
    if (is > should) said.push(`I1, I4: ${is - should} files too many (${hash.slice(0, 12)})`)
  }
  const storedBytes = items.reduce((sum, [, hex]) => sum + hex.length / 2, 0)
  await eventually('I7', async () => {
    const used = await usedBytes(service)
    return used === storedBytes ? null : `${used} bytes are counted, ${storedBytes} are stored`
  })
  await eventually('I8', async () => {
    const parts = await readdir(join(data, 'parts'))
    const shelves = await readdir(join(data, 'content'))
    const contents = await Promise.all(shelves.map((shelf) => readdir(join(data, 'content', shelf))))
    const files = contents.flat().length
    return parts.length === 0 && files === items.length
      ? null
      : `${parts.length} parts, ${files} contents of ${items.length} items`
  })
  const around = await readdir(home)
  // What was wrong once is told once.
  expected.clear()
  for (const [hash, count] of found) expected.set(hash, count)
  if (around.length !== 1) said.push(`I6: beside the data folder lies ${around.join(', ')}`)
  await fewer()
  memory.push(residentBytes())
}

/** Keeps the space small, so that a check does not take longer and longer. */
async function fewer(): Promise<void> {
  const { rows } = await service.ask('files.list', { limit: 1000 })
  for (const item of rows.slice(20)) {
    for (const hash of await hashesBelow(item)) expect(hash, -1)
    must(await insist('files.delete', { id: item.id }))
  }
}

async function eventually(invariant: string, look: () => Promise<string | null>): Promise<void> {
  let problem: string | null = null
  for (let tries = 0; tries < 100; tries++) {
    problem = await look()
    if (problem === null) return
    await wait(100)
  }
  said.push(`${invariant}: ${problem}`)
}

/** At the end nothing is open that was not at the beginning, and an orderly end leaves no child. */
async function finish(): Promise<void> {
  const before = openFiles()
  await wait(6000)
  const after = openFiles()
  if (after > before + 5) said.push(`I8: ${after - before} more files are open while nothing happens`)
  const { pid } = service.child
  const code = await service.stop()
  if (code !== 0) said.push(`I8: the service ended with ${code}`)
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  if (children.length > 0) said.push(`I8: ${children.length} children outlive the service`)
}

function openFiles(): number {
  return readdirSync(`/proc/${service.child.pid}/fd`).length
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

function parentOf(pid: string): number {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}
