import { Worker } from 'node:worker_threads'
import { threadUrl } from '../../../engine/thread-url.ts'
import type { Database } from '../data/database.ts'
import { number, text } from '../data/row.ts'
import type { Content } from './content.ts'
import type { Space } from './space.ts'
import type { SumAnswer, SumTask } from './sum-worker.ts'

interface Options {
  db: Database
  content: Content
  /** The spaces by the ids of their users. */
  spaces: ReadonlyMap<number, Space>
  report(error: unknown): void
}

/** Of the items that were there at the start, only the newest are looked at: nobody waits for terabytes. */
const earlierItems = 1000
const batchSize = 100
/** Kept answers about the space are out of date after each save. */
const saveEveryMs = 2000

/**
 * Computes the CRC-32 and the SHA-1 of files that have arrived without them: what was fetched in parts, and what was sent up over a
 * restart. In a thread of its own, one file at a time, at half its speed.
 */
export class BackgroundSums {
  readonly #options: Options
  /** The last item that was looked at. */
  #afterId: number
  #working: Promise<void> | null = null
  #isStopped = false
  #thread: Worker | null = null

  constructor(options: Options) {
    this.#options = options
    this.#afterId = this.#newestId() - earlierItems
  }

  /** Looks for new files. Call it now and then. */
  work(): void {
    if (this.#isStopped || this.#working !== null) return
    this.#working = this.#sumAll()
      .catch(this.#options.report)
      .finally(() => {
        this.#working = null
      })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#thread?.terminate()
    await this.#working
  }

  async #sumAll(): Promise<void> {
    const { content, spaces } = this.#options
    const noted = new Map<number, { content: string; crc32: string; sha1: string }[]>()
    let savedAtMs = performance.now()
    const save = () => {
      savedAtMs = performance.now()
      const saved = [...noted]
      noted.clear()
      for (const [userId, sums] of saved) spaces.get(userId)?.details.setSums(sums)
    }
    try {
      for (let rows = this.#next(); rows.length > 0 && !this.#isStopped; rows = this.#next()) {
        for (const { id, userId, name, sizeBytes } of rows) {
          this.#afterId = id
          const sums = await this.#ask({ path: content.path(name), sizeBytes })
          if (this.#isStopped) return
          if (sums !== null) noted.set(userId, [...(noted.get(userId) ?? []), { content: name, ...sums }])
          if (performance.now() - savedAtMs > saveEveryMs) save()
        }
        save()
      }
    } finally {
      await this.#thread?.terminate()
      this.#thread = null
    }
  }

  #next() {
    const { sql } = this.#options.db
    const query = `SELECT id, user_id, content, size FROM items
      WHERE id > ? AND content IS NOT NULL AND (crc32 IS NULL OR sha1 IS NULL) ORDER BY id LIMIT ?`
    const newestId = this.#newestId()
    const rows = sql.prepare(query).all(this.#afterId, batchSize)
    // What has its sums is not looked at again.
    if (rows.length === 0) this.#afterId = Math.max(this.#afterId, newestId)
    return rows.map((row) => ({
      id: number(row, 'id'),
      userId: number(row, 'user_id'),
      name: text(row, 'content'),
      sizeBytes: number(row, 'size'),
    }))
  }

  #newestId(): number {
    return number(this.#options.db.sql.prepare('SELECT coalesce(max(id), 0) AS n FROM items').get() ?? {}, 'n')
  }

  async #ask(task: SumTask): Promise<SumAnswer> {
    this.#thread ??= new Worker(threadUrl('sum-worker', import.meta.url), {
      name: 'checksums',
      execArgv: ['--no-warnings'],
    })
    const thread = this.#thread
    return await new Promise((resolve, reject) => {
      thread.removeAllListeners()
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', () => {
        this.#thread = null
        resolve(null)
      })
      thread.postMessage(task)
    })
  }
}
