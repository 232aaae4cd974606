import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BadRequest, type BadServer, countOpen, giveFile, startBadServer } from '../support/bad-server.ts'
import { startFetchChild } from '../support/children.ts'
import { seededRandom } from '../support/seed.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const MiB = 1024 * 1024
const rounds = Number(process.env.PUTDESK_ROUNDS ?? 8)
let folder: string
let server: BadServer
beforeAll(async () => {
  folder = temporaryFolder('kill')
})
afterAll(() => server?.stop())

describe('kill -9 during a fetch over four connections', () => {
  it(
    `loses nothing in ${rounds} rounds: ends with the same bytes, and fetches at most 1 MiB per connection again`,
    async () => {
      const random = seededRandom()
      const [partPath, recordPath] = [join(folder, 'killed'), join(folder, 'killed.json')]
      const big = { bytes: randomBytes(rounds * 3 * MiB + 99), etag: '"v1"', bytesPerSecond: 2 * MiB }
      const { seen, answer } = countOpen((request, wire) => giveFile(request, wire, big))
      server = await startBadServer(answer)
      const told = { link: server.url('/a'), partPath, recordPath }
      const excesses: number[] = []
      let stored: boolean[] = []
      let isDone = false
      for (let round = 0; !isDone; round++) {
        const first = server.requests.length
        const child = startFetchChild(told)
        const isLast = round >= rounds
        if (isLast)
          isDone = (await child.heard((message) => message.sizeBytes !== undefined)).sizeBytes === big.bytes.length
        else {
          await Promise.race([child.ended, wait(400 + random() * 1500)])
          await child.kill9()
        }
        excesses.push(overlap(server.requests.slice(first), stored, big.bytes.length))
        stored = storedBlocks(await readFile(partPath).catch(() => Buffer.alloc(0)), big.bytes)
        isDone ||= isLast
      }
      expect(big.bytes.equals(await readFile(partPath))).toBe(true)
      expect(seen.most).toBe(4)
      expect(excesses.filter((excess) => excess > 4 * MiB)).toEqual([])
    },
    30_000 + rounds * 5000,
  )
})

const blockBytes = 4096

/** Which blocks of the source are already in the part file. */
function storedBlocks(part: Buffer, source: Buffer): boolean[] {
  return Array.from({ length: Math.ceil(source.length / blockBytes) }, (_, index) => {
    const [start, end] = [index * blockBytes, Math.min((index + 1) * blockBytes, source.length)]
    return part.length >= end && part.compare(source, start, end, start, end) === 0
  })
}

/** How many stored bytes were requested again. */
function overlap(requests: BadRequest[], stored: boolean[], size: number): number {
  const again = new Set<number>()
  for (const { range } of requests) {
    const [from, to] = [Math.ceil((range?.start ?? 0) / blockBytes), Math.floor((range?.end ?? size) / blockBytes)]
    for (let block = from; block < to; block++) if (stored[block] === true) again.add(block)
  }
  return again.size * blockBytes
}
