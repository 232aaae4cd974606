import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { memoryFolder } from '../support/temp-folder.ts'
import { benchLongList, benchPush, benchUpload } from './account.bench.ts'
import { benchAnalysis } from './analysis.bench.ts'
import { benchApi } from './api.bench.ts'
import { benchExtract } from './archive.bench.ts'
import { benchDelete } from './delete.bench.ts'
import { benchFetch, benchFtp } from './fetch.bench.ts'
import { benchLinks } from './links.bench.ts'
import { benchList } from './list.bench.ts'
import type { Row } from './measure.ts'
import { benchPlay } from './play.bench.ts'
import { benchResume } from './resume.bench.ts'
import { benchSave, benchSmallFiles } from './save.bench.ts'
import { benchSeek, benchServe } from './serve.bench.ts'
import { type BenchOptions, benchServiceStart } from './service.bench.ts'
import { benchState } from './state.bench.ts'
import { benchLeech, benchShare } from './torrent.bench.ts'
import { benchUnsigned } from './unsigned.bench.ts'
import { benchWhole } from './whole.bench.ts'
import { benchWindow } from './window.bench.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: 'string', default: '1024' }, pairs: { type: 'string', default: '7' } },
})
const runtime = z
  .object({ executable: z.string(), args: z.array(z.string()), version: z.string(), folder: z.string() })
  .parse(JSON.parse(process.env.PUTDESK_TEST_ELECTRON ?? 'null'))

const options: BenchOptions = {
  folder: memoryFolder('bench'),
  sizeMiB: Number(values.size),
  pairs: Number(values.pairs),
}
const benches: [ids: string[], run: () => Promise<Row[]>][] = [
  [['P1'], async () => [await benchFetch(options)]],
  [['P1s', 'P2s', 'P2c'], () => benchSave(options)],
  [['P3', 'P3m'], () => benchSmallFiles(options)],
  [['P4'], async () => [await benchResume(options)]],
  [['P5'], async () => [await benchFtp(options)]],
  [['P6'], () => benchServe(options)],
  [['P7'], async () => [await benchSeek(options)]],
  [['P8'], () => benchLeech(options)],
  [['P9'], () => benchShare(options)],
  [['P10'], () => benchExtract(options)],
  [['P24'], () => benchState(options)],
  [['P25'], () => benchAnalysis(options)],
  [['P26'], async () => [await benchApi(options, 'v1'), await benchApi(options, 'v2')]],
  [['P27'], async () => [await benchWhole(options)]],
  [['P29'], async () => [await benchDelete(options)]],
  [['P30'], async () => benchLinks(options.pairs)],
  [['P31'], async () => [await benchUnsigned(options)]],
  [['P32'], () => benchPlay(options)],
  [['P18'], async () => [await benchPush(options)]],
  [['P33', 'P33a'], () => benchLongList(options)],
  [['P34'], async () => [await benchUpload(options)]],
  [['P20'], async () => [await benchServiceStart(options)]],
  [['P11', 'P11s', 'P11h'], () => benchList(options, runtime)],
  [['P19', 'P28'], () => benchWindow(options, runtime)],
]

console.log(
  `${cpus().length} cores, ${cpus()[0]?.model ?? ''}, Node ${process.version}, Electron ${runtime.version}, ${options.pairs} pairs`,
)
let isReached = true
for (const [ids, run] of benches) {
  if (positionals.length > 0 && !ids.some((id) => positionals.includes(id))) continue
  for (const row of await run()) isReached = print(row) && isReached
}
process.exit(isReached ? 0 : 1)

/** Prints a row as one line. Returns true when its gate is reached. */
function print({ id, what, ours, peer, ratio, noise, isMoreBetter, gate, goal }: Row): boolean {
  const sign = isMoreBetter ? '≥' : '≤'
  const reaches = (limit: number) => (isMoreBetter ? ratio >= limit : ratio <= limit)
  const isPassed = gate === null || reaches(gate)
  const isRestless = noise !== null && (noise < 0.95 || noise > 1.05)
  const missed = gate === null ? 'goal missed' : 'FIRST GATE MISSED'
  const verdict = isRestless
    ? 'VOID, too much noise on this machine: run it again'
    : reaches(goal)
      ? 'goal reached'
      : isPassed && gate !== null
        ? 'first gate reached'
        : missed
  const rest = noise === null ? '' : ` (peer against itself ${noise.toFixed(2)})`
  const limits = `${gate === null ? '' : `gate ${sign} ${figure(gate)}, `}goal ${sign} ${figure(goal)}`
  console.log(`${id.padEnd(4)} ${what}: ours ${ours}, ${peer}: ratio ${figure(ratio)}, ${limits}: ${verdict}${rest}`)
  return !isRestless && isPassed
}

function figure(value: number): string {
  return value.toFixed(value < 0.1 ? 4 : 2)
}
