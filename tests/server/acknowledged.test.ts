import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { openFolder } from '../support/cores.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

it('acknowledges an added transfer even when the disk is too full to start it', async () => {
  const data = temporaryFolder('acknowledged')
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  const cores = openFolder(data, ['ann'], 'Shared')
  const sql = exec.mock.contexts.at(-1)
  exec.mockRestore()
  try {
    if (!(sql instanceof DatabaseSync)) throw new Error('no database was opened')
    sql.exec(`CREATE TEMP TRIGGER full BEFORE UPDATE ON transfers WHEN NEW.status = 'in-queue'
      BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`)
    const [core] = cores.users
    expect(core?.transfers.add(['http://127.0.0.1:1/film.mkv'], 0)).toMatchObject([{ status: 'waiting' }])
    expect(core?.transfers.list()).toHaveLength(1)
    sql.exec('DROP TRIGGER full')
    core?.transfers.advance()
    expect(core?.transfers.list()).toMatchObject([{ status: 'in-queue' }])
  } finally {
    await cores.close()
    expect(readFileSync(join(data, 'putdesk.journal'), 'utf8')).toContain('film.mkv')
    rmSync(data, { recursive: true })
  }
})
