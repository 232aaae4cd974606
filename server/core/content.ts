import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { text } from './row.ts'

/** Where the bytes of files are: named by the service, never by anyone else. */
export interface Content {
  path: (content: string) => string
  partPath: (content: string) => string
  /** Makes a whole part file the content. Doing it again does nothing. */
  settle: (content: string) => Promise<void>
  removePart: (content: string) => Promise<void>
  /** Removes content files that were noted in `removals`, and forgets the notes. */
  remove: (contents: string[]) => Promise<void>
  /** Finishes removals that were noted when the service ended, and removes part files that no transfer has. */
  tidy: () => Promise<void>
  /** Every content file there is, with its size. */
  all: () => { content: string; sizeBytes: number }[]
}

/** A new name for content. */
export function newContentName(): string {
  return randomBytes(16).toString('hex')
}

export function openContent(folder: string, db: Database): Content {
  const shelf = (content: string) => join(folder, 'content', content.slice(0, 2))
  const path = (content: string) => join(shelf(content), content)
  const partPath = (content: string) => join(folder, 'parts', content)
  const forget = db.sql.prepare('DELETE FROM removals WHERE content = ?')
  const remove = async (contents: string[]) => {
    for (const content of contents) await rm(path(content), { force: true })
    db.transact(() => {
      for (const content of contents) forget.run(content)
    })
  }
  return {
    path,
    partPath,
    remove,
    settle: async (content) => {
      await mkdir(shelf(content), { recursive: true, mode: 0o700 })
      if (existsSync(partPath(content))) await rename(partPath(content), path(content))
      await syncFolder(shelf(content))
      await syncFolder(join(folder, 'content'))
    },
    removePart: async (content) => {
      await rm(partPath(content), { force: true })
    },
    tidy: async () => {
      const noted = db.sql.prepare('SELECT content FROM removals').all()
      if (noted.length > 0) await remove(noted.map((row) => text(row, 'content')))
      const wanted = new Set(
        db.sql
          .prepare('SELECT content FROM transfers')
          .all()
          .map((row) => text(row, 'content')),
      )
      for (const part of readdirSync(join(folder, 'parts'))) {
        if (!wanted.has(part)) await rm(partPath(part), { force: true })
      }
    },
    all: () =>
      readdirSync(join(folder, 'content')).flatMap((name) =>
        readdirSync(join(folder, 'content', name)).map((content) => ({
          content,
          sizeBytes: statSync(path(content)).size,
        })),
      ),
  }
}

/** A rename survives a power cut only when its folder is forced to the disk too; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
