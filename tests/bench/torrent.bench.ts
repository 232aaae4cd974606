import { linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startAria2 } from './aria2.ts'
import { checkFile, inPlace, writeRandomFile } from './content.ts'
import { alternate, medianMs, type Row, type Run, rowOfTimes, seconds, takeTurns, timed } from './measure.ts'
import { cpuMsOf, endedCpuMs } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'
import { call, type FileTorrent, makeFileTorrent, type Peer, startLibtorrent, startOurs } from './torrents.ts'

const manyPeers = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 2}`)

interface Swarm {
  place: string
  torrent: FileTorrent
  sum: string
  sizeMiB: number
  pairs: number
}

/**
 * P8: fetch a torrent from one complete seed. P8m: fetch a quarter of it from twenty peers with 5 % each. Both compared with aria2
 * and libtorrent. Both peers run twice a round, and aria2 takes long before its first byte and after its last, so there are fewer
 * rounds.
 */
export async function benchLeech({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = []
  for (const { id, sessions, from, share, most } of [
    { id: 'P8', sessions: 1, from: 'one seed', share: 1, most: 5 },
    { id: 'P8m', sessions: 20, from: '20 peers with 5 % each', share: 4, most: 2 },
  ]) {
    const size = Math.max(20, Math.round(sizeMiB / share))
    const own = await inPlace(folder, 'p8', (place) => {
      const sum = writeRandomFile(join(place, 'source.bin'), size)
      const torrent = makeFileTorrent(join(place, 'source.bin'))
      return leech({ place, torrent, sum, sizeMiB: size, pairs: Math.min(most, pairs), id, sessions, from })
    })
    rows.push(...own)
  }
  return rows
}

/**
 * The fetching programs wait until the seeds connect, and are timed from the first block on, so that no tracker or timer counts:
 * aria2 alone would lose 1.3 to 1.9 s before its first byte.
 */
async function leech(options: Swarm & { id: string; sessions: number; from: string }): Promise<Row[]> {
  const { place, torrent, sum, sizeMiB, pairs, id, sessions, from } = options
  const addresses = manyPeers.slice(0, sessions)
  const seed = await startLibtorrent(addresses[0] ?? '', sessions)
  const ours = await startOurs(addresses)
  const libtorrent = await startLibtorrent('127.0.0.1')
  const fresh = async (name: string, file: string, work: (into: string) => Promise<Run>) =>
    inPlace(place, name, async (into) => {
      await seed.share(torrent, torrent.folder)
      const run = await work(into)
      await seed.forget()
      await checkFile(join(into, file), sum, name)
      return run
    })
  const fetchBy = (peer: Peer) => async (into: string) => {
    await peer.begin(torrent, into, 'fetch')
    await call(seed, peer.port)
    const run = await timed(peer.done, () => cpuMsOf(peer.pid))
    await peer.forget()
    return run
  }
  try {
    const own = () => fresh('ours', '0', fetchBy(ours))
    const lib = () => fresh('libtorrent', torrent.name, fetchBy(libtorrent))
    const aria2 = () => fresh('aria2', torrent.name, (into) => fetchByAria2(torrent, into, seed))
    const [mine = [], ...others] = await takeTurns(pairs, [own, aria2, lib, aria2, lib])
    const beside = (name: string, index: number, gate: number | null, goal: number): Row => {
      const [first = [], second = []] = [others[index], others[index + 2]]
      return {
        id,
        what: `fetch a torrent of ${sizeMiB} MiB from ${from}`,
        ours: seconds(mine),
        peer: `${name} ${seconds([...first, ...second])}`,
        ratio: medianMs(mine) / medianMs([...first, ...second]),
        noise: medianMs(second) / medianMs(first),
        isMoreBetter: false,
        gate,
        goal,
      }
    }
    // Only aria2 is a gate; libtorrent is a goal.
    return [beside('aria2', 0, 1, 0.6), beside('libtorrent', 1, null, 1.3)]
  } finally {
    for (const peer of [seed, ours, libtorrent]) await peer.stop()
  }
}

async function fetchByAria2(torrent: FileTorrent, into: string, seed: Peer): Promise<Run> {
  const cpuBefore = endedCpuMs()
  const aria2 = await startAria2(torrent.path, into)
  await call(seed, aria2.port)
  const run = await timed(aria2.done)
  await aria2.ended()
  return { ...run, cpuMs: endedCpuMs() - cpuBefore }
}

/** P9: read and hash a stored torrent. P9s: seed it to a libtorrent peer. Both compared with libtorrent. */
export function benchShare({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p9', async (place) => {
    const sum = writeRandomFile(join(place, 'source.bin'), sizeMiB)
    const torrent = makeFileTorrent(join(place, 'source.bin'))
    const own = join(place, 'ours')
    mkdirSync(own)
    linkSync(join(place, 'source.bin'), join(own, '0'))
    const swarm = { place, torrent, sum, sizeMiB, pairs }
    return [await recheck(swarm, own), await share(swarm, own)]
  })
}

async function recheck({ torrent, sizeMiB, pairs }: Swarm, own: string): Promise<Row> {
  const ours = await startOurs([])
  const libtorrent = await startLibtorrent('127.0.0.1')
  const check = (peer: Peer, folder: string) => async () => {
    const run = await timed(
      async () => {
        await peer.begin(torrent, folder, 'check')
        await peer.done()
      },
      () => cpuMsOf(peer.pid),
    )
    await peer.forget()
    return run
  }
  try {
    const result = await alternate(pairs, check(ours, own), check(libtorrent, torrent.folder))
    return rowOfTimes({ id: 'P9', what: `read and hash ${sizeMiB} MiB`, gate: 1.5, goal: 1 }, 'libtorrent', result)
  } finally {
    for (const peer of [ours, libtorrent]) await peer.stop()
  }
}

async function share({ place, torrent, sum, sizeMiB, pairs }: Swarm, own: string): Promise<Row> {
  const ours = await startOurs(['127.0.0.2'])
  const libtorrent = await startLibtorrent('127.0.0.1')
  const taker = await startLibtorrent('127.0.0.2')
  await ours.share(torrent, own)
  await libtorrent.share(torrent, torrent.folder)
  const takeFrom = (peer: Peer) => () =>
    inPlace(place, 'taken', async (into) => {
      await taker.begin(torrent, into, 'fetch')
      await call(taker, peer.port)
      const run = await timed(taker.done, () => cpuMsOf(peer.pid))
      await taker.forget()
      await checkFile(join(into, torrent.name), sum, 'the fetching peer')
      return run
    })
  try {
    const result = await alternate(pairs, takeFrom(ours), takeFrom(libtorrent))
    return {
      id: 'P9s',
      what: `seed ${sizeMiB} MiB to one peer`,
      ours: seconds(result.ours),
      peer: `libtorrent ${seconds(result.peer)}`,
      ratio: medianMs(result.peer) / medianMs(result.ours),
      noise: result.noise,
      isMoreBetter: true,
      gate: 0.4,
      goal: 0.7,
    }
  } finally {
    for (const peer of [ours, libtorrent, taker]) await peer.stop()
  }
}
