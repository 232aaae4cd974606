import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { copyFile, link, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { forgetFile } from '../../../engine/disk/open-files.ts'
import { isFullDisk } from '../../../engine/fetch-error.ts'
import type { Database } from '../data/database.ts'
import { text } from '../data/row.ts'
import { Refusal } from '../errors/refusal.ts'

/** The bytes of files, stored under names that only the service chooses. */
export interface Content {
  /** The data folder. */
  folder: string
  path(content: string): string
  /** Where a transfer keeps its bytes until they are in the space. */
  workFolder(content: string): string
  /** Creates the work folder. */
  openWorkFolder(content: string): Promise<string>
  removeWorkFolder(content: string): Promise<void>
  /** Creates a work folder that does not survive the end of the service: after a kill, it is removed. */
  openPassingFolder(content: string): Promise<string>
  /** Moves files of a work folder into the content, or with `isKept` keeps them in both places. Idempotent. */
  store(work: string, files: readonly { from: string; content: string }[], isKept: boolean): Promise<void>
  /** Records contents that will be put in place. After a kill, they are removed, unless `keep` was called. */
  announce(contents: readonly string[]): void
  /** Announces contents and makes them second names of others, without copying their bytes where the disk can do that. */
  duplicate(pairs: readonly (readonly [from: string, to: string])[]): Promise<void>
  /** Keeps announced contents. Call it inside the transaction that adds their items. */
  keep(contents: readonly string[]): void
  /** Removes announced contents. */
  discard(contents: readonly string[]): Promise<void>
  /** How many bytes of a work folder exist nowhere else. */
  heldBytes(work: string, names: readonly string[]): number
  /** Records that content files are to be removed, so that they are even after a crash. */
  recordRemovals(contents: readonly string[]): void
  /** Removes content files that were recorded for removal, and their records. */
  remove(contents: readonly string[]): Promise<void>
  /** Removes content files, several at a time. */
  erase(contents: readonly string[]): Promise<void>
  /**
   * Finishes the removals that were recorded when the service ended. Leaves unknown files alone: they may belong to
   * others.
   */
  cleanUp(): Promise<void>
  /** The names of all content files. */
  names(): string[]
  /** The size of a content file, or null when there is none. */
  sizeBytes(content: string): number | null
  /** True for a content file that was found missing or changed. */
  isDamaged(content: string): boolean
  /** Remembers whether a content file is missing or changed. Returns true when that is new. */
  setDamaged(content: string, isDamaged: boolean): boolean
}

/** Ends the name of a part file of the first version while it is moved into a work folder. */
const legacyPartEnding = '.part'

/** How many files are removed in parallel: with more, two processors have no time left for others. */
const eraseBatchSize = 2
/** How many records are removed in one transaction. */
const recordBatchSize = 500

/** A new name for content. */
export function newContentName(): string {
  return randomBytes(16).toString('hex')
}

export function openContent(folder: string, db: Database): Content {
  const shardFolder = (content: string) => join(folder, 'content', content.slice(0, 2))
  const path = (content: string) => join(shardFolder(content), content)
  const workFolder = (content: string) => join(folder, 'parts', content)
  const damaged = new Set<string>()
  /** Contents that get their items soon. */
  const announced = new Set<string>()
  /** Work folders that are in use, and that the next start removes. */
  const passing = new Set<string>()
  const forget = db.sql.prepare('DELETE FROM removals WHERE content = ?')
  const recordRemoval = db.sql.prepare('INSERT OR IGNORE INTO removals (content) VALUES (?)')
  /** Returns the files that Windows does not remove because another program has them open. */
  const eraseUnlocked = async (contents: readonly string[]) => {
    const locked: string[] = []
    for (let done = 0; done < contents.length; done += eraseBatchSize) {
      await Promise.all(
        contents.slice(done, done + eraseBatchSize).map(async (content) => {
          forgetFile(path(content))
          await unlink(path(content)).catch((error) => {
            if (isLocked(error)) locked.push(content)
            else ignoreMissing(error)
          })
        }),
      )
    }
    return locked
  }
  const erase = async (contents: readonly string[]) => {
    const locked = await eraseUnlocked(contents)
    // The next start removes them.
    if (locked.length > 0) db.transact(() => locked.map((content) => recordRemoval.run(content)))
  }
  const noteWorkFolder = db.sql.prepare('INSERT OR IGNORE INTO left_work (content) VALUES (?)')
  const forgetWorkFolder = db.sql.prepare('DELETE FROM left_work WHERE content = ?')
  /** On a full disk the records stay, and the next start clears them. */
  const recordUnlessDiskFull = (work: () => void) => {
    try {
      db.transact(work)
    } catch (error) {
      if (!isFullDisk(error)) throw error
    }
  }
  const remove = async (contents: readonly string[]) => {
    for (let done = 0; done < contents.length; done += recordBatchSize) {
      const some = contents.slice(done, done + recordBatchSize)
      const locked = new Set(await eraseUnlocked(some))
      recordUnlessDiskFull(() => {
        for (const content of some) if (!locked.has(content)) forget.run(content)
      })
    }
  }
  const removeWorkFolder = async (content: string) => {
    const work = workFolder(content)
    // Removes only our own folder, and never follows a link.
    if (isName(content) && (await isFolder(work))) await rm(work, { recursive: true, force: true, maxRetries: 5 })
    if (isName(content)) await unlink(`${work}${legacyPartEnding}`).catch(ignoreMissing)
    recordUnlessDiskFull(() => forgetWorkFolder.run(content))
    passing.delete(content)
  }
  const discard = async (contents: readonly string[]) => {
    await remove(contents)
    for (const content of contents) announced.delete(content)
  }
  const announce = (contents: readonly string[]) => {
    for (const content of contents) announced.add(content)
    db.transact(() => {
      for (const content of contents) recordRemoval.run(content)
    })
  }
  const openWorkFolder = async (content: string) => {
    const work = workFolder(content)
    if (lstatSync(work, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new Refusal(`“${work}” is a link: Putdesk fetches only into folders of its own. Please remove the link.`)
    }
    // The first version kept a single file at this path, not a folder. A crash between these steps loses nothing.
    if (statSync(work, { throwIfNoEntry: false })?.isFile() === true) await rename(work, `${work}${legacyPartEnding}`)
    await mkdir(work, { recursive: true, mode: 0o700 })
    if (existsSync(`${work}${legacyPartEnding}`)) await rename(`${work}${legacyPartEnding}`, join(work, '0'))
    return work
  }
  return {
    folder,
    path,
    workFolder,
    recordRemovals: (contents) => {
      for (const content of contents) recordRemoval.run(content)
    },
    remove,
    erase,
    openWorkFolder,
    openPassingFolder: (content) => {
      passing.add(content)
      db.transact(() => noteWorkFolder.run(content))
      return openWorkFolder(content)
    },
    announce,
    removeWorkFolder,
    store: async (work, files, isKept) => {
      const shards = new Set<string>()
      for (const { from, content } of files) {
        const [source, target] = [join(workFolder(work), from), path(content)]
        if (!shards.has(dirname(target))) await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        shards.add(dirname(target))
        if (existsSync(target)) continue
        if (isKept) await linkOrCopy(source, target)
        else await rename(source, target)
      }
      for (const made of shards) await syncFolder(made)
      await syncFolder(join(folder, 'content'))
    },
    duplicate: async (pairs) => {
      const names = pairs.map(([, to]) => to)
      announce(names)
      try {
        const shards = new Set<string>()
        for (const [from, to] of pairs) {
          const shard = shardFolder(to)
          if (!shards.has(shard)) await mkdir(shard, { recursive: true, mode: 0o700 })
          shards.add(shard)
          await linkOrCopy(path(from), path(to))
        }
        for (const made of shards) await syncFolder(made)
        await syncFolder(join(folder, 'content'))
      } catch (error) {
        await discard(names)
        if (isMissing(error)) throw new Refusal('The content is missing on the disk.', { cause: error })
        throw error
      }
    },
    keep: (contents) => {
      for (const content of contents) {
        forget.run(content)
        announced.delete(content)
      }
    },
    discard,
    heldBytes: (work, names) =>
      names.reduce((sum, name) => {
        const found = statSync(join(workFolder(work), name), { throwIfNoEntry: false })
        return found?.nlink === 1 ? sum + found.size : sum
      }, 0),
    cleanUp: async () => {
      const noted = db.sql.prepare('SELECT content FROM removals').all()
      const contents = noted.map((row) => text(row, 'content')).filter((content) => !announced.has(content))
      if (contents.length > 0) await remove(contents)
      for (const row of db.sql.prepare('SELECT content FROM left_work').all()) {
        const work = text(row, 'content')
        if (!passing.has(work)) await removeWorkFolder(work)
      }
    },
    names: () =>
      readdirSync(join(folder, 'content')).flatMap((shelf) =>
        /^[0-9a-f]{2}$/.test(shelf) && statSync(join(folder, 'content', shelf)).isDirectory()
          ? readdirSync(join(folder, 'content', shelf)).filter((name) => isName(name) && name.startsWith(shelf))
          : [],
      ),
    sizeBytes: (content) => {
      const found = statSync(path(content), { throwIfNoEntry: false })
      return found?.isFile() === true ? found.size : null
    },
    isDamaged: (content) => damaged.has(content),
    setDamaged: (content, isDamaged) => {
      if (damaged.has(content) === isDamaged) return false
      if (isDamaged) damaged.add(content)
      else damaged.delete(content)
      return true
    },
  }
}

/** True for a name that the service could have given. */
function isName(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

async function isFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(ignoreMissing)
  return found?.isDirectory() === true
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

/** True when Windows refuses to remove a file because a program has it open. */
function isLocked(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return process.platform === 'win32' && (code === 'EBUSY' || code === 'EPERM' || code === 'EACCES')
}

/** A hard link to the same bytes; on file systems without them, a copy that appears only when complete. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK' && code !== 'ENOSYS') throw error
    await copyFile(source, `${target}.new`)
    await rename(`${target}.new`, target)
  }
}

/** A rename survives a power cut only when its folder is synced too. Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
