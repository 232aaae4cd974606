import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { Stamps } from '../../server/torrent/stamps.ts'
import type { TorrentResume } from '../../server/torrent/types.ts'
import { has } from '../support/facilities.ts'
import { until } from '../support/service.ts'
import {
  cleanUp,
  errors,
  type MadeTorrent,
  magnetTo,
  makeTorrent,
  newFolder,
  onCleanUp,
  startEngine,
  startLibtorrent,
  stored,
  watch,
} from '../support/torrents.ts'

afterEach(cleanUp)

const rounds = Number(process.env.PUTDESK_ROUNDS ?? 4)

/** How many bytes the pieces in a bitfield have. */
function countedBytes(torrent: MadeTorrent, pieces: string): number {
  const bits = Buffer.from(pieces, 'base64')
  const count = Math.ceil(torrent.sizeBytes / torrent.pieceLength)
  const lengths = Array.from({ length: count }, (_, piece) => {
    const isThere = ((bits[piece >> 3] ?? 0) & (128 >> (piece & 7))) !== 0
    return isThere ? Math.min(torrent.pieceLength, torrent.sizeBytes - piece * torrent.pieceLength) : 0
  })
  return lengths.reduce((sum, length) => sum + length, 0)
}

interface Child {
  resume: TorrentResume | null
  isDone: boolean
  kill9: () => Promise<void>
}

/** Runs the torrent in a process of its own. */
function runChild(order: {
  magnet: string
  folder: string
  resume: TorrentResume | null
  downloadLimit: number
}): Child {
  const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, '../support/run-torrent.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill9 = async () => {
    child.kill('SIGKILL')
    await gone
  }
  const run: Child = { resume: order.resume, isDone: false, kill9 }
  createInterface(child.stdout).on('line', (line) => Object.assign(run, JSON.parse(line)))
  child.stdin.write(`${JSON.stringify(order)}\n`)
  onCleanUp(kill9)
  return run
}

it.runIf(has('libtorrent'))(
  `resumes after kill -9 at ${rounds} moments, and fetches only what is missing`,
  async () => {
    const torrent = await makeTorrent({ sizeBytes: 12_000_000, pieceLength: 64 * 1024 })
    const seed = await startLibtorrent(torrent)
    const folder = await newFolder()
    const magnet = `${torrent.magnet}&x.pe=127.0.0.1:${seed.port}`
    let resume: TorrentResume | null = null
    for (let round = 1; round <= rounds; round += 1) {
      const child = runChild({ magnet, folder, resume, downloadLimit: 6_000_000 })
      const goal = (torrent.sizeBytes * round) / (rounds + 2)
      await until(
        async () => countedBytes(torrent, child.resume?.pieces ?? ''),
        (bytes) => bytes >= goal,
      )
      await child.kill9()
      resume = child.resume
      const kept = resume?.torrentFile === null ? 0 : countedBytes(torrent, resume?.pieces ?? '')
      const [bytes] = await stored({ folder }, 1)
      const isTrue = await everyCountedPieceIsThere(torrent, resume?.pieces ?? '', bytes ?? Buffer.alloc(0))
      expect({ round, isTrue, isMore: kept >= goal }).toEqual({ round, isTrue: true, isMore: true })
    }
    const last = runChild({ magnet, folder, resume, downloadLimit: 0 })
    await until(
      async () => last.isDone,
      (isDone) => isDone,
    )
    const [bytes] = await stored({ folder }, 1)
    expect(bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0))).toBe(true)
    // Each kill loses what came since the last checkpoint and the blocks of incomplete pieces.
    const { uploaded } = seed.says()
    expect(uploaded).toBeLessThan(torrent.sizeBytes + rounds * 3_500_000)
  },
)

async function everyCountedPieceIsThere(torrent: MadeTorrent, pieces: string, bytes: Buffer): Promise<boolean> {
  const bits = Buffer.from(pieces, 'base64')
  const whole = torrent.contents[0] ?? Buffer.alloc(0)
  const count = Math.ceil(torrent.sizeBytes / torrent.pieceLength)
  return Array.from({ length: count }, (_, piece) => piece)
    .filter((piece) => ((bits[piece >> 3] ?? 0) & (128 >> (piece & 7))) !== 0)
    .every((piece) => {
      const [start, end] = [piece * torrent.pieceLength, (piece + 1) * torrent.pieceLength]
      return bytes.subarray(start, end).equals(whole.subarray(start, end))
    })
}

/**
 * A resume record that claims all pieces, the last `unsynced` of them not synced to the disk, and the file as it is now in `folder`.
 */
