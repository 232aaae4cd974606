import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { bencode } from '../support/torrents.ts'
import { type Helper, startHelper } from './helper.ts'

const pieceLength = 2 ** 20

/** A torrent of one file on the disk. */
export interface FileTorrent {
  path: string
  infoHash: string
  /** The folder with the file. */
  folder: string
  name: string
}

/** Makes a torrent of a file, with pieces of 1 MiB, and puts it beside the file. */
export function makeFileTorrent(file: string): FileTorrent {
  const hashes: Buffer[] = []
  const piece = Buffer.alloc(pieceLength)
  const handle = openSync(file, 'r')
  let length = 0
  for (;;) {
    const count = readSync(handle, piece)
    if (count === 0) break
    hashes.push(createHash('sha1').update(piece.subarray(0, count)).digest())
    length += count
  }
  closeSync(handle)
  const info = { name: basename(file), 'piece length': pieceLength, pieces: Buffer.concat(hashes), length }
  const path = `${file}.torrent`
  writeFileSync(path, bencode({ info }))
  const infoHash = createHash('sha1').update(bencode(info)).digest('hex')
  return { path, infoHash, folder: dirname(file), name: basename(file) }
}

/** A program that fetches and shares torrents, and where it listens. */
export interface Peer extends Helper {
  port: number
  /** Has it seed a torrent that is complete in a folder. */
  share: (torrent: FileTorrent, folder: string) => Promise<void>
  /** Has it wait for a peer to fetch a torrent from, or verify what is there. */
  begin: (torrent: FileTorrent, folder: string, mode: 'fetch' | 'check') => Promise<void>
  /** Resolves when the torrent it began is complete. */
  done: () => Promise<void>
  /** Has it remove the torrent. Its files stay. */
  forget: () => Promise<void>
}

/** Starts one or several libtorrent sessions, with a part of the pieces each, on addresses from `address` on. */
export async function startLibtorrent(address: string, sessions = 1): Promise<Peer> {
  const program = new URL('./peer.py', import.meta.url)
  const helper = startHelper(program, '--address', address, '--sessions', `${sessions}`)
  const { port } = await helper.hear()
  return { ...asPeer(helper, false), port: Number(port) }
}

/** Starts our own engine, which allows peers at these addresses. */
export async function startOurs(allowHosts: readonly string[]): Promise<Peer> {
  const port = await freePort()
  const program = new URL('./torrent-child.ts', import.meta.url)
  const helper = startHelper(program, `${port}`, ...allowHosts)
  return { ...asPeer(helper, true), port }
}

function asPeer(helper: Helper, isTellingWhenShared: boolean): Omit<Peer, 'port'> {
  const add = (torrent: FileTorrent, folder: string, mode: string) =>
    helper.ask({ do: 'add', torrent: torrent.path, folder, mode })
  return {
    ...helper,
    share: async (torrent, folder) => {
      await add(torrent, folder, 'seed')
      if (isTellingWhenShared) await helper.hear()
    },
    begin: async (torrent, folder, mode) => {
      await add(torrent, folder, mode)
    },
    done: async () => {
      const { done } = await helper.hear()
      if (done !== true) throw new Error('it answered something other than that it is done')
    },
    forget: async () => {
      await helper.ask({ do: 'remove' })
    },
  }
}

/** Has a libtorrent peer connect to a port, and resolves when the first block has been transferred. */
export async function call(caller: Peer, port: number): Promise<void> {
  await caller.ask({ do: 'call', host: '127.0.0.1', port })
  const { first } = await caller.hear()
  if (first !== true) throw new Error('it answered something other than that the first block was transferred')
}
