import { bootId } from '../../engine/boot-id.ts'
import type { Gate } from '../../engine/gate.ts'
import type { Account } from './account.ts'
import { type Content, openContent } from './content.ts'
import { type Database, openDatabase } from './database.ts'
import { createMessages, type Messages } from './messages.ts'
import { bandwidthOf, createDiskQuota, type DiskQuota } from './quota.ts'
import { recover } from './recovery.ts'
import { createSpace, type Space } from './space.ts'
import { TransferList } from './transfers.ts'

export interface CoreOptions {
  folder: string
  account: Account
  gate: Gate
  diskQuotaBytes: number | null
  bandwidthQuotaBytes: number | null
  activeLimit: number
  busy: 'always' | 'never' | 'auto'
  report: (fault: unknown) => void
}

/** The service without any HTTP: one user's space, transfers and figures. */
export interface Core {
  account: Account
  space: Space
  content: Content
  messages: Messages
  transfers: TransferList
  quota: DiskQuota
  gate: Gate
  activeLimit: number
  bandwidth: () => ReturnType<typeof bandwidthOf>
  report: (fault: unknown) => void
  /** What was done about a damaged database, or null. */
  notice: string | null
  /** Work that can wait until the service listens: takes up transfers and tidies. */
  begin: () => Promise<void>
  close: () => Promise<void>
}

const tickMs = 5000

/** Opens the data folder and puts the parts together. */
export function openCore(options: CoreOptions): Core {
  const { account, gate, report, activeLimit } = options
  const { userId } = account
  const db = openDatabase(options.folder)
  db.sql
    .prepare(
      'INSERT INTO users (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE name != excluded.name',
    )
    .run(userId, account.userName)
  const space = createSpace(db, userId)
  const content = openContent(options.folder, db)
  const messages = createMessages(db, userId)
  const notice = db.restored === null ? null : `${db.restored}${recover(db, space, content)}`
  if (notice !== null) messages.addNotice(notice)
  const quota = createDiskQuota(options.folder, options.diskQuotaBytes, space.storedBytes)
  const transfers = new TransferList({
    db,
    userId,
    space,
    content,
    quota,
    messages,
    gate,
    report,
    activeLimit,
    bootId: bootId(),
    busy: options.busy,
  })
  let ticking: NodeJS.Timeout | null = null
  return {
    account,
    space,
    content,
    messages,
    transfers,
    quota,
    gate,
    activeLimit,
    report,
    notice,
    bandwidth: () => bandwidthOf(db, userId, options.bandwidthQuotaBytes),
    begin: async () => {
      transfers.start()
      ticking = setInterval(() => tick(db, transfers, report), tickMs)
      await content.tidy()
      await db.keepCopy()
    },
    close: async () => {
      if (ticking !== null) clearInterval(ticking)
      await transfers.stop()
      db.close()
    },
  }
}

function tick(db: Database, transfers: TransferList, report: (fault: unknown) => void): void {
  transfers.advance()
  db.keepCopy().catch(report)
}
