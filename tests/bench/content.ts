import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Runs the work of a row in a folder of its own, which is removed afterwards. */
export async function inPlace<T>(folder: string, name: string, work: (place: string) => Promise<T>): Promise<T> {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  try {
    return await work(place)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Writes incompressible bytes and returns their SHA-256. */
export function writeRandomFile(path: string, sizeMiB: number): string {
  const block = randomBytes(2 ** 20)
  const hash = createHash('sha256')
  writeFileSync(path, '')
  for (let index = 0; index < sizeMiB; index += 1) {
    block.writeUInt32LE(index, 0)
    hash.update(block)
    writeFileSync(path, block, { flag: 'a' })
  }
  return hash.digest('hex')
}

/** Throws when a file does not have the checksum. */
export async function checkFile(path: string, sum: string, who: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash)
  if (hash.digest('hex') !== sum) throw new Error(`${who} wrote other bytes than it was sent`)
}

/** Throws when the content of a URL does not have the checksum. */
export async function checkUrl(url: string, sum: string): Promise<void> {
  const hash = createHash('sha256')
  const { body } = await fetch(url)
  if (body !== null) for await (const chunk of body) hash.update(chunk)
  if (hash.digest('hex') !== sum) throw new Error('the service stored other bytes than it was sent')
}
