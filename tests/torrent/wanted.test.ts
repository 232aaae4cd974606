import { expect, it } from 'vitest'
import { Arrivals } from '../../server/core/transfers/arrivals.ts'
import { TorrentArrivals } from '../../server/core/transfers/fetch/torrent-arrivals.ts'
import { readTorrent } from '../../server/torrent/torrent-file.ts'
import { bencode } from '../support/torrents.ts'

const MiB = 1024 * 1024

/** A torrent of one film that is being fetched; `wants` are the pieces that were asked for. */
function fetching() {
  const info = { name: 'film.mkv', 'piece length': MiB, pieces: Buffer.alloc(20 * 10), length: 10 * MiB }
  const torrent = readTorrent(bencode({ info }))
  const files = torrent.info.files.map((file) => ({ ...file, isWhole: true, resume: null }))
  const wants: (readonly number[])[] = []
  const arrivals = new Arrivals()
  const arriving = new TorrentArrivals({ id: 1, files, kind: 'torrent' }, arrivals, (pieces) => void wants.push(pieces))
  arriving.begin(torrent.info)
  return { arriving, arrivals, wants }
}

it('wants no pieces any more once nobody waits for them', async () => {
  const { arriving, arrivals, wants } = fetching()
  const client = new AbortController()
  const waiting = arrivals
    .find(1, 0)
    ?.open()
    ?.readableAt(5 * MiB, 6 * MiB, client.signal)
  arriving.wantAgain()
  client.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  arriving.wantAgain()
  arriving.wantAgain()
  expect(wants).toEqual([[5, 6, 7, 8], [5, 6, 7, 8], []])
})

it('knows nothing of a cancelled torrent after its fetch has stopped', () => {
  const { arriving, arrivals } = fetching()
  arrivals.end(1, 'Cancelled.')
  arriving.end(false)
  expect(arrivals.find(1, 0)).toBeNull()
})
