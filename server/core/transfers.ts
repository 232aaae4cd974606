import { existsSync, statSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import type { Gate } from '../../engine/gate.ts'
import { nameForLink, safeName } from '../../engine/names.ts'
import { fetchTransfer } from '../fetch/fetch-transfer.ts'
import { type Content, newContentName } from './content.ts'
import type { Database } from './database.ts'
import { linkKind, whyNot } from './links.ts'
import type { Messages } from './messages.ts'
import type { DiskQuota } from './quota.ts'
import { reasonOf } from './reason.ts'
import { Refusal } from './refusal.ts'
import type { Space } from './space.ts'
import { holdsSlot, type Status, type Transfer, toTransfer } from './transfer.ts'

const maxFetches = 8
const highLoadPerCore = 1.5

export interface TransfersOptions {
  db: Database
  userId: number
  space: Space
  content: Content
  quota: DiskQuota
  messages: Messages
  gate: Gate
  bootId: string
  /** How many may be active while the load is high. Source: API v1 §7.4. */
  activeLimit: number
  busy: 'always' | 'never' | 'auto'
  /** Told of faults that have no sentence. */
  report: (fault: unknown) => void
}

/** The transfers of one user: the only writer of their rows. Every change that was answered survives a crash. */
export class TransferList {
  readonly #options: TransfersOptions
  readonly #live = new Map<number, Transfer>()
  readonly #running = new Map<number, { stop: AbortController; ended: Promise<void> }>()
  #completing: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: TransfersOptions) {
    this.#options = options
  }

  /** Oldest first. */
  list(): Transfer[] {
    return [...this.#live.values()]
  }

  /** Takes up every transfer where it was left. */
  start(): void {
    const { db, userId, quota, content } = this.#options
    const rows = db.sql.prepare('SELECT * FROM transfers WHERE user_id = ? ORDER BY id').all(userId)
    for (const transfer of rows.map(toTransfer)) {
      this.#live.set(transfer.id, transfer)
      const part = content.partPath(transfer.content)
      const partBytes = existsSync(part) ? statSync(part).size : 0
      if (transfer.status === 'Downloading') transfer.downloadedBytes = partBytes
      if (holdsSlot(transfer.status)) {
        quota.reserve(transfer.id, Math.max(transfer.sizeBytes ?? 0, partBytes))
        quota.use(transfer.id, partBytes)
      }
      if (transfer.status === 'Downloading') this.#run(transfer)
      else if (transfer.status === 'In complete queue' || transfer.status === 'Completing') {
        const settled = content.path(transfer.content)
        const wholeBytes = existsSync(settled) ? statSync(settled).size : partBytes
        if (wholeBytes === transfer.sizeBytes) this.#complete(transfer)
        else this.#set(transfer, 'In queue', { resume: null })
      }
    }
    this.advance()
  }

  /** Adds one transfer a link, in order; those that cannot be fetched are there in Error. */
  add(links: string[], folderId: number): Transfer[] {
    const { db, userId, space } = this.#options
    if (space.get(folderId).content !== null) throw new Refusal(`“${space.get(folderId).name}” is not a folder.`)
    const insert = db.sql.prepare(
      'INSERT INTO transfers (user_id, link, name, folder_id, status, reason, content, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    const added = db.transact(() =>
      links.map((raw): Transfer => {
        const link = raw.trim()
        const reason = whyNot(link)
        const status = reason === null ? 'Waiting' : 'Error'
        const name = firstName(link)
        const content = newContentName()
        const nowSeconds = Math.floor(Date.now() / 1000)
        const { lastInsertRowid } = insert.run(userId, link, name, folderId, status, reason, content, nowSeconds)
        const none = { sizeBytes: null, downloadedBytes: 0, bytesPerSecond: 0, resume: null }
        return { id: Number(lastInsertRowid), link, name, folderId, status, reason, content, ...none }
      }),
    )
    for (const transfer of added) this.#live.set(transfer.id, transfer)
    this.advance()
    return added
  }

  /** Takes a transfer off the list for good, whatever it is doing. */
  cancel(id: number): Transfer {
    const { db, content } = this.#options
    const transfer = this.#live.get(id)
    if (transfer === undefined) throw new Refusal(`There is no transfer with the id ${id}.`)
    db.transact(() => {
      db.sql.prepare('DELETE FROM transfers WHERE id = ?').run(id)
      db.sql.prepare('INSERT OR IGNORE INTO removals (content) VALUES (?)').run(transfer.content)
    })
    this.#live.delete(id)
    const running = this.#running.get(id)
    running?.stop.abort(new Refusal('The transfer was cancelled.'))
    Promise.all([running?.ended, this.#completing])
      .then(() => this.#drop(transfer))
      .then(() => content.remove([transfer.content]))
      .catch(this.#options.report)
    return transfer
  }

  /** Lets waiting transfers go on, oldest first, as far as the limits allow. */
  advance(): void {
    if (this.#isStopped) return
    const isLimited = this.#isBusy()
    const active = this.list().filter(({ status }) => holdsSlot(status)).length
    const slots = isLimited ? Math.max(0, this.#options.activeLimit - active) : Number.POSITIVE_INFINITY
    const next = this.list()
      .filter(({ status }) => status === 'Waiting')
      .slice(0, slots)
    if (next.length > 0) {
      this.#options.db.transact(() => {
        for (const transfer of next) this.#set(transfer, 'In queue')
      })
    }
    setImmediate(() => this.#startQueued())
  }

  /** Stops every fetch where it is; what is being saved is saved first. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { stop } of this.#running.values()) stop.abort(new Refusal('The service is stopping.'))
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
    await this.#completing
  }

  #startQueued(): void {
    for (const transfer of this.list()) {
      if (this.#isStopped || this.#running.size >= maxFetches) return
      if (transfer.status !== 'In queue') continue
      this.#set(transfer, 'Downloading')
      this.#run(transfer)
    }
  }

  #run(transfer: Transfer): void {
    const { gate, quota, bootId, content } = this.#options
    const stop = new AbortController()
    const ended = fetchTransfer({
      transfer,
      partPath: content.partPath(transfer.content),
      gate,
      quota,
      bootId,
      signal: stop.signal,
      save: () => this.#save(transfer),
    })
      .then((sizeBytes) => {
        if (stop.signal.aborted) return
        this.#set(transfer, 'In complete queue', { sizeBytes, reason: null })
        this.#complete(transfer)
      })
      .catch((fault: unknown) => (stop.signal.aborted ? undefined : this.#fail(transfer, fault)))
      .catch(this.#options.report)
      .finally(() => {
        this.#running.delete(transfer.id)
        this.advance()
      })
    this.#running.set(transfer.id, { stop, ended })
  }

  /** One at a time: the part becomes content, then item, message and the transfer's end are one transaction. */
  #complete(transfer: Transfer): void {
    const { db, space, content, quota, messages } = this.#options
    const finish = async () => {
      if (this.#isStopped || !this.#live.has(transfer.id)) return
      this.#set(transfer, 'Completing')
      await content.settle(transfer.content)
      if (!this.#live.has(transfer.id)) return
      db.transact(() => {
        const { name, folderId: parentId, content: file } = transfer
        const item = space.addFile({ name, parentId, sizeBytes: transfer.sizeBytes ?? 0, content: file })
        messages.addFile(item)
        db.sql.prepare('DELETE FROM transfers WHERE id = ?').run(transfer.id)
      })
      quota.release(transfer.id)
      this.#live.delete(transfer.id)
      this.advance()
    }
    this.#completing = this.#completing
      .then(finish)
      .catch((fault: unknown) => this.#fail(transfer, fault))
      .catch(this.#options.report)
  }

  async #fail(transfer: Transfer, fault: unknown): Promise<void> {
    const sentence = reasonOf(fault)
    if (sentence === null) this.#options.report(fault)
    const reason = sentence ?? 'The service had a fault of its own while fetching this.'
    // First the bytes go: on a full disk there is no room to write down anything before.
    await this.#drop(transfer)
    if (this.#live.has(transfer.id)) this.#set(transfer, 'Error', { reason, resume: null })
    this.advance()
  }

  async #drop(transfer: Transfer): Promise<void> {
    this.#options.quota.release(transfer.id)
    await this.#options.content.removePart(transfer.content)
  }

  #set(transfer: Transfer, status: Status, more: Partial<Transfer> = {}): void {
    Object.assign(transfer, more, { status, bytesPerSecond: 0 })
    this.#save(transfer)
  }

  #save(transfer: Transfer): void {
    const { status, reason, name, sizeBytes, downloadedBytes, resume, id } = transfer
    this.#options.db.sql
      .prepare(
        'UPDATE transfers SET status = ?, reason = ?, name = ?, size = ?, downloaded = ?, resume = ? WHERE id = ?',
      )
      .run(status, reason, name, sizeBytes, downloadedBytes, resume === null ? null : JSON.stringify(resume), id)
  }

  #isBusy(): boolean {
    const { busy } = this.#options
    return busy === 'auto' ? (loadavg()[0] ?? 0) / availableParallelism() > highLoadPerCore : busy === 'always'
  }
}

/** A name until the answer tells a better one. */
function firstName(link: string): string {
  if (linkKind(link) !== 'magnet') return nameForLink(link)
  const name = /[?&]dn=([^&]*)/i.exec(link)?.[1]
  return name === undefined ? 'magnet link' : safeName(decodeForm(name))
}

function decodeForm(encoded: string): string {
  return new URLSearchParams(`name=${encoded}`).get('name') ?? encoded
}
