import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchToPart } from '../../engine/fetch/fetch.ts'
import { createGate } from '../../engine/net/gate.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { type BadRequest, type BadServer, startBadServer, type Wire } from '../support/bad-server.ts'
import { generatedCases } from '../support/cases.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const schedules = Number(process.env.PUTDESK_SCHEDULES ?? generatedCases(1000, 250))
const atOnce = 8
const folder = temporaryFolder('schedules')

/** What tells the versions of a file apart. */
const kinds = ['tag', 'weak tag', 'date', 'nothing'] as const
/** How the server marks the end of a body, if it does. */
const framings = ['length', 'chunks', 'end'] as const
/** What the server does with one request. A range request gets a part only where `If-Range` allows it. */
const behaviours = [
  'honest',
  'cut by RST',
  'cut by FIN',
  'nothing',
  'no HTTP',
  '101',
  '500',
  '416',
  'tail as 200',
  'tail as 200 with Content-Range',
  'silent 206',
  '206 elsewhere',
  '206 of another total',
  '206 of no total',
  'multipart 206',
] as const

const step = fc.record({
  behaviour: fc.constantFrom(...behaviours),
  framing: fc.constantFrom(...framings),
  /** Where the body is cut, as a share of its length. */
  cut: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  /** The content is replaced before this request. */
  isNew: fc.boolean(),
  /** The program is stopped after this request, and starts again with what it kept. */
  isStopped: fc.boolean(),
})
const schedule = fc.record({
  kind: fc.constantFrom(...kinds),
  isSameLength: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
})
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never
type Step = Schedule['steps'][number]

interface Running extends Schedule {
  index: number
  version: number
  requests: number
  /** All versions of the content so far. */
  contents: Buffer[]
}

let running: Running[]
let server: BadServer
beforeAll(async () => {
  server = await startBadServer(answer)
})
afterAll(() => server.stop())