function claim(torrent: MadeTorrent, { unsynced, folder }: { unsynced: number; folder: string }): TorrentResume {
  const stamps = new Stamps(1)
  stamps.note(0, statSync(join(folder, '0'), { bigint: true }))
  const count = Math.ceil(torrent.sizeBytes / torrent.pieceLength)
  const bits = (most: number) => {
    const bytes = Buffer.alloc(Math.ceil(count / 8))
    for (let piece = 0; piece < most; piece += 1) bytes[piece >> 3] = (bytes[piece >> 3] ?? 0) | (128 >> (piece & 7))
    return bytes.toString('base64')
  }
  return {
    infoHash: torrent.infoHash,
    torrentFile: torrent.bytes.toString('base64'),
    pieces: bits(count),
    syncedPieces: bits(count - unsynced),
    stamps: stamps.toBase64(),
    bootId: 'this boot',
    uploadedBytes: 4321,
  }
}

it('trusts the record within one boot without reading a piece, and keeps the uploaded count', async () => {
  const torrent = await makeTorrent({ sizeBytes: 320_000 })
  const folder = await newFolder()
  // Other bytes of the same size: only a trusted record makes them complete.
  await writeFile(join(folder, '0'), Buffer.alloc(320_000))
  const watched = await watch(
    startEngine(),
    { torrentFile: torrent.bytes },
    { folder, resume: claim(torrent, { unsynced: 3, folder }) },
  )
  await watched.running.done
  await until(
    async () => watched.state()?.phase,
    (phase) => phase === 'seeding',
  )
  expect(watched.state()).toMatchObject({ downloadedBytes: 320_000, uploadedBytes: 4321 })
})

it.runIf(has('libtorrent'))(
  'rechecks after another boot only what was not synced to the disk, and fetches what is damaged there',
  async () => {
    const torrent = await makeTorrent({ sizeBytes: 320_000 })
    const folder = await newFolder()
    const damaged = Buffer.from(torrent.contents[0] ?? '')
    damaged.fill(0, 32_768 * 9)
    await writeFile(join(folder, '0'), damaged)
    const seed = await startLibtorrent(torrent)
    const watched = await watch(startEngine(), magnetTo(torrent, seed), {
      folder,
      resume: claim(torrent, { unsynced: 3, folder }),
      bootId: 'another boot',
    })
    await watched.running.done
    const [bytes] = await stored(watched, 1)
    await until(
      async () => seed.says().uploaded,
      (uploaded) => uploaded >= 320_000 - 32_768 * 9,
    )
    expect({ isSame: bytes?.equals(torrent.contents[0] ?? damaged), uploaded: seed.says().uploaded }).toEqual({
      isSame: true,
      uploaded: 320_000 - 32_768 * 9,
    })
  },
)

const changes: [what: string, change: (path: string, bytes: Buffer) => Promise<void>][] = [
  ['truncated', (path) => truncate(path, 200_000)],
  [
    'truncated and extended with zeros',
    async (path) => {
      await truncate(path, 200_000)
      await truncate(path, 320_000)
    },
  ],
  ['overwrote', (path, bytes) => writeFile(path, Buffer.from(bytes).fill(7, 100_000, 100_010))],
  ['replaced by another file', (path, bytes) => writeFile(path, Buffer.alloc(bytes.length, 9))],
]

it
  .runIf(has('libtorrent'))
  .each(
    changes.flatMap(([what, change]) => ['this boot', 'another boot'].map((boot) => [what, boot, change] as const)),
  )('fetches again what another program %s, in %s (F23)', async (_what, bootId, change) => {
  const torrent = await makeTorrent({ sizeBytes: 320_000 })
  const [bytes = Buffer.alloc(0)] = torrent.contents
  const folder = await newFolder()
  await writeFile(join(folder, '0'), bytes)
  const resume = claim(torrent, { unsynced: 0, folder })
  await change(join(folder, '0'), bytes)
  const seed = await startLibtorrent(torrent)
  const watched = await watch(startEngine(), magnetTo(torrent, seed), { folder, resume, bootId })
  await watched.running.done
  expect((await readFile(join(folder, '0'))).equals(bytes)).toBe(true)
})

