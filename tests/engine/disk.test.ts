import { randomBytes } from 'node:crypto'
import { open, readFile, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { type BadServer, giveFile, type Speed, startBadServer } from '../support/bad-server.ts'
import { startFetchChild } from '../support/children.ts'
import { has } from '../support/facilities.ts'
import { observeFetch } from '../support/fetching.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const MiB = 1024 * 1024
const bytes = solidBytes(12 * MiB + 99)
const folder = temporaryFolder('faulty')
let speed: Speed = 500 * MiB
let server: BadServer
beforeAll(async () => {
  server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond: speed }),
  )
})
afterAll(() => server.stop())
afterEach(() => {
  speed = 500 * MiB
  server.requests.length = 0
})

async function get(partPath: string, more: Partial<FetchOptions> = {}) {
  const { outcome, troubles, resume } = await observeFetch({ link: server.url('/a'), partPath, ...more })
  const stored = await readFile(partPath).catch(() => Buffer.alloc(0))
  return { outcome, troubles, resume, isWhole: stored.equals(bytes) }
}

describe.runIf(has('tmpfs'))('a fetch onto a full disk (F4)', () => {
  let disk: SmallDisk
  afterEach(() => disk.stop())

  it.each([
    ['before a write fails, with the usual reserve', undefined],
    ['when a write fails, without a reserve', 0],
  ])(
    'says what it needs and what is free, keeps what it has, and resumes when there is room: %s',
    async (_when, reserveBytes) => {
      disk = mountSmallDisk(8)
      const held: number[] = []
      const { outcome, isWhole, troubles } = await get(join(disk.folder, 'part'), {
        ...(reserveBytes === undefined ? {} : { reserveBytes: () => reserveBytes }),
        sleep: async () => {
          held.push((await readFile(join(disk.folder, 'part'))).length)
          if (held.length === 3) disk.resize(32)
        },
      })
      expect([outcome, isWhole, held.length, server.requests.length]).toEqual([bytes.length, true, 3, 1])
      // Up to 1 MiB is written at once, so more than this is stored when no more fits.
      expect(held.every((length) => length > 3 * MiB)).toBe(true)
      const [sentence, after] = troubles.slice(troubles.findIndex((trouble) => trouble !== null))
      expect(sentence).toMatch(
        /^This computer’s disk is full: this file needs [\d.]+ MB more, [\d.]+ (bytes|kB|MB) is free\. It continues when there is space\.$/,
      )
      expect(after).toBeNull()
    },
  )

  it('ends with the whole file wherever the disk fills up, tried at every half MiB', async () => {
    disk = mountSmallDisk(16)
    const [partPath, ballast] = [join(disk.folder, 'part'), join(disk.folder, 'ballast')]
    const wrong: number[] = []
    for (let free = 0.25; free < 12; free += 0.5) {
      await writeFile(ballast, Buffer.alloc(Math.floor((16 - free) * MiB)))
      let waits = 0
      const { isWhole } = await get(partPath, {
        reserveBytes: () => 0,
        sleep: async () => {
          waits += 1
          await rm(ballast, { force: true })
        },
      })
      if (!isWhole || waits === 0) wrong.push(free)
      await unlink(partPath)
    }
    expect(wrong).toEqual([])
  })

  it('can be cancelled while it waits, and keeps what it has', async () => {
    disk = mountSmallDisk(8)
    const stop = new AbortController()
    const { outcome } = await get(join(disk.folder, 'part'), {
      signal: stop.signal,
      sleep: async () => stop.abort(),
    })
    // Up to 1 MiB is written at once, so more than this is stored when no more fits.
    expect([outcome, (await readFile(join(disk.folder, 'part'))).length > 3 * MiB]).toEqual([
      'This operation was aborted',
      true,
    ])
  })
})

