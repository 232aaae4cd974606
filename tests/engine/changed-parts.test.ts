import { randomBytes } from 'node:crypto'
import {
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import { isIntact } from '../../engine/part/is-intact.ts'
import { trustedExtents } from '../../engine/part/part-trust.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { type BadServer, giveFile, type Speed, startBadServer } from '../support/bad-server.ts'
import { startFetchChild } from '../support/children.ts'
import { observeFetch } from '../support/fetching.ts'
import { seededRandom } from '../support/seed.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const MiB = 1024 * 1024
const bytes = solidBytes(10 * MiB + 99)
const folder = temporaryFolder('changed')
let speed: Speed = 500 * MiB
let server: BadServer
beforeAll(async () => {
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: speed }),
  )
})
afterAll(() => server.stop())

async function get(partPath: string, more: Partial<FetchOptions> = {}) {
  server.requests.length = 0
  const { result, outcome, troubles, resume } = await observeFetch({ link: server.url('/a'), partPath, ...more })
  const asked = server.requests.reduce((sum, { range }) => sum + (range?.end ?? bytes.length) - (range?.start ?? 0), 0)
  const isWhole = bytes.equals(await readFile(partPath))
  return { outcome: result ?? outcome, isWhole, asked, troubles, resume }
}

/** Fetches about 60 % into a part file, and stops cleanly. */
async function leave(partPath: string): Promise<ResumeRecord | null> {
  speed = 12 * MiB
  const stop = new AbortController()
  const { resume } = await get(partPath, {
    signal: stop.signal,
    maxConnections: 1,
    onBytes: (length) => {
      if (length > bytes.length * 0.6) stop.abort()
    },
  })
  speed = 500 * MiB
  return resume
}

/** Writes into the middle of a file. */
async function patch(path: string, at: number, piece: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(piece, 0, piece.length, at)
  await file.close()
}

const changes: [string, (path: string) => Promise<void>][] = [
  ['zeros in the middle', (path) => patch(path, 2 * MiB + 5, Buffer.alloc(70_000))],
  ['one changed byte', (path) => patch(path, 3 * MiB, Buffer.from([(bytes[3 * MiB] ?? 0) ^ 1]))],
  ['a changed first byte', (path) => patch(path, 0, Buffer.from([(bytes[0] ?? 0) ^ 255]))],
  ['garbage appended', (path) => writeFile(path, randomBytes(700_000), { flag: 'a' })],
  [
    'garbage up to the full length',
    async (path) => {
      const { length } = await readFile(path)
      await writeFile(path, randomBytes(bytes.length - length), { flag: 'a' })
    },
  ],
  ['a missing end', (path) => truncate(path, 2 * MiB + 77)],
  [
    'garbage in place of its end',
    async (path) => {
      const { length } = await readFile(path)
      await truncate(path, 2 * MiB)
      await writeFile(path, randomBytes(length - 2 * MiB), { flag: 'a' })
    },
  ],
  ['no bytes left', (path) => truncate(path, 0)],
  ['the file deleted', (path) => unlink(path)],
  [
    'two places swapped',
    async (path) => {
      const all = await readFile(path)
      await patch(path, MiB, all.subarray(4 * MiB, 4 * MiB + 1000))
      await patch(path, 4 * MiB, all.subarray(MiB, MiB + 1000))
    },
  ],
  [
    'a change under an old timestamp',
    async (path) => {
      await patch(path, MiB, randomBytes(9))
      await utimes(path, new Date(2020, 1, 1), new Date(2020, 1, 1))
    },
  ],
  [
    'another file in its place',
    async (path) => {
      const { length } = await readFile(path)
      await writeFile(`${path}.other`, randomBytes(length))
      await rename(`${path}.other`, path)
    },
  ],
  ['truncated checksums', (path) => truncate(`${path}.sums`, 100)],
  ['garbage as checksums', (path) => writeFile(`${path}.sums`, randomBytes(5000))],
  ['no checksums', (path) => rm(`${path}.sums`)],
  [
    'a folder in place of its checksums',
    async (path) => {
      await rm(`${path}.sums`)
      await mkdir(`${path}.sums`)
    },
  ],
  [
    'a link in place of its checksums',
    async (path) => {
      await rename(`${path}.sums`, `${path}.moved`)
      await symlink(`${path}.moved`, `${path}.sums`)
    },
  ],
]

