import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { until } from '../support/service.ts'
import { cleanUp, makeTorrent, newFolder, startEngine, startLibtorrent, watch } from '../support/torrents.ts'
import { startTracker } from '../support/tracker.ts'

afterEach(cleanUp)

it.runIf(has('libtorrent'))(
  'shares a complete torrent with a libtorrent peer, and counts what it uploaded across runs',
  async () => {
    const tracker = await startTracker()
    const files = [
      { path: ['one.bin'], bytes: randomBytes(700_000) },
      { path: ['two', 'three.bin'], bytes: randomBytes(900_001) },
    ]
    const torrent = await makeTorrent({ files, extra: { announce: tracker } })
    const folder = await newFolder()
    for (const [index, { bytes }] of files.entries()) await writeFile(join(folder, `${index}`), bytes)
    const first = await watch(startEngine(), { torrentFile: torrent.bytes }, { folder })
    await first.running.done
    const into = await newFolder()
    const leech = await startLibtorrent(torrent, { into })
    await until(
      async () => leech.says().isDone,
      (isDone) => isDone,
    )
    await until(
      async () => first.state()?.uploadedBytes,
      // Near the end the other peer requests a few blocks twice.
      (bytes = 0) => bytes >= torrent.sizeBytes && bytes < torrent.sizeBytes * 1.1,
    )
    leech.stop()
    await first.running.stop()
    const got = await Promise.all(files.map(({ path }) => readFile(join(into, 'album', ...path))))
    expect(got.map((bytes, index) => bytes.equals(files[index]?.bytes ?? Buffer.alloc(0)))).toEqual([true, true])
    const given = first.resume()?.uploadedBytes ?? 0
    expect(given).toBeGreaterThanOrEqual(torrent.sizeBytes)

    const second = await watch(startEngine(), { torrentFile: torrent.bytes }, { folder, resume: first.resume() })
    await second.running.done
    await startLibtorrent(torrent, { into: await newFolder() })
    await until(
      async () => second.state()?.uploadedBytes,
      (bytes = 0) => bytes >= given + torrent.sizeBytes,
    )
  },
)

it.runIf(has('libtorrent'))('lifts the upload limit while a complete torrent is shared', async () => {
  const tracker = await startTracker()
  const torrent = await makeTorrent({ sizeBytes: 6_000_000, extra: { announce: tracker } })
  const folder = await newFolder()
  await writeFile(join(folder, '0'), torrent.contents[0] ?? '')
  const watched = await watch(startEngine({ uploadLimit: 100_000 }), { torrentFile: torrent.bytes }, { folder })
  await until(
    async () => watched.state()?.phase,
    (phase) => phase === 'seeding',
  )
  const leech = await startLibtorrent(torrent, { into: await newFolder() })
  const at = performance.now()
  await until(
    async () => leech.says().isDone,
    (isDone) => isDone,
  )
  // With the limit it would take a minute.
  expect(performance.now() - at).toBeLessThan(15_000)
})