/** Fetches in a child process whose system calls fail as injected. */
async function fetchUnder(inject: string[], name: string) {
  const [partPath, recordPath] = [join(folder, name), join(folder, `${name}.json`)]
  const child = startFetchChild(
    { link: server.url('/a'), partPath, recordPath, pollMs: 5, maxConnections: 1 },
    { before: ['strace', '-f', '-qq', '-o', '/dev/null', '-P', partPath, ...inject.flatMap((one) => ['-e', one])] },
  )
  await child.ended
  const isWhole = bytes.equals(await readFile(partPath))
  return { last: child.messages.at(-1), troubles: child.messages.map(({ trouble }) => trouble), isWhole }
}

describe.runIf(has('strace'))('a fetch whose system calls fail (F4, F6)', () => {
  it.each([
    ['ENOSPC', 1],
    ['ENOSPC', 2],
    ['ENOSPC', 3],
    ['EDQUOT', 2],
  ])('waits, resumes and requests nothing twice after %s from write %i of each thread', async (error, when) => {
    // Slow enough for a dozen writes, so that some thread makes that many.
    speed = 20 * MiB
    const rule = `inject=pwritev,pwrite64:error=${error}:when=${when}`
    const { last, troubles, isWhole } = await fetchUnder([rule], `${error}-${when}`)
    expect([last, isWhole, server.requests.length]).toEqual([{ sizeBytes: bytes.length }, true, 1])
    expect(troubles.some((trouble) => trouble?.startsWith('This computer’s disk is full'))).toBe(true)
  })

  it('fetches what was not synced again after EIO from the first fdatasync', async () => {
    const { last, troubles, isWhole } = await fetchUnder(['inject=fdatasync:error=EIO:when=1'], 'eio-once')
    expect([last, isWhole, server.requests.length > 1]).toEqual([{ sizeBytes: bytes.length }, true, true])
    expect(troubles).toContain('This computer’s disk could not keep what had been fetched. It is fetched again.')
  })

  it('never completes with EIO from every fdatasync', async () => {
    const { last } = await fetchUnder(['inject=fdatasync:error=EIO'], 'eio-always')
    expect(last).toEqual({ error: 'This computer’s disk could not keep what had been fetched.' })
  })

  it('fetches the file again after EIO from close', async () => {
    const { last, isWhole, troubles } = await fetchUnder(['inject=close:error=EIO:when=1'], 'eio-close')
    expect([last, isWhole, server.requests.length > 1]).toEqual([{ sizeBytes: bytes.length }, true, true])
    expect(troubles).toContain('This computer’s disk could not keep what had been fetched. It is fetched again.')
  })
})