it(`ends ${schedules} schedules of broken, false and changing responses with the right bytes or a clear error`, async () => {
  const seed = Number(process.env.PUTDESK_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.info(`PUTDESK_SEED=${seed}`)
  running = fc
    .sample(schedule, { seed, numRuns: schedules })
    .map((one, index) => ({ ...one, index, version: 0, requests: 0, contents: [contentOf(one, index, 0)] }))
  const left = [...running]
  const wrong: unknown[] = []
  let delivered = 0
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const result = await run(next)
      if (result === 'delivered') delivered += 1
      else if (result !== 'failed') wrong.push({ result, ...next, contents: next.contents.length })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  expect(wrong).toEqual([])
  expect(delivered).toBeGreaterThan(schedules / 4)
}, 120_000)

/** Fetches, run after run, until the file is complete or has failed for good, and returns the outcome. */
async function run(it: Running): Promise<string> {
  const partPath = join(folder, `${it.index}`)
  let resume: ResumeRecord | null = null
  for (let session = 0; ; session++) {
    const stop = new AbortController()
    const first = it.requests
    const outcome = await fetchToPart({
      link: server.url(`/${it.index}`),
      partPath,
      gate: createGate({ allowHosts: ['127.0.0.1'] }),
      signal: stop.signal,
      resume,
      bootId: session % 2 === 0 ? 'this boot' : 'another boot',
      onCheckpoint: (record) => {
        resume = record
      },
      onBytes: () => {
        const isStopped = it.steps.slice(first, it.requests).some((one) => one.isStopped)
        if (isStopped && it.requests < it.steps.length) stop.abort(new Error('stopped'))
      },
      sleep: async () => undefined,
    }).catch((error: Error) => error.message)
    if (outcome === 'stopped') continue
    const stored = await readFile(partPath).catch(() => Buffer.alloc(0))
    await rm(partPath, { force: true })
    if (typeof outcome === 'string') return /^[“A-Z].*\.$/s.test(outcome) ? 'failed' : `no sentence: ${outcome}`
    const isRight = it.contents.some((content) => content.equals(stored))
    const isBeginning = it.contents.some((content) => content.subarray(0, stored.length).equals(stored))
    if (isRight || (!outcome.isProven && isBeginning)) return 'delivered'
    return `wrong bytes: ${stored.length} of ${it.contents.map(({ length }) => length).join(', ')}`
  }
}

function contentOf({ isSameLength }: Schedule, index: number, version: number): Buffer {
  const length = 30_000 + (isSameLength ? 0 : version * 1000)
  const pieces: Buffer[] = []
  for (let at = 0; at * 64 < length; at++)
    pieces.push(createHash('sha512').update(`${index} ${version} ${at}`).digest())
  return Buffer.concat(pieces).subarray(0, length)
}

async function answer(request: BadRequest, wire: Wire): Promise<void> {
  const it = running[Number(request.path.slice(1))]
  if (it === undefined) return void wire.socket.destroy()
  const honest: Step = { behaviour: 'honest', framing: 'length', cut: 0.5, isNew: false, isStopped: false }
  const now = it.steps[it.requests] ?? honest
  it.requests += 1
  if (now.isNew) {
    it.version += 1
    it.contents.push(contentOf(it, it.index, it.version))
  }
  const content = it.contents.at(-1) ?? Buffer.alloc(0)
  const { validator, lines } = validatorOf(it)
  const asked = request.range
  const isPart = asked !== null && request.headers['if-range'] === validator
  const start = asked?.start ?? 0
  const total = content.length
  const part = content.subarray(start)
  const range = (from: number, to: number, of: number | '*') => `Content-Range: bytes ${from}-${to - 1}/${of}`
  const { behaviour } = now
  if (behaviour === 'nothing') return void wire.socket.end()
  if (behaviour === 'no HTTP') return void wire.socket.end('220 hello\r\n\r\n')
  if (behaviour === '101')
    return void wire.socket.end('HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
  if (behaviour === '500') return void wire.socket.end('HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n')
  if (asked !== null) {
    if (behaviour === '416')
      return void wire.socket.end(`HTTP/1.1 416 No\r\n${range(0, 1, start).replace('0-0', '*')}\r\n\r\n`)
    // Under another validator the tail could not be told from a new version.
    if (behaviour === 'tail as 200' && isPart) return send(wire, now, { status: '200 OK', lines, body: part })
    if (behaviour === 'tail as 200 with Content-Range' && isPart)
      return send(wire, now, { status: '200 OK', lines: [...lines, range(start, total, total)], body: part })
    if (behaviour === 'silent 206')
      return send(wire, now, { status: '206 Part', lines: [range(start, total, total)], body: part })
    if (behaviour === '206 elsewhere')
      return send(wire, now, {
        status: '206 Part',
        lines: [...lines, range(start + 1, total, total)],
        body: part.subarray(1),
      })
    if (behaviour === '206 of another total')
      return send(wire, now, { status: '206 Part', lines: [...lines, range(start, total, total + 7)], body: part })
    if (behaviour === '206 of no total') {
      const half = part.subarray(0, part.length / 2)
      return send(wire, now, {
        status: '206 Part',
        lines: [...lines, range(start, start + half.length, '*')],
        body: half,
      })
    }
    if (behaviour === 'multipart 206') {
      const type = 'Content-Type: multipart/byteranges; boundary=x'
      return send(wire, now, { status: '206 Part', lines: [...lines, type, range(start, total, total)], body: part })
    }
  }
  if (isPart) return send(wire, now, { status: '206 Part', lines: [...lines, range(start, total, total)], body: part })
  return send(wire, now, { status: '200 OK', lines, body: content })
}

function validatorOf({ kind, index, version }: Running): { validator: string | undefined; lines: string[] } {
  const date = new Date(Date.UTC(2024, 0, 1, 0, version)).toUTCString()
  if (kind === 'tag') return { validator: `"${index} ${version}"`, lines: [`ETag: "${index} ${version}"`] }
  if (kind === 'weak tag') return { validator: undefined, lines: [`ETag: W/"${index} ${version}"`] }
  if (kind === 'date')
    return { validator: date, lines: [`Last-Modified: ${date}`, `Date: ${new Date().toUTCString()}`] }
  return { validator: undefined, lines: [] }
}

/** Sends a body under its framing, whole or cut. */
async function send(wire: Wire, now: Step, { status, lines, body }: { status: string; lines: string[]; body: Buffer }) {
  const isCut = now.behaviour.startsWith('cut')
  const framing = { length: [`Content-Length: ${body.length}`], chunks: ['Transfer-Encoding: chunked'], end: [] }
  wire.head(status, [...lines, ...framing[now.framing]])
  const sent = isCut ? body.subarray(0, Math.floor(body.length * now.cut)) : body
  if (now.framing === 'chunks') {
    const head = Buffer.from(`${sent.length.toString(16)}\r\n`)
    await wire.body(
      Buffer.concat([...(sent.length > 0 ? [head, sent] : []), Buffer.from(isCut ? '' : '\r\n0\r\n\r\n')]),
    )
  } else await wire.body(sent)
  if (now.behaviour === 'cut by RST') wire.socket.resetAndDestroy()
  else wire.socket.end()
}
