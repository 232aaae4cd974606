import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createGate } from '../../engine/net/gate.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { saveFile } from '../../engine/save/save-file.ts'
import { type Chance, createChance } from '../soak/random.ts'
import { memoryFolder } from '../support/temp-folder.ts'

const sizeBytes = 200_000
const maxRuns = 12
/** What a server says when its file is replaced by one of the same length. */
const kinds = ['another ETag', 'the same ETag and another date', 'a weak ETag', 'a date only', 'nothing'] as const

export interface VersionsResult {
  /** What went wrong, one sentence each. */
  problems: string[]
  saved: number
  refused: number
  /** How many were saved in a later version than the one that was begun. */
  restarted: number
}

interface Schedule {
  kind: (typeof kinds)[number]
  chance: Chance
  version: number
}

/** Saves files that are replaced between and during the runs that save them (F7): none may be mixed, and each restart is announced. */
export async function saveWhileReplaced(seed: number, count: number): Promise<VersionsResult> {
  const folder = memoryFolder('versions')
  const schedules = Array.from({ length: count }, (_, index): Schedule => {
    const chance = createChance(seed + index)
    return { kind: chance.pick(kinds), chance, version: 0 }
  })
  const server = createServer((request, response) => {
    const schedule = schedules[Number(request.url?.slice(1))]
    if (schedule === undefined) return void response.writeHead(404).end()
    const { chance } = schedule
    if (chance.below(4) === 0) schedule.version += 1
    const content = contentOf(schedule.version)
    const headers = headersOf(schedule)
    const from = startOf(request.headers, headers)
    const body = content.subarray(from)
    const range = { 'content-range': `bytes ${from}-${sizeBytes - 1}/${sizeBytes}` }
    response.writeHead(from > 0 ? 206 : 200, { ...headers, 'content-length': body.length, ...(from > 0 && range) })
    if (chance.below(2) === 0) response.end(body)
    else response.write(body.subarray(0, chance.below(body.length)), () => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const result: VersionsResult = { problems: [], saved: 0, refused: 0, restarted: 0 }
  try {
    for (const [index, schedule] of schedules.entries()) {
      const target = join(folder, `${index}`)
      const outcome = await save(`http://127.0.0.1:${port}/${index}`, target, schedule)
      if (outcome.isSaved) judge(outcome, target, result, `schedule ${index} (${schedule.kind})`)
      else result.refused += 1
      rmSync(target, { force: true })
    }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return result
}

interface Outcome {
  isSaved: boolean
  /** The first version of which bytes were stored. */
  first: number | null
  isAnnounced: boolean
}

/** Saves a file in several runs, each of which may be stopped at any moment. */
async function save(link: string, targetPath: string, schedule: Schedule): Promise<Outcome> {
  const { chance } = schedule
  const outcome: Outcome = { isSaved: false, first: null, isAnnounced: false }
  let resume: ResumeRecord | null = null
  for (let run = 0; run < maxRuns; run++) {
    const stop = new AbortController()
    const until = chance.below(3) === 0 ? Number.POSITIVE_INFINITY : chance.below(sizeBytes)
    try {
      await saveFile({
        link,
        root: join(targetPath, '..'),
        partPath: `${targetPath}.part`,
        targetPath,
        isReplacing: false,
        original: null,
        sizeBytes,
        gate: createGate({ allowHosts: ['127.0.0.1'] }),
        signal: stop.signal,
        resume,
        bootId: chance.below(3) === 0 ? 'another boot' : 'this boot',
        sleep: async () => undefined,
        pace: {
          maxGatheredBytes: () => 16 * 1024,
          onStored: (_bytes, length) => {
            outcome.first ??= schedule.version
            if (length >= until) stop.abort(new Error('stopped'))
          },
        },
        onCheckpoint: (record) => {
          resume = record
        },
        onTrouble: (sentence) => {
          if (sentence?.startsWith('Started over') === true) outcome.isAnnounced = true
        },
      })
      return { ...outcome, isSaved: true }
    } catch {
      // Stopped, or refused for now: the next run continues.
      if (chance.below(3) === 0) schedule.version += 1
    }
  }
  return outcome
}

function judge({ first, isAnnounced }: Outcome, target: string, result: VersionsResult, name: string): void {
  const bytes = readFileSync(target)
  const version = Number(bytes.subarray(0, 8).toString())
  if (!bytes.equals(contentOf(version))) result.problems.push(`${name}: a mixed file`)
  result.saved += 1
  if (first === null || first === version) return
  result.restarted += 1
  if (!isAnnounced) result.problems.push(`${name}: started over without a word`)
}

/** The number of the version, all over. */
function contentOf(version: number): Buffer {
  return Buffer.alloc(sizeBytes, `${version}`.padStart(8, '0'))
}

function headersOf({ kind, version }: Schedule): Record<string, string> {
  const date = { 'last-modified': new Date(Date.UTC(2024, 0, 1, 0, version)).toUTCString() }
  if (kind === 'another ETag') return { etag: `"${version}"` }
  if (kind === 'the same ETag and another date') return { etag: '"same"', ...date }
  if (kind === 'a weak ETag') return { etag: `W/"${version}"` }
  return kind === 'a date only' ? date : {}
}

/** Where the answer begins: where it was asked for, unless the condition of the request is not met. Source: RFC 9110 §13.1.5. */
function startOf(asked: { range?: string | undefined; 'if-range'?: unknown }, headers: Record<string, string>): number {
  const condition = asked['if-range']
  const isMet = condition === undefined || condition === headers.etag || condition === headers['last-modified']
  const from = /^bytes=(\d+)-$/.exec(asked.range ?? '')?.[1]
  return isMet && from !== undefined && Number(from) < sizeBytes ? Number(from) : 0
}
