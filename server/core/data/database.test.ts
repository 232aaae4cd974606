import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDatabase } from './database.ts'

it('journals a change outside a transaction with the next transaction when it cannot be journaled at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'putdesk-database-'))
  const reported: unknown[] = []
  const db = openDatabase(folder, (error) => reported.push(error))
  try {
    // As on a full disk: the change counter cannot be updated.
    db.sql.exec(`CREATE TEMP TRIGGER full BEFORE UPDATE ON written BEGIN SELECT RAISE(ABORT, 'disk is full'); END`)
    db.sql.exec(`INSERT INTO users (id, name) VALUES (7, 'untracked')`)
    await new Promise((resolve) => setImmediate(resolve))
    expect(reported).toMatchObject([{ message: 'disk is full' }])
    db.sql.exec('DROP TRIGGER full')
    db.transact(() => db.sql.exec(`INSERT INTO users (id, name) VALUES (8, 'next')`))
    const journal = readFileSync(join(folder, 'putdesk.journal'), 'utf8')
    expect([...journal.matchAll(/"name":"(\w+)"/g)].map(([, name]) => name)).toEqual(['untracked', 'next'])
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
})

it('waits for the disk again after a transaction that need not, whether that succeeds or fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'putdesk-database-'))
  const db = openDatabase(folder)
  const synchronous = () => db.sql.prepare('PRAGMA synchronous').get()
  const [normal, full] = [{ synchronous: 1 }, { synchronous: 2 }]
  try {
    expect(synchronous()).toEqual(full)
    db.transactSoon(() => expect(synchronous()).toEqual(normal))
    expect(synchronous()).toEqual(full)
    const fail = () => {
      throw new Error('failed')
    }
    expect(() => db.transactSoon(fail)).toThrow('failed')
    expect(synchronous()).toEqual(full)
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
})
