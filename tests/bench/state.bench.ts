import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../server/core/data/database.ts'
import type { Transfer } from '../../server/core/transfers/transfer.ts'
import { openTransferRows, type TransferRows } from '../../server/core/transfers/transfer-rows.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { alternate, medianMs, percentile, type Row, type Run, rowOfTimes, seconds } from './measure.ts'
import { timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'

const events = 1000
const userId = 1

interface Opened {
  db: Database
  rows: TransferRows
}

/**
 * P24: write a thousand changes of transfers, each durable before the next. P24l: read ten thousand transfers. Both compared with
 * SQLite's own shell with the same rows and the same durability, on a real disk. The time for the same changes as progress, which
 * the service writes together a moment later, is printed with it.
 */
export async function benchState({ pairs }: BenchOptions): Promise<Row[]> {
  const place = temporaryFolder('bench')
  try {
    return [await benchEvents(place, pairs), await benchLoad(place, pairs)]
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

async function benchEvents(place: string, pairs: number): Promise<Row> {
  const { db, rows } = openWith(join(place, 'events'), events)
  const transfers = rows.active()
  const shell = join(place, 'shell')
  openWith(shell, events).db.close()
  const latencies: number[] = []
  const progress: Run[] = []
  let round = 0
  const ours = async () => {
    round += 1
    for (const transfer of transfers) Object.assign(transfer, changed(transfer, round))
    const run = await measured(() => {
      for (const transfer of transfers) {
        const startedAt = performance.now()
        rows.save(transfer)
        latencies.push(performance.now() - startedAt)
      }
    })
    progress.push(
      await measured(() => {
        for (const transfer of transfers) rows.saveSoon(transfer)
        rows.flush()
      }),
    )
    return run
  }
  const script = join(place, 'events.sql')
  const peer = () => {
    round += 1
    writeFileSync(script, `${safely}${transfers.map((transfer) => update(changed(transfer, round))).join('')}`)
    return timeCommand('sh', ['-c', 'sqlite3 -bail "$1" <"$2"', 'sh', join(shell, 'putdesk.db'), script])
  }
  try {
    const result = await alternate(pairs, ours, peer)
    if (rows.active().at(-1)?.downloadedBytes !== transfers.at(-1)?.downloadedBytes)
      throw new Error('a change was lost')
    const row = { id: 'P24', what: `write ${events} transfer changes, each durable`, gate: 2, goal: 1 }
    const compared = rowOfTimes(row, 'SQLite shell', result)
    const extra = `p99 ${percentile(latencies, 99).toFixed(1)} ms (wanted 3); as progress ${seconds(progress)}`
    return { ...compared, ours: `${compared.ours}, ${extra}` }
  } finally {
    db.close()
  }
}

async function benchLoad(place: string, pairs: number): Promise<Row> {
  const count = 10_000
  const folder = join(place, 'load')
  openWith(folder, count).db.close()
  const shell = join(place, 'load-shell')
  openWith(shell, count).db.close()
  const ours = async () => {
    const db = openDatabase(folder)
    const rows = openTransferRows(db, userId, report)
    let length = 0
    const run = await measured(() => {
      length = rows.active().length
    })
    db.close()
    if (length !== count) throw new Error(`${length} transfers were read instead of ${count}`)
    return run
  }
  const select = 'SELECT * FROM transfers WHERE user_id = 1 ORDER BY id'
  const test = `test "$(sqlite3 "$1" '${select}' | wc -l)" = ${count}`
  const result = await alternate(pairs * 3, ours, () =>
    timeCommand('sh', ['-c', test, 'sh', join(shell, 'putdesk.db')]),
  )
  const compared = rowOfTimes({ id: 'P24l', what: `read ${count} transfers`, gate: 2, goal: 1 }, 'the shell', result)
  return { ...compared, ours: `${compared.ours} (${medianMs(result.ours).toFixed(0)} ms, wanted 40)` }
}

/** The work is synchronous, so this process does nothing else meanwhile. */
async function measured(work: () => void): Promise<Run> {
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  work()
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  return { wallMs, cpuMs: (user + system) / 1000 }
}

function openWith(folder: string, count: number): Opened {
  const db = openDatabase(folder)
  db.sql.exec(`INSERT INTO users (id, name) VALUES (${userId}, 'you')`)
  const rows = openTransferRows(db, userId, report)
  db.transact(() => {
    for (let index = 0; index < count; index += 1) {
      const link = `https://example.com/films/a-film-with-a-name-${index}.mkv`
      const draft = { kind: 'links', name: `film ${index}.mkv`, folderId: 0, content: `content-${index}` } as const
      const transfer = rows.insert({ ...draft, links: [link], status: 'in-queue', reason: null, sizeBytes: null })
      rows.save({ ...transfer, ...changed(transfer, 0) })
    }
  })
  return { db, rows }
}

function report(error: unknown): void {
  throw error
}

function changed(transfer: Transfer, round: number): Transfer {
  const downloadedBytes = 1_000_000 * round + transfer.id
  const validators = { etag: '"0123456789abcdef"', lastModified: null, strong: '"0123456789abcdef"' }
  const resume = { validators, totalBytes: 2 ** 30, syncedBytes: downloadedBytes, bootId: 'this boot' }
  const file = { path: [transfer.name], sizeBytes: 2 ** 30, isWhole: false, resume }
  return { ...transfer, status: 'downloading', sizeBytes: 2 ** 30, downloadedBytes, files: [file] }
}

const safely = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE;\n'

/** The same change as the service writes, as an auto-committed statement. */
function update(transfer: Transfer): string {
  const json = (value: unknown) => `'${JSON.stringify(value)}'`
  return `UPDATE transfers SET links = ${json(transfer.links)}, kind = 'links', name = '${transfer.name}', status = 'downloading',
    stage = 'fetching', sharing = 0, reason = NULL, failure = NULL, size = ${transfer.sizeBytes}, downloaded = ${transfer.downloadedBytes},
    uploaded = 0, paid = 0, files = ${json(transfer.files)}, resume = NULL, password = NULL, unpack = 1, plan = NULL, item_ids = NULL
    WHERE id = ${transfer.id};\n`
}
