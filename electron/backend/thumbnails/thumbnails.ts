import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../../../engine/disk/replace-file.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ThumbnailOf } from '../../../shared/thumbnail.ts'

const maxBytes = 100 * 1024 * 1024
/** What even an empty file takes. */
const blockBytes = 4096
/** After this many new thumbnails, the oldest are removed. */
const tidyEvery = 200

/**
 * The thumbnails that the window made, a cache with a limit in files named by a hash. An empty file says that none can be made. Losing
 * it costs nothing but time.
 */
export class Thumbnails {
  readonly #folder: string
  #added = 0

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'thumbnails')
  }

  handlers(): HandlersOf<'thumbnails'> {
    return {
      'thumbnails.find': async (of) => {
        const path = this.#pathOf(of)
        const bytes = await readFile(path).catch(() => null)
        if (bytes === null) return null
        const now = new Date()
        await utimes(path, now, now).catch(() => undefined)
        // A file that a crash or another program cut is made again.
        return bytes.length === 0 || isWebp(bytes) ? new Uint8Array(bytes) : null
      },
      'thumbnails.put': async ({ of, base64 }) => {
        const bytes = Buffer.from(base64, 'base64')
        if (bytes.length > 0 && !isWebp(bytes)) throw new AppError('bad-input', 'This is no thumbnail.')
        await mkdir(this.#folder, { recursive: true, mode: 0o700 })
        const path = this.#pathOf(of)
        const draft = `${path}.${randomUUID()}`
        await writeFile(draft, bytes, { mode: 0o600 })
        await replaceFile(draft, path)
        this.#added += 1
        if (this.#added % tidyEvery === 1) await this.#tidy()
        return null
      },
    }
  }

  #pathOf({ accountId, itemId, sizeBytes, addedAtMs }: ThumbnailOf): string {
    const key = JSON.stringify([accountId, itemId, sizeBytes, addedAtMs])
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.webp`)
  }

  async #tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    const files: { path: string; usedAtMs: number; bytes: number }[] = []
    for (const name of names) {
      if (!/^[0-9a-f]{32}\.webp/.test(name)) continue
      const path = join(this.#folder, name)
      const found = await stat(path).catch(() => null)
      if (found !== null) files.push({ path, usedAtMs: found.mtimeMs, bytes: Math.max(found.size, blockBytes) })
    }
    files.sort((one, other) => one.usedAtMs - other.usedAtMs)
    let sum = files.reduce((bytes, file) => bytes + file.bytes, 0)
    for (const { path, bytes } of files) {
      if (sum <= maxBytes) return
      await rm(path, { force: true }).catch(() => undefined)
      sum -= bytes
    }
  }
}

/** Source: RFC 9649, "WebP Image Format", section 2.4. */
function isWebp(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12))
  return (
    head.toString('latin1', 0, 4) === 'RIFF' &&
    head.toString('latin1', 8, 12) === 'WEBP' &&
    head.readUInt32LE(4) + 8 === bytes.length
  )
}
