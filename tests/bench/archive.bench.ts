import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { crc32 } from 'node:zlib'
import { rar5Of, run as runProgram } from '../support/archives.ts'
import { inPlace } from './content.ts'
import { type Helper, startHelper } from './helper.ts'
import { alternate, type Row, type Run, rowOfTimes, timed } from './measure.ts'
import { cpuMsOf, timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'

interface Kind {
  name: string
  peer: string
  goal: number
  /** Packs the files of a folder into an archive. */
  pack: (folder: string, archive: string) => void
  /** The shell command that unpacks `$1` into `$2`. */
  unpack: string
}

const kinds: Kind[] = [
  {
    name: 'zip',
    peer: '7-Zip',
    goal: 0.95,
    pack: (folder, archive) => runProgram(folder, '7zz', 'a', '-bd', '-tzip', '-mx=1', archive, '.'),
    unpack: '7zz x -bd -o"$2" "$1"',
  },
  {
    name: 'tar.gz',
    peer: 'bsdtar',
    goal: 1.1,
    pack: (folder, archive) => runProgram(folder, 'tar', 'czf', archive, '.'),
    unpack: 'bsdtar -xf "$1" -C "$2"',
  },
  {
    name: '7z',
    peer: '7-Zip',
    goal: 1.1,
    pack: (folder, archive) => runProgram(folder, '7zz', 'a', '-bd', '-mx=1', archive, '.'),
    unpack: '7zz x -bd -o"$2" "$1"',
  },
  {
    name: 'rar',
    peer: 'unar',
    goal: 1,
    pack: (folder, archive) => writeFileSync(archive, rar5Of(namedFiles(folder))),
    unpack: 'unar -q -D -o "$2" "$1"',
  },
]

/**
 * P10: unpack archives of 10,001 files, 336 MB at full size, half of it text, with all guards on, in a process that is already
 * running, each time into a new folder that is flushed to the disk. The output is compared file by file. Neither that nor the
 * clean-up is timed, but both take long, so there are fewer rounds.
 */
export function benchExtract({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p10', async (place) => {
    const source = join(place, 'source')
    const wanted = writeTree(source, Math.round((10_000 * sizeMiB) / 1024))
    const program = new URL('./extract-child.ts', import.meta.url)
    const helper = startHelper(program)
    try {
      const rows: Row[] = []
      for (const kind of kinds) {
        const archive = join(place, `many.${kind.name}`)
        kind.pack(source, archive)
        const result = await alternate(
          Math.min(5, pairs),
          () => unpackOurs(helper, archive, join(place, 'out'), wanted),
          () => unpackByPeer(kind, archive, join(place, 'out'), wanted),
        )
        rmSync(archive)
        const what = `unpack ${wanted.size} files from ${kind.name}`
        rows.push(rowOfTimes({ id: 'P10', what, gate: 1.3, goal: kind.goal }, kind.peer, result))
      }
      return rows
    } finally {
      await helper.stop()
    }
  })
}

/** Checksums of files, by their path. */
type Sums = Map<string, number>

async function unpackOurs(helper: Helper, archive: string, into: string, wanted: Sums): Promise<Run> {
  let reply: Record<string, unknown> = {}
  const run = await timed(
    async () => {
      reply = await helper.ask({ path: archive, name: archive, into })
    },
    () => cpuMsOf(helper.pid),
  )
  const sums: Sums = new Map()
  for (const { path, file } of filesOf(reply)) sums.set(path.join('/'), crc32(readFileSync(file)))
  compare('ours', sums, wanted)
  rmSync(into, { recursive: true })
  return run
}

function filesOf({ files }: { files?: unknown }): { path: string[]; file: string }[] {
  return Array.isArray(files) ? files : []
}

async function unpackByPeer({ unpack, peer }: Kind, archive: string, into: string, wanted: Sums): Promise<Run> {
  mkdirSync(into)
  const run = await timeCommand('sh', ['-c', `${unpack} && sync -f "$2"`, 'sh', archive, into])
  compare(peer, new Map(namedFiles(into).map(({ name, bytes }) => [name, crc32(bytes)])), wanted)
  rmSync(into, { recursive: true })
  return run
}

function compare(who: string, sums: Sums, wanted: Sums): void {
  if (sums.size !== wanted.size) throw new Error(`${who} unpacked ${sums.size} files instead of ${wanted.size}`)
  for (const [name, sum] of wanted) {
    if (sums.get(name) !== sum) throw new Error(`${who} unpacked “${name}” wrongly`)
  }
}

function namedFiles(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .map((path) => ({ name: relative(folder, path), bytes: readFileSync(path) }))
}

/** Writes `count` files of 16 to 48 kB in a hundred folders, every other one text, and one file of 16 MB. */
function writeTree(folder: string, count: number): Sums {
  const sums: Sums = new Map()
  const noise = randomBytes(2 ** 20)
  const words = Buffer.from(Array.from(noise.subarray(0, 2 ** 18), (byte) => `word${byte} `).join(''))
  const write = (name: string, bytes: Buffer) => {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), bytes)
    sums.set(name, crc32(bytes))
  }
  for (let index = 0; index < count; index += 1) {
    const from = index % 2 === 0 ? noise : words
    const start = (index * 7919) % (from.length - 50_000)
    write(`folder ${index % 100}/file ${index}`, from.subarray(start, start + 16_000 + ((index * 331) % 32_000)))
  }
  write('one large file.bin', Buffer.concat(Array.from({ length: 16 }, () => noise)))
  return sums
}