describe('a part file that was changed while the program was not running', () => {
  it.each(['this boot', 'another boot'])('is not fetched twice when it was left alone, in %s', async (bootId) => {
    const partPath = join(folder, `alone ${bootId}`)
    const resume = await leave(partPath)
    const { outcome, isWhole, asked, troubles } = await get(partPath, { resume, bootId })
    expect([outcome, isWhole, troubles.filter((trouble) => trouble !== null)]).toEqual([
      { sizeBytes: bytes.length, isProven: true },
      true,
      [],
    ])
    expect(asked).toBeLessThan(bytes.length * 0.45)
  })

  it('is not fetched twice when it was copied with its checksums, which changes its timestamps', async () => {
    const [partPath, copy] = [join(folder, 'original'), join(folder, 'copy')]
    const resume = await leave(partPath)
    await copyFile(partPath, copy)
    await copyFile(`${partPath}.sums`, `${copy}.sums`)
    const { outcome, isWhole, asked } = await get(copy, { resume })
    expect([outcome, isWhole, asked < bytes.length * 0.45]).toEqual([
      { sizeBytes: bytes.length, isProven: true },
      true,
      true,
    ])
  })

  it.each(changes)('ends as the right file with %s', async (what, change) => {
    const partPath = join(folder, what.replaceAll(' ', '-'))
    const resume = await leave(partPath)
    await change(partPath)
    const { outcome, isWhole } = await get(partPath, { resume })
    expect([outcome, isWhole]).toEqual([{ sizeBytes: bytes.length, isProven: true }, true])
  })

  it('is fetched again only where it is damaged, and the user is told', async () => {
    const partPath = join(folder, 'one place')
    const resume = await leave(partPath)
    await patch(partPath, 1000, Buffer.alloc(5000))
    const { isWhole, asked, troubles } = await get(partPath, { resume })
    expect([isWhole, asked < bytes.length * 0.45 + 4 * MiB]).toEqual([true, true])
    expect(troubles.join()).toMatch(
      /Another program changed what had been fetched, so 4\.\d MB of it are fetched again\./,
    )
  })

  it('never ends with a wrong byte after random damage between runs', async () => {
    const random = seededRandom()
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
    speed = 60 * MiB
    for (let round = 0; round < 8; round++) {
      const partPath = join(folder, `round-${round}`)
      let resume: ResumeRecord | null = null
      for (let run = 0; run < 3; run++) {
        const stop = new AbortController()
        const until = random() * bytes.length
        const partial: { resume: ResumeRecord | null } = await get(partPath, {
          resume,
          signal: stop.signal,
          bootId: pick(['this boot', 'another boot']) ?? '',
          onBytes: (length) => {
            if (length >= until) stop.abort()
          },
        }).catch(() => ({ resume }))
        resume = partial.resume
        const { length } = await readFile(partPath)
        const kind = pick(['patch', 'cut', 'append', 'sums', 'nothing'])
        if (kind === 'patch' && length > 0)
          await patch(partPath, Math.floor(random() * length), randomBytes(1 + Math.floor(random() * 5000)))
        if (kind === 'cut') await truncate(partPath, Math.floor(random() * length))
        if (kind === 'append') await writeFile(partPath, randomBytes(1 + Math.floor(random() * 2 * MiB)), { flag: 'a' })
        if (kind === 'sums') {
          const sums = await readFile(`${partPath}.sums`).catch(() => Buffer.alloc(0))
          if (sums.length > 0) await patch(`${partPath}.sums`, Math.floor(random() * sums.length), randomBytes(3))
        }
      }
      const { outcome, isWhole } = await get(partPath, { resume })
      expect([round, outcome, isWhole]).toEqual([round, { sizeBytes: bytes.length, isProven: true }, true])
    }
    speed = 500 * MiB
  }, 60_000)

  it('is trusted only where its checksums still prove it, whichever bit of them is flipped', async () => {
    const partPath = join(folder, 'flipped')
    const resume = await leave(partPath)
    const kept = await readFile(`${partPath}.sums`)
    const part = await open(partPath, 'r')
    const about = { path: partPath, resume, bootId: 'this boot', isLost: false }
    const { extents: all } = await trustedExtents(part, about)
    expect(all.length).toBeGreaterThan(1)
    for (let bit = 0; bit < kept.length * 8; bit++) {
      const flipped = Buffer.from(kept)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(`${partPath}.sums`, flipped)
      const { extents } = await trustedExtents(part, about)
      expect([bit, extents.filter((extent) => !all.some((one) => isDeepStrictEqual(one, extent)))]).toEqual([bit, []])
      expect(extents.length).toBeLessThan(all.length)
    }
    await part.close()
  })

  it('ends as the right file when the program was killed while writing it, and it was then changed', async () => {
    const [partPath, recordPath] = [join(folder, 'killed'), join(folder, 'killed.json')]
    speed = 8 * MiB
    const child = startFetchChild({ link: server.url('/a'), partPath, recordPath })
    await until(async () => (await readFile(partPath).catch(() => Buffer.alloc(0))).length > 5 * MiB)
    await child.kill9()
    await patch(partPath, 2 * MiB, Buffer.alloc(4096))
    speed = 500 * MiB
    const again = startFetchChild({ link: server.url('/a'), partPath, recordPath })
    await again.ended
    expect([again.messages.at(-1), bytes.equals(await readFile(partPath))]).toEqual([{ sizeBytes: bytes.length }, true])
  })
})

describe('a complete part file', () => {
  it.each(changes.filter(([what]) => !/link|folder|of its end|checksums/.test(what)))(
    'is intact only while its bytes are the same: %s',
    async (what, change) => {
      const partPath = join(folder, `whole-${what.replaceAll(' ', '-')}`)
      const { resume } = await get(partPath)
      if (resume === null) throw new Error('there is no record')
      const about = { resume, sizeBytes: bytes.length, bootId: 'this boot', signal: new AbortController().signal }
      const before = await isIntact(partPath, about)
      await change(partPath)
      // Some changes leave a complete file as it was.
      const isSame = bytes.equals(await readFile(partPath).catch(() => Buffer.alloc(0)))
      expect([before, await isIntact(partPath, about)]).toEqual([true, isSame])
    },
  )
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
}