it.runIf(has('libtorrent'))('requests the metadata again when the stored copy is damaged', async () => {
  const torrent = await makeTorrent({ sizeBytes: 320_000 })
  const seed = await startLibtorrent(torrent)
  const folder = await newFolder()
  await writeFile(join(folder, '0'), '')
  const resume = { ...claim(torrent, { unsynced: 0, folder }), torrentFile: 'bm90IGEgdG9ycmVudA==' }
  const watched = await watch(startEngine(), magnetTo(torrent, seed), { resume })
  await watched.running.done
  const [bytes] = await stored(watched, 1)
  expect(bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0))).toBe(true)
})

it('checks the files in the folder when there is no record, and writes one', async () => {
  const torrent = await makeTorrent({ sizeBytes: 3_200_000 })
  const folder = await newFolder()
  await writeFile(join(folder, '0'), torrent.contents[0] ?? '')
  const watched = await watch(startEngine(), { torrentFile: torrent.bytes }, { folder })
  await watched.running.done
  expect(watched.resume()).toMatchObject({ infoHash: torrent.infoHash, uploadedBytes: 0, bootId: 'this boot' })
  expect(
    [watched.resume()?.pieces, watched.resume()?.syncedPieces].map((bits) => countedBytes(torrent, bits ?? '')),
  ).toEqual([3_200_000, 3_200_000])
})

it('truncates what another program appended to a file, with or without a record', async () => {
  const torrent = await makeTorrent({ sizeBytes: 320_000 })
  for (const isKept of [false, true]) {
    const folder = await newFolder()
    const content = torrent.contents[0] ?? Buffer.alloc(0)
    await writeFile(join(folder, '0'), content)
    const resume = isKept ? claim(torrent, { unsynced: 3, folder }) : null
    await writeFile(join(folder, '0'), Buffer.alloc(4096, 7), { flag: 'a' })
    const watched = await watch(startEngine(), { torrentFile: torrent.bytes }, { folder, resume })
    await watched.running.done
    const [bytes] = await stored(watched, 1)
    expect([bytes?.length, bytes?.equals(content)]).toEqual([320_000, true])
  }
})

it.runIf(has('libtorrent'))('writes a last record when it is stopped, from which another run resumes', async () => {
  const torrent = await makeTorrent({ sizeBytes: 6_000_000 })
  const seed = await startLibtorrent(torrent)
  const first = await watch(startEngine({ downloadLimit: 3_000_000 }), magnetTo(torrent, seed))
  await until(
    async () => first.state()?.downloadedBytes ?? 0,
    (bytes) => bytes > 1_000_000,
  )
  await first.running.stop()
  await expect(first.running.done).rejects.toThrow('The torrent was stopped.')
  const kept = countedBytes(torrent, first.resume()?.pieces ?? '')
  const free = await startLibtorrent(torrent)
  const second = await watch(startEngine(), magnetTo(torrent, free), { folder: first.folder, resume: first.resume() })
  await second.running.done
  const [bytes] = await stored(second, 1)
  await until(
    async () => free.says().uploaded,
    (uploaded) => uploaded >= torrent.sizeBytes - kept,
  )
  expect({
    isSame: bytes?.equals(torrent.contents[0] ?? Buffer.alloc(0)),
    again: free.says().uploaded - (torrent.sizeBytes - kept),
  }).toEqual({
    isSame: true,
    again: 0,
  })
})

it.runIf(has('libtorrent'))('recovers three times when its worker ends, and then fails', async () => {
  const workers: Worker[] = []
  const onWorker = (worker: Worker) => workers.push(worker)
  process.on('worker', onWorker)
  onCleanUp(async () => process.off('worker', onWorker))
  const torrent = await makeTorrent({ sizeBytes: 30_000_000, pieceLength: 64 * 1024 })
  const seed = await startLibtorrent(torrent)
  const watched = await watch(startEngine({ downloadLimit: 3_000_000 }), magnetTo(torrent, seed))
  for (let loss = 0; loss < 3; loss += 1) {
    const before = watched.state()?.downloadedBytes ?? 0
    await until(
      async () => watched.state()?.downloadedBytes ?? 0,
      (bytes) => bytes > before + 300_000,
    )
    const kept = watched.resume()
    await workers.at(-1)?.terminate()
    const count = watched.states.length
    await until(
      async () => watched.states.slice(count).find(({ downloadedBytes }) => downloadedBytes > 0),
      (state) => state !== undefined,
    )
    expect(watched.state()?.downloadedBytes).toBeGreaterThanOrEqual(countedBytes(torrent, kept?.pieces ?? ''))
  }
  expect(watched.infos.length).toBe(1)
  await workers.at(-1)?.terminate()
  await expect(watched.running.failed).rejects.toThrow('keeps crashing')
  expect(errors).toEqual([])
})
