import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type BatchOutcome, type BatchRequest, maxBatch } from '../../saver/messages.ts'
import type { FileProgress, ProgressFile } from './progress-file.ts'
import { listedLately, type SavedFile } from './save-listing.ts'
import type { SavePaths } from './save-paths.ts'
import type { Due, SaveQueue } from './save-queue.ts'
import type { Tell } from './saver-process.ts'
import type { StoredSave } from './stored-save.ts'

/** What saving files together needs from their job. */
export interface TogetherOptions {
  save: StoredSave
  progress: ProgressFile
  paths: SavePaths
  stop: AbortSignal
  /** Resolves when the target folder is there, with space for so many bytes. */
  whenReady(neededBytes: number): Promise<void>
  urlOf(file: SavedFile): Promise<string>
  /** Origins that servers may redirect to with the token. */
  tokenOrigins: readonly string[]
  /** Aborts when the token may not be sent any more to where these links lead. */
  untilWithdrawn(links: readonly string[]): AbortSignal
  /** Resolves to null when it was interrupted. */
  fetchBatch(request: BatchRequest, signal: AbortSignal, tell: Tell): Promise<BatchOutcome[] | null>
  onProgress(bytes: number): void
}

/** A small file that is being saved with others. */
interface Member {
  file: SavedFile
  state: FileProgress
}

/**
 * A file that is due, with those after it that are saved together with it, at most `most` in all: one by one, small files take several
 * times as long.
 */
export function takeTogether(
  { file, mayJoin }: Due,
  { save, progress, queue, most }: Pick<TogetherOptions, 'save' | 'progress'> & { queue: SaveQueue; most: number },
): SavedFile[] {
  const isFit = (one: SavedFile) => !save.isZip && save.conflict !== 'replace' && isBrief(one, progress)
  const files = [file]
  if (!mayJoin || !isFit(file)) return files
  let bytes = file.sizeBytes
  while (files.length < Math.min(most, maxBatch.files)) {
    const next = queue.takeNext((one) => isFit(one) && bytes + one.sizeBytes <= maxBatch.bytes)
    if (next === null) break
    bytes += next.sizeBytes
    files.push(next)
  }
  return files
}

/** True for a small file of which nothing is there that could be lost. */
function isBrief(file: SavedFile, progress: ProgressFile): boolean {
  const known = progress.get(file.itemId)
  const isNew = known === null || (known.inode === null && known.resume === null)
  return isNew && file.sizeBytes > 0 && file.sizeBytes <= maxBatch.fileBytes && listedLately(file) !== null
}

/**
 * Saves small files together, each if that works at the first attempt. Resolves to what became of each; a file that is skipped because
 * its name is taken counts as saved. Rejects with the reason when the signal aborts.
 */
export async function saveTogether(files: readonly SavedFile[], options: TogetherOptions): Promise<BatchOutcome[]> {
  const { save, progress, paths, stop, onProgress } = options
  const members: Member[] = []
  for (const file of files) {
    const path = progress.get(file.itemId)?.path ?? (await paths.choose(file))
    if (path !== null) members.push({ file, state: { path, isDone: false, inode: null, resume: null, crc: null } })
  }
  if (members.length === 0) return files.map(() => 'saved')
  await note(progress, members)
  await options.whenReady(members.reduce((sum, { file }) => sum + file.sizeBytes, 0))
  // Whoever is saved alone asks for an address when its turn comes, so that the service is not asked for many at once.
  if (members.some(({ file }) => listedLately(file) === null)) {
    const isMember = (file: SavedFile) => members.some((one) => one.file === file)
    return files.map((file) => (isMember(file) ? 'untried' : 'saved'))
  }
  const links = await Promise.all(members.map(({ file }) => options.urlOf(file))).catch(() => null)
  const request = (all: readonly string[]): BatchRequest => ({
    id: randomUUID(),
    root: save.folder,
    tokenOrigins: options.tokenOrigins,
    files: members.map(({ file, state: { path } }, index) => ({
      link: all[index] ?? '',
      partPath: paths.partOf(path, file.itemId),
      targetPath: join(save.folder, path),
      sizeBytes: file.sizeBytes,
    })),
  })
  const tell: Tell = (message) => {
    if (message.kind === 'progress') onProgress(message.bytes)
    if (message.kind !== 'placing') return
    for (const [index, { state }] of members.entries()) state.inode = message.inodes[index] ?? null
    return note(progress, members)
  }
  const signal = AbortSignal.any([stop, options.untilWithdrawn(links ?? [])])
  const outcomes = links === null ? null : await options.fetchBatch(request(links), signal, tell)
  const outcomeOf = new Map(members.map(({ file }, index) => [file, outcomes?.[index] ?? 'left']))
  const saved = members.filter(({ file }) => outcomeOf.get(file) === 'saved')
  for (const { state } of saved) state.isDone = true
  // Also when it was stopped in the meantime.
  await note(progress, saved)
  stop.throwIfAborted()
  return files.map((file) => outcomeOf.get(file) ?? 'saved')
}

/** All lines are written at once. */
async function note(progress: ProgressFile, members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(({ file, state }) => progress.note(file.itemId, { ...state })))
}
