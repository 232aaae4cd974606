// Fetches one torrent in a process that a test may kill. Takes its options as a line of JSON, and prints a line per checkpoint.
import { createInterface } from 'node:readline'
import { createTorrentEngine } from '../../server/torrent/engine.ts'
import type { TorrentResume } from '../../server/torrent/types.ts'

interface Order {
  magnet: string
  folder: string
  resume: TorrentResume | null
  downloadLimit: number
}

const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`)

createInterface(process.stdin).once('line', (line) => {
  const order: Order = JSON.parse(line)
  const engine = createTorrentEngine({
    allowHosts: ['127.0.0.1'],
    dht: false,
    downloadLimit: order.downloadLimit,
    report: (error) => tell({ error: `${error}` }),
  })
  const running = engine.start({
    source: { magnet: order.magnet },
    folder: order.folder,
    resume: order.resume,
    bootId: 'this boot',
    onMetadata: () => undefined,
    onState: () => undefined,
    onCheckpoint: (resume) => tell({ resume }),
  })
  running.done.then(
    () => tell({ isDone: true }),
    (error) => tell({ error: `${error}` }),
  )
})
