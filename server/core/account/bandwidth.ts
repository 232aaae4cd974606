import type { Database } from '../data/database.ts'
import { number, type Row, text } from '../data/row.ts'

/** The bandwidth quota when none is configured. */
const defaultBytes = 2 ** 40

/**
 * A user's bandwidth in the current month. Unused bandwidth carries over to the next. Only paid hosters use any.
 * Source: API v1 §8.2, §9.1.
 */
export interface Bandwidth {
  totalBytes: number
  balance(): { carriedBytes: number; availableBytes: number }
  /** Spends bandwidth, or returns false and changes nothing when too little is left. */
  spend(bytes: number): boolean
  refund(bytes: number): void
}

export function createBandwidth(
  db: Database,
  options: { userId: number; quotaBytes: number | null; now?(): Date },
): Bandwidth {
  const { userId, now = () => new Date() } = options
  const totalBytes = options.quotaBytes ?? defaultBytes
  const newest = db.sql.prepare(
    'SELECT month, used_bytes, carried_bytes FROM bandwidth WHERE user_id = ? AND month <= ? ORDER BY month DESC LIMIT 1',
  )
  const begin = db.sql.prepare('INSERT INTO bandwidth (user_id, month, carried_bytes) VALUES (?, ?, ?)')
  const change = db.sql.prepare('UPDATE bandwidth SET used_bytes = ? WHERE user_id = ? AND month = ?')
  const thisMonth = () => now().toISOString().slice(0, 7)
  /**
   * The current month's row. A new one starts with what the last one left unused, plus a whole quota for each month in
   * between.
   */
  const row = (): { month: string; usedBytes: number; carriedBytes: number } => {
    const month = thisMonth()
    const last: Row | undefined = newest.get(userId, month)
    const read = (found: Row) => ({
      month: text(found, 'month'),
      usedBytes: number(found, 'used_bytes'),
      carriedBytes: number(found, 'carried_bytes'),
    })
    if (last !== undefined && read(last).month === month) return read(last)
    const leftBytes = last === undefined ? 0 : Math.max(0, totalBytes + read(last).carriedBytes - read(last).usedBytes)
    const skipped = last === undefined ? 0 : monthNumber(month) - monthNumber(read(last).month) - 1
    const carriedBytes = leftBytes + skipped * totalBytes
    begin.run(userId, month, carriedBytes)
    return { month, usedBytes: 0, carriedBytes }
  }
  const available = ({ usedBytes, carriedBytes }: ReturnType<typeof row>) =>
    Math.max(0, totalBytes + carriedBytes - usedBytes)
  return {
    totalBytes,
    balance: () => {
      const current = row()
      return { carriedBytes: current.carriedBytes, availableBytes: available(current) }
    },
    spend: (bytes) => {
      const current = row()
      if (available(current) < bytes) return false
      change.run(current.usedBytes + bytes, userId, current.month)
      return true
    },
    refund: (bytes) => {
      const current = row()
      change.run(Math.max(0, current.usedBytes - bytes), userId, current.month)
    },
  }
}

function monthNumber(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7))
}
