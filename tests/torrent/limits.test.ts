import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import {
  cleanUp,
  magnetTo,
  makeTorrent,
  newFolder,
  startEngine,
  startLibtorrent,
  type Watched,
  watch,
} from '../support/torrents.ts'
import { startTracker } from '../support/tracker.ts'
import { file, startWeb } from '../support/web.ts'

afterEach(cleanUp)

const limit = 200_000
const seconds = 2

/** How much a figure grows within some seconds. */
async function growth(figure: () => number): Promise<number> {
  const before = figure()
  await wait(seconds * 1000)
  return figure() - before
}
const downloaded = ({ state }: Watched) => state()?.downloadedBytes ?? 0

describe.runIf(has('libtorrent'))('bandwidth limits', () => {
  it('apply to a download whose connections are open, and can be lifted again', async () => {
    const torrent = await makeTorrent({ sizeBytes: 20_000_000 })
    const seed = await startLibtorrent(torrent)
    const engine = startEngine()
    const watched = await watch(engine, magnetTo(torrent, seed), {
      onMetadata: () => engine.limit({ downloadLimit: limit, uploadLimit: 0 }),
    })
    await wait(500)
    expect(await growth(() => downloaded(watched))).toBeLessThan(limit * seconds * 1.5)
    engine.limit({ downloadLimit: limit * 5, uploadLimit: 0 })
    expect(await growth(() => downloaded(watched))).toBeLessThan(limit * seconds * 7.5)
    engine.limit({ downloadLimit: 0, uploadLimit: 0 })
    await watched.running.done
  })

  it('apply to what is uploaded while a torrent is fetched, and can be lifted again', async () => {
    const tracker = await startTracker()
    const torrent = await makeTorrent({ sizeBytes: 8_000_000, extra: { announce: tracker } })
    const folder = await newFolder()
    // It has nearly everything, and waits for the rest.
    await writeFile(join(folder, '0'), torrent.contents[0]?.subarray(0, 7_500_000) ?? '')
    const engine = startEngine({ downloadLimit: 1000, uploadLimit: limit })
    const watched = await watch(engine, { torrentFile: torrent.bytes }, { folder })
    const leech = await startLibtorrent(torrent, { into: await newFolder() })
    // What the other side has, because up to 1 MiB is on its way.
    const uploaded = () => leech.says().downloaded
    while (uploaded() === 0) await wait(50)
    const limited = await growth(uploaded)
    expect(limited).toBeGreaterThan(limit)
    expect(limited).toBeLessThan(limit * seconds * 1.5)
    engine.limit({ downloadLimit: 1000, uploadLimit: 0 })
    while (uploaded() < 4_000_000) await wait(50)
    expect(leech.says().isDone).toBe(false)
    await watched.running.stop()
  })
})

it('bandwidth limits apply to a web seed', async () => {
  const web = await startWeb()
  const extra = { 'url-list': web.url('/film.bin') }
  const torrent = await makeTorrent({ name: 'film.bin', sizeBytes: 4_000_000, extra })
  web.on('/film.bin', file(torrent.contents[0] ?? Buffer.alloc(0)))
  const engine = startEngine({ downloadLimit: limit })
  const watched = await watch(engine, { torrentFile: torrent.bytes })
  while (downloaded(watched) === 0) await wait(50)
  expect(await growth(() => downloaded(watched))).toBeLessThan(limit * seconds * 2)
  engine.limit({ downloadLimit: 0, uploadLimit: 0 })
  await watched.running.done
  await web.stop()
})
