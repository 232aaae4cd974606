import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openDatabase } from '../../server/core/data/database.ts'
import { openContent } from '../../server/core/space/content.ts'
import { createSpace } from '../../server/core/space/space.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { startHelper } from './helper.ts'
import { alternate, type Row, type Run, rowOfTimes, timed } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt } from './stored.ts'

const count = 100_000
const width = 300

/**
 * P29: delete a tree of a hundred thousand items, compared with `rm -rf` of as many files, on a real disk. What counts is the time
 * until the request is answered. The longest wait of another client until the last byte was gone is printed with it.
 */
export async function benchDelete({ pairs }: BenchOptions): Promise<Row> {
  const place = temporaryFolder('bench')
  const worst: number[] = []
  const gone: number[] = []
  let round = 0
  const ours = async (): Promise<Run> => {
    round += 1
    const data = join(place, `space-${round}`)
    fill(data)
    const service = await startBuilt({ data })
    const others = startHelper(new URL('./waiting-child.ts', import.meta.url))
    try {
      const { port, key, secret } = service
      await others.ask({ port, key, secret })
      const run = await timed(() => service.ask('files.delete', { id: 1 }))
      const startedAt = performance.now()
      while (!isEmpty(data)) await wait(50)
      gone.push(run.wallMs + performance.now() - startedAt)
      worst.push(Number((await others.ask({ stop: true })).worstMs))
      return run
    } finally {
      await others.stop()
      await service.stop()
      rmSync(data, { recursive: true })
    }
  }
  const peer = (): Promise<Run> => {
    round += 1
    const folder = join(place, `files-${round}`)
    for (let index = 0; index < count; index += 1) {
      const inner = join(folder, `${index % width}`)
      if (index < width) mkdirSync(inner, { recursive: true })
      writeFileSync(join(inner, `${index}`), 'x')
    }
    return timed(async () => execFileSync('rm', ['-rf', folder]))
  }
  try {
    const row = { id: 'P29', what: `delete a tree of ${count} items`, gate: 2, goal: 1 }
    const compared = rowOfTimes(row, 'rm -rf', await alternate(Math.min(pairs, 3), ours, peer))
    const others = `longest wait of others ${Math.max(...worst).toFixed(0)} ms (wanted 50)`
    const seconds = (Math.max(...gone) / 1000).toFixed(1)
    return { ...compared, ours: `${compared.ours} (wanted 2 s), ${others}, all bytes gone after ${seconds} s` }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function fill(data: string): void {
  const db = openDatabase(data)
  db.sql.exec("INSERT INTO users (id, name) VALUES (1, 'you')")
  const content = openContent(data, db)
  const files = Array.from({ length: count - width - 1 }, (_, index) => ({
    path: ['Many', `folder ${index % width}`, `file ${index}.bin`],
    sizeBytes: 1,
    // Spread over all subfolders, as random names are.
    content: `${(index % 256).toString(16).padStart(2, '0')}${index.toString(16).padStart(30, '0')}`,
  }))
  for (let shelf = 0; shelf < 256; shelf += 1) {
    mkdirSync(join(data, 'content', shelf.toString(16).padStart(2, '0')), { recursive: true })
  }
  for (const file of files) writeFileSync(content.path(file.content), 'x')
  db.transact(() => createSpace(db, 1).addTree({ parentId: 0, files, folders: [] }))
  db.close()
}

function isEmpty(data: string): boolean {
  return readdirSync(join(data, 'content')).every((shelf) => readdirSync(join(data, 'content', shelf)).length === 0)
}
