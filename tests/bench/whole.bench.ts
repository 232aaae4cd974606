import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { run as runProgram } from '../support/archives.ts'
import type { Service } from '../support/service.ts'
import { startAria2 } from './aria2.ts'
import { checkFile, checkUrl, inPlace, writeRandomFile } from './content.ts'
import { alternate, type Row, type Run, rowOfTimes, timed } from './measure.ts'
import { cpuMsOf, endedCpuMs, startNginx, timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt, streamUrl } from './stored.ts'
import { call, type FileTorrent, makeFileTorrent, type Peer, startLibtorrent } from './torrents.ts'

interface Shared {
  place: string
  seed: Peer
  torrent: FileTorrent
  sum: string
}

/**
 * P27: from a magnet link of a zip with a film and texts, an eighth of the full size, to the first byte of the film over HTTP,
 * compared with aria2, 7-Zip and curl one after the other. aria2 gets the torrent file, and is timed from when the seed connects,
 * because it would lose seconds at a tracker.
 */
export function benchWhole({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p27', async (place) => {
    const content = join(place, 'content')
    mkdirSync(content)
    const sum = writeRandomFile(join(content, 'film.mkv'), Math.max(4, Math.round(sizeMiB / 10)))
    writeTexts(content, Math.max(1, Math.round(sizeMiB / 40)))
    runProgram(content, '7zz', 'a', '-bd', '-tzip', '-mx=1', join(place, 'film.zip'), '.')
    const torrent = makeFileTorrent(join(place, 'film.zip'))
    const seed = await startLibtorrent('127.0.0.1')
    const service = await startBuilt({ data: join(place, 'service') })
    const out = join(place, 'out')
    mkdirSync(out)
    const nginx = await startNginx(out)
    try {
      const shared = { place, seed, torrent, sum }
      const ours = () => playOurs(service, shared)
      const result = await alternate(pairs, ours, () => playByOthers(shared, out, nginx.url))
      const what = `magnet link of a zip of ${Math.round(sizeMiB / 8)} MiB to the first byte of its film`
      return rowOfTimes({ id: 'P27', what, gate: 1.5, goal: 1 }, 'aria2, 7-Zip and curl', result)
    } finally {
      await nginx.stop()
      await service.stop()
      await seed.stop()
    }
  })
}

async function playOurs(service: Service, { place, seed, torrent, sum }: Shared): Promise<Run> {
  await seed.share(torrent, place)
  const link = `magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=127.0.0.1:${seed.port}`
  let url = ''
  const run = await timed(
    async () => {
      await service.ask('transfers.add', { links: [link] })
      url = await streamUrl(service, await filmOf(service))
      await firstByte(url)
    },
    () => cpuMsOf(service.child.pid ?? 0),
  )
  await checkUrl(url, sum)
  for (const { id } of (await service.ask('transfers.list')).rows) await service.ask('transfers.cancel', { id })
  for (const { id } of (await service.ask('files.list')).rows) await service.ask('files.delete', { id })
  await seed.forget()
  return run
}

/** Resolves with the film once it is in the space. */
async function filmOf(service: Service): Promise<Record<string, unknown>> {
  for (;;) {
    const { rows } = await service.ask('files.list')
    for (const item of rows) {
      const inside =
        item.is_dir === true ? (await service.ask('files.list', { parent_id: item.id, limit: 1000 })).rows : [item]
      const film = inside.find(({ name }) => name === 'film.mkv')
      if (film !== undefined) return film
    }
    const [transfer] = (await service.ask('transfers.list')).rows
    if (transfer?.status === 'Error') throw new Error(`the transfer failed: ${JSON.stringify(transfer)}`)
    await wait(10)
  }
}

function firstByte(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { range: 'bytes=0-' }, agent: false }, (response) => {
      response.once('data', () => {
        request.destroy()
        resolve()
      })
    })
    request.once('error', reject)
  })
}

async function playByOthers({ place, seed, torrent, sum }: Shared, out: string, url: string): Promise<Run> {
  const fetched = join(place, 'fetched')
  mkdirSync(fetched)
  await seed.share(torrent, place)
  const cpuBefore = endedCpuMs()
  const aria2 = await startAria2(torrent.path, fetched)
  const run = await timed(async () => {
    await call(seed, aria2.port)
    await aria2.done()
    const script = '7zz x -bd -o"$2" "$1" && sync -f "$2" && curl -s -r 0-0 -o "$2/first" "$3"'
    await timeCommand('sh', [
      '-c',
      script,
      'sh',
      join(fetched, torrent.name),
      join(out, 'film'),
      `${url}/film/film.mkv`,
    ])
  })
  await aria2.ended()
  await checkFile(join(out, 'film', 'film.mkv'), sum, '7-Zip')
  for (const folder of [fetched, join(out, 'film')]) rmSync(folder, { recursive: true })
  await seed.forget()
  return { ...run, cpuMs: endedCpuMs() - cpuBefore }
}

/** Texts of 100 kB with this total size. */
function writeTexts(folder: string, sizeMiB: number): void {
  for (let index = 0; index < sizeMiB * 10; index += 1) {
    const words = Array.from(randomBytes(20_000), (byte) => `w${byte}`).join(' ')
    writeFileSync(join(folder, `text ${index}.txt`), words)
  }
}
