import { configure, Reader, ZipReader } from '@zip.js/zip.js'
import { LookError, type LookProblem, readContent } from '../../contents/content.ts'

/** How much of an archive is read for its list. */
const maxListBytes = 256 * 1024
const maxEntries = 5000

export interface ArchiveRequest {
  url: string
  sizeBytes: number
}

export interface ArchiveEntry {
  name: string
  isFolder: boolean
  isEncrypted: boolean
  sizeBytes: number
}

export type ArchiveAnswer = { entries: ArchiveEntry[]; total: number } | { problem: LookProblem }

/** Reads an archive by ranges, up to a limit in all. */
class RangeReader extends Reader<string> {
  readonly #url: string
  #leftBytes = maxListBytes

  constructor(url: string, sizeBytes: number) {
    super(url)
    this.#url = url
    this.size = sizeBytes
  }

  override async readUint8Array(from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#leftBytes -= length
    if (this.#leftBytes < 0) throw new LookError('longArchive')
    return readContent(this.#url, from, from + length)
  }
}

// The list is parsed apart from the page. Nothing is unpacked.
configure({ useWebWorkers: false })
addEventListener('message', async ({ data: { url, sizeBytes } }: MessageEvent<ArchiveRequest>) => {
  postMessage(await list(url, sizeBytes))
})

async function list(url: string, sizeBytes: number): Promise<ArchiveAnswer> {
  try {
    // Names are only shown, so none is refused.
    const found = await new ZipReader(new RangeReader(url, sizeBytes), { strictness: 'tolerant' }).getEntries()
    const entries = found.slice(0, maxEntries).map(({ filename, directory, encrypted, uncompressedSize }) => ({
      name: filename,
      isFolder: directory,
      isEncrypted: encrypted,
      sizeBytes: uncompressedSize,
    }))
    return { entries, total: found.length }
  } catch (error) {
    return { problem: error instanceof LookError ? error.problem : 'brokenArchive' }
  }
}
