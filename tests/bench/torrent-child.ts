import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTorrentEngine, type RunningTorrent } from '../../server/torrent/engine.ts'
import { Stamps } from '../../server/torrent/stamps.ts'
import { readTorrent } from '../../server/torrent/torrent-file.ts'

// The torrent engine in a process of its own, as in the service. Given where to listen and which hosts to allow, it takes commands
// as lines of JSON and answers each with one. When a torrent is complete, it also prints `{"done": true}`.

interface Order {
  do: 'add' | 'remove'
  torrent: string
  folder: string
  /** `seed`: everything is there, and trusted. Otherwise what is there is verified first. */
  mode: 'seed' | 'fetch' | 'check'
}

const [, , port = '0', ...allowHosts] = process.argv
const say = (what: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(what)}\n`)
const engine = createTorrentEngine({
  allowHosts,
  dht: false,
  listen: { address: '127.0.0.1', port: Number(port) },
  report: (error) => say({ error: `${error}` }),
})
let running: RunningTorrent | null = null

createInterface(process.stdin).on('line', (line) => {
  const order: Order = JSON.parse(line)
  if (order.do === 'add') add(order)
  else {
    const stopped = running?.stop() ?? Promise.resolve()
    stopped.then(
      () => say({ heard: 'remove' }),
      (error) => say({ error: `${error}` }),
    )
  }
})

function add({ torrent, folder, mode }: Order): void {
  const torrentFile = readFileSync(torrent)
  const { info, pieceCount } = readTorrent(torrentFile)
  // Whatever comes after the last piece is ignored.
  const pieces = Buffer.alloc(Math.ceil(pieceCount / 8), 0xff).toString('base64')
  const stamps = new Stamps(info.files.length)
  for (const index of mode === 'seed' ? info.files.keys() : []) {
    stamps.note(index, statSync(join(folder, `${index}`), { bigint: true }))
  }
  const whole = {
    infoHash: info.infoHash,
    torrentFile: torrentFile.toString('base64'),
    pieces,
    syncedPieces: pieces,
    stamps: stamps.toBase64(),
    bootId: 'this boot',
    uploadedBytes: 0,
  }
  running = engine.start({
    source: { torrentFile },
    folder,
    resume: mode === 'seed' ? whole : null,
    bootId: 'this boot',
    onMetadata: () => {
      say({ heard: 'add' })
    },
    onState: () => undefined,
    onCheckpoint: () => undefined,
  })
  running.done.then(
    () => say({ done: true }),
    (error) => {
      if (!(error instanceof DOMException)) say({ error: `${error}` })
    },
  )
}