describe('resuming a part file that another program may have changed (F23)', () => {
  /** Fetches over four connections until more than half is there, and leaves the rest. */
  const leaveHalf = async (partPath: string) => {
    speed = 1.5 * MiB
    const stop = new AbortController()
    const { resume } = await get(partPath, {
      signal: stop.signal,
      onBytes: (length) => {
        if (length > bytes.length * 0.6) stop.abort()
      },
    })
    speed = 500 * MiB
    server.requests.length = 0
    return resume
  }

  it('fetches only what is missing when it was not changed', async () => {
    const partPath = join(folder, 'untouched')
    const resume = await leaveHalf(partPath)
    const { outcome, isWhole } = await get(partPath, { resume })
    const asked = server.requests.reduce(
      (sum, { range }) => sum + (range?.end ?? bytes.length) - (range?.start ?? 0),
      0,
    )
    expect([outcome, isWhole, resume?.isSummed === true]).toEqual([bytes.length, true, true])
    expect(asked).toBeLessThan(bytes.length * 0.45)
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['truncated', (path) => truncate(path, 5 * MiB)],
    ['truncated in its first part', (path) => truncate(path, 100_000)],
    [
      'truncated and extended with zeros',
      async (path) => {
        const { length } = await readFile(path)
        await truncate(path, 2 * MiB)
        await truncate(path, length)
      },
    ],
    ['extended', (path) => writeFile(path, randomBytes(5000), { flag: 'a' })],
    ['emptied', (path) => truncate(path, 0)],
    ['deleted', (path) => unlink(path)],
  ])('fetches what is missing and leaves no zeros when it was %s', async (how, touch) => {
    const partPath = join(folder, `touched ${how}`)
    const resume = await leaveHalf(partPath)
    await touch(partPath)
    const { outcome, isWhole } = await get(partPath, { resume })
    expect([outcome, isWhole]).toEqual([bytes.length, true])
  })

  const validators = { etag: '"v1"', lastModified: null, strong: '"v1"' }
  const oneDone: Partial<ResumeRecord> = { syncedBytes: 3 * MiB }
  const manyDone: Partial<ResumeRecord> = {
    syncedBytes: 0,
    syncedRanges: [[0, 3 * MiB]],
    done: [[0, 3 * MiB]],
  }
  it.each([
    ['from its beginning', 'this boot', 2 * MiB, oneDone],
    ['from its beginning', 'this boot', 2 * MiB + 12_345, oneDone],
    ['from its beginning', 'another boot', 2 * MiB + 12_345, oneDone],
    ['in several places', 'this boot', 2 * MiB + 12_345, manyDone],
    ['in several places', 'another boot', 2 * MiB + 12_345, manyDone],
  ])(
    'fetches from the cut on when it was filled %s in %s, then truncated at %i and extended with zeros',
    async (...how) => {
      const [, bootId, cut, done] = how
      const partPath = join(folder, `filled ${how.slice(0, 3).join(' ')}`)
      await writeFile(partPath, bytes.subarray(0, 3 * MiB))
      await truncate(partPath, cut)
      await truncate(partPath, done.done === undefined ? 3 * MiB : bytes.length + 8192)
      server.requests.length = 0
      const resume = { validators, totalBytes: bytes.length, syncedBytes: 0, bootId, ...done }
      const { outcome, isWhole } = await get(partPath, { resume })
      expect([outcome, isWhole, server.requests[0]?.range?.start]).toEqual([bytes.length, true, cut])
    },
  )

  it.runIf(has('unlink'))('notices at the end that it was deleted during the fetch, and fetches it again', async () => {
    const partPath = join(folder, 'deleted meanwhile')
    let isDeleted = false
    const { outcome, isWhole, troubles } = await get(partPath, {
      onBytes: async (length) => {
        if (length < 4 * MiB || isDeleted) return
        isDeleted = true
        await unlink(partPath)
      },
    })
    expect([outcome, isWhole]).toEqual([bytes.length, true])
    expect(troubles).toContain('Another program changed or removed what had been fetched. It is fetched again.')
  })

  it.runIf(has('symbolic links'))('leaves another file alone when the part file became a link to it', async () => {
    const [partPath, other] = [join(folder, 'linked'), join(folder, 'precious')]
    await writeFile(other, 'precious')
    await symlink(other, partPath)
    const { outcome } = await get(partPath)
    expect([outcome, (await readFile(other)).toString()]).toEqual([
      'A link to another place lies where the file should be kept.',
      'precious',
    ])
  })

  it('trusts only what was synced to the disk, wherever it lies, after another boot', async () => {
    const partPath = join(folder, 'other boot')
    const file = await open(partPath, 'w')
    await file.write(bytes.subarray(0, 2 * MiB), 0, 2 * MiB, 0)
    await file.write(bytes.subarray(6 * MiB, 7 * MiB), 0, MiB, 6 * MiB)
    await file.write(randomBytes(MiB), 0, MiB, 9 * MiB)
    await file.close()
    const resume: ResumeRecord = {
      validators: { etag: '"v1"', lastModified: null, strong: '"v1"' },
      totalBytes: bytes.length,
      syncedBytes: 2 * MiB,
      done: [
        [0, 2 * MiB],
        [6 * MiB, 7 * MiB],
        [9 * MiB, 10 * MiB],
      ],
      syncedRanges: [
        [0, 2 * MiB],
        [6 * MiB, 7 * MiB],
      ],
      bootId: 'another boot',
    }
    const { outcome, isWhole } = await get(partPath, { resume })
    const asked = server.requests.map(({ range }) => [range?.start, range?.end])
    expect([outcome, isWhole, asked]).toEqual([
      bytes.length,
      true,
      [
        [2 * MiB, 6 * MiB],
        [7 * MiB, null],
      ],
    ])
  })
})
