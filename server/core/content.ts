import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isFullDisk } from '../../engine/fetch-error.ts'
import { forgetFile } from '../../engine/open-files.ts'
import type { Database } from './database.ts'
import { text } from './row.ts'

/** Where the bytes of files are: named by the service, never by anyone else. */
export interface Content {
  /** The folder of everything. */
  folder: string
  path: (content: string) => string
  /** Where a transfer keeps its bytes until they are in the space. */
  workFolder: (content: string) => string
  /** Makes the work folder. */
  openWork: (content: string) => Promise<string>
  removeWork: (content: string) => Promise<void>
  /**
   * Puts files of a work folder into the content, by moving them, or with `isKept` so that they are in both places. Doing it
   * again does nothing.
   */
  settle: (work: string, files: readonly { from: string; content: string }[], isKept: boolean) => Promise<void>
  /** How many bytes of a work folder are nowhere else. */
  heldBytes: (work: string, names: readonly string[]) => number
  /** Removes content files that were noted in `removals`, and forgets the notes. */
  remove: (contents: readonly string[]) => Promise<void>
  /** Finishes removals that were noted when the service ended, and removes work folders that no transfer has. */
  tidy: () => Promise<void>
  /** Every content file there is, with its size. */
  all: () => { content: string; sizeBytes: number }[]
}

/** Ends the name of a part file of the first version while it is moved into a work folder. */
const oldPart = '.part'

/** A new name for content. */
export function newContentName(): string {
  return randomBytes(16).toString('hex')
}

export function openContent(folder: string, db: Database): Content {
  const shelf = (content: string) => join(folder, 'content', content.slice(0, 2))
  const path = (content: string) => join(shelf(content), content)
  const workFolder = (content: string) => join(folder, 'parts', content)
  const forget = db.sql.prepare('DELETE FROM removals WHERE content = ?')
  const remove = async (contents: readonly string[]) => {
    for (const content of contents) {
      forgetFile(path(content))
      await rm(path(content), { force: true })
    }
    try {
      db.transact(() => {
        for (const content of contents) forget.run(content)
      })
    } catch (fault) {
      // The notes of what is gone already are cleared at the next start.
      if (!isFullDisk(fault)) throw fault
    }
  }
  return {
    folder,
    path,
    workFolder,
    remove,
    openWork: async (content) => {
      const work = workFolder(content)
      // The first version kept one file in this place, not a folder; an end between these steps loses nothing.
      if (statSync(work, { throwIfNoEntry: false })?.isFile() === true) await rename(work, `${work}${oldPart}`)
      await mkdir(work, { recursive: true, mode: 0o700 })
      if (existsSync(`${work}${oldPart}`)) await rename(`${work}${oldPart}`, join(work, '0'))
      return work
    },
    removeWork: async (content) => {
      await rm(workFolder(content), { recursive: true, force: true })
    },
    settle: async (work, files, isKept) => {
      const shelves = new Set<string>()
      for (const { from, content } of files) {
        const [source, target] = [join(workFolder(work), from), path(content)]
        if (!shelves.has(dirname(target))) await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        shelves.add(dirname(target))
        if (existsSync(target)) continue
        if (isKept) await keepInBoth(source, target)
        else await rename(source, target)
      }
      for (const made of shelves) await syncFolder(made)
      await syncFolder(join(folder, 'content'))
    },
    heldBytes: (work, names) =>
      names.reduce((sum, name) => {
        const found = statSync(join(workFolder(work), name), { throwIfNoEntry: false })
        return found?.nlink === 1 ? sum + found.size : sum
      }, 0),
    tidy: async () => {
      const noted = db.sql.prepare('SELECT content FROM removals').all()
      if (noted.length > 0) await remove(noted.map((row) => text(row, 'content')))
      const wanted = new Set(
        db.sql
          .prepare('SELECT content FROM transfers')
          .all()
          .map((row) => text(row, 'content')),
      )
      for (const name of readdirSync(join(folder, 'parts'))) {
        if (!wanted.has(basename(name, oldPart))) await rm(workFolder(name), { recursive: true, force: true })
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

/** A second name for the same bytes; where the file system knows no such thing, a copy that appears whole. */
async function keepInBoth(source: string, target: string): Promise<void> {
  try {
    await link(source, target)
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? fault.code : ''
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK' && code !== 'ENOSYS') throw fault
    await copyFile(source, `${target}.new`)
    await rename(`${target}.new`, target)
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
