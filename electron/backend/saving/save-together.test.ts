import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BatchOutcome, BatchRequest } from '../../saver/messages.ts'
import { ProgressFile } from './progress-file.ts'
import type { SavedFile } from './save-listing.ts'
import { SavePaths } from './save-paths.ts'
import { saveTogether, type TogetherOptions } from './save-together.ts'
import { StoredSave } from './stored-save.ts'

let folder: string
let asked: SavedFile[]
let batches: BatchRequest[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-together-'))
  mkdirSync(join(folder, 'Many'))
  asked = []
  batches = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const fileOf = (itemId: number, listedForMs: number): SavedFile => ({
  ...{ itemId, name: `${itemId}`, folder: 'Many', sizeBytes: 10 },
  listed: { address: 'http://host/', atMs: performance.now() - listedForMs },
})

async function optionsFor(
  conflict: 'skip' | 'keep-both',
  more: Partial<TogetherOptions> = {},
): Promise<TogetherOptions> {
  const save = StoredSave.parse({
    ...{ id: '00000000-0000-4000-8000-000000000000', accountId: '00000000-0000-4000-8000-000000000001', itemId: 1 },
    ...{ name: 'Many', folder, isFolder: true, sizeBytes: null, conflict, state: 'active', reason: null, addedAtMs: 0 },
  })
  const progress = await ProgressFile.open(folder, save.id)
  return {
    save,
    progress,
    paths: new SavePaths(save, progress),
    stop: new AbortController().signal,
    whenReady: async () => undefined,
    tokenOrigins: [],
    untilWithdrawn: () => new AbortController().signal,
    urlOf: async (file) => {
      asked.push(file)
      return 'http://host/'
    },
    fetchBatch: async (request) => {
      batches.push(request)
      return request.files.map((): BatchOutcome => 'saved')
    },
    onProgress: () => undefined,
    ...more,
  }
}

it('are put back, and not asked for all at once, when their addresses grew old while the folder was waited for', async () => {
  const files = [fileOf(1, 0), fileOf(2, 50_000), fileOf(3, 61_000)]
  const options = await optionsFor('keep-both')
  expect(await saveTogether(files, options)).toEqual(['untried', 'untried', 'untried'])
  expect([asked, batches]).toEqual([[], []])
  // None of them looks as if it were there in part.
  expect(options.progress.get(3)).toMatchObject({ isDone: false, inode: null, resume: null })
  await options.progress.close()
})

it('count as saved without any work where all their names are taken, and such files are skipped', async () => {
  for (const itemId of [1, 2]) writeFileSync(join(folder, 'Many', `${itemId}`), 'mine')
  const options = await optionsFor('skip')
  expect(await saveTogether([fileOf(1, 0), fileOf(2, 0)], options)).toEqual(['saved', 'saved'])
  expect([asked, batches]).toEqual([[], []])
  expect(await saveTogether([fileOf(1, 0), fileOf(3, 0)], options)).toEqual(['saved', 'saved'])
  expect([asked.map(({ itemId }) => itemId), batches[0]?.files.length]).toEqual([[3], 1])
  await options.progress.close()
})
