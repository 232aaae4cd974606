import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { AnalyzedLink, TorrentFile } from '../../../shared/analysis.ts'
import { AppError } from '../../../shared/errors.ts'
import { largestTorrentFileBytes } from '../../../shared/torrent-file.ts'

const scheme = 'torrent-file:'
const maxFiles = 500

/**
 * Torrent files that the user opened. The window sees each as a short link; a service gets the whole file as a `data:` link. They
 * are kept in memory until the app closes, and are never parsed here.
 */
export class TorrentFiles {
  readonly #held = new Map<string, { name: string; dataLink: string }>()

  /** Adds the bytes of a torrent file. Throws `bad-input` with a sentence that names it. */
  take(name: string, bytes: Uint8Array): TorrentFile {
    if (bytes.length === 0) throw new AppError('bad-input', `“${name}” is empty.`)
    if (bytes.length > largestTorrentFileBytes) throw tooLarge(name)
    const link = `${scheme}${createHash('sha256').update(bytes).digest('hex').slice(0, 40)}`
    const dataLink = `data:application/x-bittorrent;base64,${Buffer.from(bytes).toString('base64')}`
    this.#held.delete(link)
    this.#held.set(link, { name, dataLink })
    const [oldest] = this.#held.keys()
    if (this.#held.size > maxFiles && oldest !== undefined) this.#held.delete(oldest)
    return { link, name }
  }

  /** Adds a torrent file from disk. Rejects with `bad-input` and a sentence that names it. */
  async read(path: string): Promise<TorrentFile> {
    const name = basename(path)
    let bytes: Buffer
    try {
      const facts = await stat(path)
      if (!facts.isFile()) throw new AppError('bad-input', `“${name}” is not a file.`)
      if (facts.size > largestTorrentFileBytes) throw tooLarge(name)
      bytes = await readFile(path)
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      throw new AppError('bad-input', `“${name}” could not be read.`, { cause })
    }
    return this.take(name, bytes)
  }

  /** The link as sent to a service: unchanged, or the `data:` link of a torrent file. Throws `bad-input` if the file is no longer held. */
  toService(link: string): string {
    if (!isTorrentFile(link)) return link
    const held = this.#held.get(link)
    if (held === undefined) throw new AppError('bad-input', 'A torrent file is no longer available. Open it again.')
    return held.dataLink
  }

  /** An analysis row for a torrent file that the service does not accept, with the reason. */
  toProblem(link: string, problem: string): AnalyzedLink {
    return {
      kind: 'problem',
      name: this.#held.get(link)?.name ?? 'A torrent file',
      host: '',
      links: [link],
      sizeBytes: null,
      bandwidthBytes: 0,
      problem,
      needsPassword: false,
      seeds: null,
      entryCount: null,
      unpackedBytes: null,
      note: null,
    }
  }

  /** Converts an analysis row for the window: the short link instead of the `data:` link, and the file's name if the service sent none. */
  toWindow(row: AnalyzedLink): AnalyzedLink {
    const [dataLink = ''] = row.links
    const [link, held] = [...this.#held].find((entry) => entry[1].dataLink === dataLink) ?? []
    if (link === undefined || held === undefined) return row
    return {
      ...row,
      name: row.name === dataLink ? held.name : row.name,
      host: '',
      problem: row.problem?.replaceAll(dataLink, held.name) ?? null,
      links: [link],
    }
  }
}

/** True for a link that stands for a torrent file. */
export function isTorrentFile(link: string): boolean {
  return link.startsWith(scheme)
}

function tooLarge(name: string): AppError {
  return new AppError(
    'bad-input',
    `“${name}” is too large for a torrent file: at most ${largestTorrentFileBytes / 1000} kB. Its magnet link works.`,
  )
}
